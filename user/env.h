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

#include "holder.h"
#include "sysfs.h"

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
	int no;		   /* of asking to read and write it: 0, EACCES, ENOENT, … */
	unsigned int mode; /* 0660 */
	char owner[64];	   /* "root:root" */
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
	char release[65];
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
	enum fact acpi_dmar, acpi_ivrs, acpi_viot; /* tables of the firmware */
	bool iommu;				   /* one is registered with the kernel */
	char iommu_names[96];			   /* as /sys/class/iommu has them */
	int nr_groups;				   /* -1 unknown */
	enum fact intremap, unsafe_interrupts, noiommu_mode;

	/* Who asks. */
	enum fact cap_ipc_lock, cap_sys_admin, cap_sys_module, cap_sys_ptrace;
	uint64_t memlock; /* bytes; UINT64_MAX: no limit */
	struct env_node container, iommufd;
	enum fact debugfs;
	struct env_ko ko;

	/* One device; dev.bdf is "" without one. */
	struct sysfs_device dev;
	bool noiommu_group; /* VFIO made its group up */
	struct sysfs_device siblings[ENV_SIBLINGS];
	size_t nr_siblings;
	struct env_node node; /* its group's */
	int cdev;	      /* N of /dev/vfio/devices/vfioN; -1 */
	char group_type[24];  /* "DMA", "identity"; "" unknown */
	char power[24];	      /* "D0", "D3cold"; "" unknown */
	enum fact answers;    /* the header of its configuration space is not all ones */
	int holder;	      /* pid that has the group open; 0: none seen */
	char holder_comm[32];

	/* What is, or would be, asked of it. */
	char given[48]; /* the address as it was typed */
	const char *module_path;
	uint64_t size, page_size, iova, last_iova;
	bool has_iova; /* iova and last_iova are of a mapping that was refused */
	uint64_t huge_free;
	bool huge_known;
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

/* Looks at a node of /dev: may it be read and written? */
void env_look(struct env_node *node, const char *path);

/* Adds a mapping's size and what that needs. */
void env_size(struct env *env, uint64_t size, uint64_t page_size);

#endif /* ENV_H */
