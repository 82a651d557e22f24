/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Facts about this machine, one device and one request.  failure.h judges them.  Reading them
 * changes nothing and loads no module.
 */
#ifndef ENV_H
#define ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "env/holder.h"
#include "env/memory.h"
#include "pci/sysfs.h"

/* Unknown is not the same as no. */
enum fact { FACT_UNKNOWN, FACT_NO, FACT_YES };

enum env_module {
	MODULE_VFIO,
	MODULE_TYPE1,
	MODULE_VFIO_PCI,
	MODULE_VIRTIO_IOMMU,
	MODULE_VERIFY_PTE,
	ENV_MODULES
};

enum module_state {
	MODULE_UNKNOWN,
	MODULE_ABSENT,	/* neither in this kernel nor in /lib/modules */
	MODULE_NO_FILE, /* modules.dep names it, but there is no file */
	MODULE_THERE,	/* can be loaded */
	MODULE_LOADED,
	MODULE_BUILTIN,
};

/* A node of /dev. */
struct env_node {
	char path[48];	   /* "" if it was not looked for */
	int no;		   /* errno of opening it for reading and writing, or 0 */
	unsigned int mode; /* 0660 */
	char owner[64];	   /* "root:root" */
	dev_t dev;
	bool opened;  /* it was really opened, which tells more than its permissions do */
	bool allowed; /* its owner and mode allow it */
	bool nodev;   /* it is on a file system that is mounted nodev */
};

/* The file verify_pte.ko that would be loaded. */
struct env_ko {
	char path[256]; /* "" if there is none */
	/* "6.1.0-1-amd64 SMP preempt mod_unload modversions "; "" unknown */
	char vermagic[128];
	bool is_signed;
};

#define ENV_SIBLINGS 64

struct env {
	/* The kernel. */
	bool realtime; /* built with PREEMPT_RT */
	char release[65];
	char machine[65];   /* "x86_64"; "" unknown */
	char cmdline[2048]; /* "" unknown */
	char config[128];   /* the file that has its configuration; "" none found */
	enum fact config_vfio, config_type1, config_vfio_pci; /* =y or =m */
	bool iommu_words_off; /* its command line switches the IOMMU off */
	enum fact iommu_default_on;
	bool passthrough; /* its command line asks for identity domains */
	enum fact lockdown, sig_enforce;
	char lockdown_mode[24];
	char vermagic[128]; /* of its own modules; "" unknown */
	enum module_state modules[ENV_MODULES];

	/* The IOMMU. */
	bool no_sysfs; /* so that an IOMMU or a device may exist although none is seen */
	enum fact acpi_dmar, acpi_ivrs, acpi_viot; /* tables of the firmware */
	enum fact acpi_iort, acpi_rimt;		   /* the same for arm64 and riscv64 */
	enum fact devicetree;			   /* the firmware gives a device tree */
	bool iommu;				   /* one is registered with the kernel */
	char iommu_names[96];			   /* as /sys/class/iommu has them */
	int nr_groups;				   /* -1 unknown */
	enum fact intremap, unsafe_interrupts, noiommu_mode;

	/* Who asks. */
	enum fact cap_ipc_lock, cap_sys_admin, cap_sys_module, cap_sys_ptrace, cap_sys_rawio;
	struct env_node container, iommufd;
	enum fact debugfs;
	struct env_ko ko;

	/* One device; dev.bdf is "" without one. */
	struct sysfs_device dev;
	bool noiommu_group; /* VFIO made its group up */
	/* The others in its group; those that keep VFIO out come first.  nr_more did not fit. */
	struct sysfs_device siblings[ENV_SIBLINGS];
	bool group_unread; /* the members of the group could not be read */
	size_t nr_siblings, nr_more;
	bool bridges_pass;    /* the argument for sysfs_driver_viable() */
	enum fact viable;     /* the kernel's answer for the group, if it was asked */
	char rmrr[48];	      /* memory that the firmware keeps for the group; "" none */
	struct env_node node; /* of its group */
	struct env_node device_node;
	int cdev;		/* N of /dev/vfio/devices/vfioN; -1 */
	unsigned int nr_vfs;	/* how many virtual functions it has */
	char vfs[96];		/* their addresses */
	char physfn[SYSFS_BDF]; /* the physical function of a virtual one; "" */
	char physfn_driver[SYSFS_NAME];
	bool vf_held;	/* VFIO users have some of its virtual functions open */
	bool has_token; /* a VF token is given */
	bool leaving;	/* it has no driver, but VFIO still waits for a process that has it open */
	char group_type[24]; /* "DMA", "identity"; "" unknown */
	char power[24];	     /* "D0", "D3cold"; "" unknown */
	enum fact answers;   /* the header of its configuration space is not all ones */
	int holder;	     /* pid of a process that has the group open; 0: none seen */
	char holder_comm[32];
	bool held;   /* the kernel says that somebody has the group open */
	bool unseen; /* not every process could be looked at */

	/* The request, real or planned. */
	char given[48];			     /* the address as it was typed */
	bool is_uuid;			     /* it has the form of a mediated device's name */
	char mdev_parent[64], mdev_type[64]; /* of the mdev of that name; "": none */
	const char *module_path;
	uint64_t size, page_size, iova, last_iova;
	bool has_iova;	       /* iova and last_iova are of a mapping that was refused */
	struct memory mem;     /* for pages of page_size */
	unsigned int mappings; /* how many of this size exist at once; 0 means 1 */
	enum memory_account account;
	bool json;	    /* the run tells everything as JSON */
	const char *object; /* the module or file that a call was about; or NULL */
};

/* Reads the facts about the kernel, the IOMMU and this process.  @module_path may be NULL. */
void env_machine(struct env *env, const char *module_path);

/*
 * Reads the facts about a device, in place of those of the device before: its group, and which
 * other process has it open.  @known: the processes to look among; NULL: it finds them itself.
 * Returns 0, or -ENOENT: there is no such device, and @env has its address only.
 */
int env_device(struct env *env, const char *bdf, const struct holders *known);

/* Looks at a node of /dev: do its permissions allow this process to read and write it? */
void env_look(struct env_node *node, const char *path);

/* Notes that opening this node failed with @no, so that the failure names this node. */
void env_not_opened(struct env *env, const char *path, int no);

/*
 * Opens, and closes again, every node that a back end would open for the device of @env, if its
 * module is loaded.  Only this shows whether a cgroup, a security module or another process
 * prevents it, and whether the group is viable for the kernel.  The caller must not have the
 * group open.
 */
void env_open_nodes(struct env *env);

/* Looks at what was typed in place of a PCI address: is it a UUID, and that of an mdev? */
void env_given(struct env *env, const char *given);

/* The path of verify_pte.ko beside the program, as in a source tree; NULL: there is none. */
const char *env_module_beside(char *path, size_t len);

/* Does the version of this kernel say that it is built with PREEMPT_RT? */
bool env_realtime(void);

/* Sets the size of a mapping, and reads how much memory there is for it. */
void env_size(struct env *env, uint64_t size, uint64_t page_size);

#endif /* ENV_H */
