/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What is true of this machine, of one device and of one request: facts alone, which
 * failure.h judges.  Nothing here changes anything; no module is loaded for it.
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

/* What could not be found out is not a no. */
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
	MODULE_ABSENT,	/* not in this kernel, nor where its modules are */
	MODULE_NO_FILE, /* known there by its name, but the file is not */
	MODULE_THERE,	/* can be loaded */
	MODULE_LOADED,
	MODULE_BUILTIN,
};

/* A node of /dev. */
struct env_node {
	char path[48];	   /* "" where it was not looked for */
	int no;		   /* of opening it to read and write: 0, EACCES, ENOENT, … */
	unsigned int mode; /* 0660 */
	char owner[64];	   /* "root:root" */
	dev_t dev;
	bool opened;  /* it was really opened, which tells more than its permissions do */
	bool allowed; /* by its owner and mode */
	bool nodev;   /* on a file system that is mounted so that no node works */
};

/* The file verify_pte.ko that would be loaded. */
struct env_ko {
	char path[256]; /* "" where there is none */
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
	bool iommu_words_off; /* its line says that no IOMMU is to be used */
	enum fact iommu_default_on;
	bool passthrough; /* its line asks for identity */
	enum fact lockdown, sig_enforce;
	char lockdown_mode[24];
	char vermagic[128]; /* of its own modules; "" unknown */
	enum module_state modules[ENV_MODULES];

	/* The IOMMU. */
	bool no_sysfs; /* what of it and of devices is not seen may be there */
	enum fact acpi_dmar, acpi_ivrs, acpi_viot; /* tables of the firmware */
	enum fact acpi_iort, acpi_rimt;		   /* the same of arm64 and riscv64 */
	enum fact devicetree;			   /* it describes the machine by one */
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
	/* Of its group, those first that keep VFIO out; nr_siblings are here, nr_more are not. */
	struct sysfs_device siblings[ENV_SIBLINGS];
	bool group_unread; /* who is in it could not be read */
	size_t nr_siblings, nr_more;
	bool bridges_pass;    /* what sysfs_driver_viable() is to be asked with */
	enum fact viable;     /* as the kernel says of the group, where it was asked */
	char rmrr[48];	      /* memory that the firmware keeps for the group; "" none */
	struct env_node node; /* its group's */
	struct env_node device_node;
	int cdev;		/* N of /dev/vfio/devices/vfioN; -1 */
	unsigned int nr_vfs;	/* it is a physical function with so many virtual ones */
	char vfs[96];		/* their addresses */
	char physfn[SYSFS_BDF]; /* it is a virtual function of this one; "" */
	char physfn_driver[SYSFS_NAME];
	bool vf_held;	/* VFIO users have some of its virtual functions open */
	bool has_token; /* a VF token is given */
	bool leaving;	/* on no driver any more, but VFIO still waits for whoever has it open */
	char group_type[24]; /* "DMA", "identity"; "" unknown */
	char power[24];	     /* "D0", "D3cold"; "" unknown */
	enum fact answers;   /* the header of its configuration space is not all ones */
	int holder;	     /* pid that has the group open; 0: none seen */
	char holder_comm[32];
	bool held;   /* the kernel says that somebody has the group open */
	bool unseen; /* not every process could be looked at */

	/* What is, or would be, asked of it. */
	char given[48];			     /* the address as it was typed */
	bool is_uuid;			     /* which would be a mediated device's name, */
	char mdev_parent[64], mdev_type[64]; /* and is, of this one; "" there is none */
	const char *module_path;
	uint64_t size, page_size, iova, last_iova;
	bool has_iova;	       /* iova and last_iova are of a mapping that was refused */
	struct memory mem;     /* for pages of page_size */
	unsigned int mappings; /* of size, all to be there at once; 0 is 1 */
	enum memory_account account;
	const char *object; /* a module's or file's name that a call was about; or NULL */
};

/* The kernel, the IOMMU and who asks; @env is overwritten.  @module_path: or NULL */
void env_machine(struct env *env, const char *module_path);

/*
 * Adds a device, or one for another: what is in its group, and which other process has it
 * open, among @known if that is not NULL.  0; -ENOENT: there is no such device, and only its
 * address is in @env.
 */
int env_device(struct env *env, const char *bdf, const struct holders *known);

/* Looks at a node of /dev: may it be read and written?  By its permissions alone */
void env_look(struct env_node *node, const char *path);

/* This node could not be opened, for @no: it is the one that the failure is about. */
void env_not_opened(struct env *env, const char *path, int no);

/*
 * Opens every node that a back end would open for the device of @env, where its module is
 * loaded, for a moment: only that shows what else forbids it (a cgroup, a security module,
 * whoever has the group open), and whether the kernel takes the group for viable.  Not for
 * one who has the group open already.
 */
void env_open_nodes(struct env *env);

/* What was typed where a PCI address should stand: what is it? */
void env_given(struct env *env, const char *given);

/* verify_pte.ko beside the program, as a checkout has it; NULL: there is none */
const char *env_module_beside(char *path, size_t len);

/* Is this kernel built with PREEMPT_RT?  As its version says. */
bool env_realtime(void);

/* Adds a mapping's size and what that needs. */
void env_size(struct env *env, uint64_t size, uint64_t page_size);

#endif /* ENV_H */
