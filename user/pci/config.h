/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A PCI function's configuration space, decoded.  Pure: bytes in, numbers out.
 * PCI Local Bus 3.0, chapter 6 (header, capabilities, MSI, MSI-X); PCI Express
 * Base 5.0, 7.5.3 (PCIe capability) and 7.6 (extended capabilities).
 */
#ifndef PCI_CONFIG_H
#define PCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci/sysfs.h"

#define PCI_CONFIG_HEADER   64	 /* bytes that every function has */
#define PCI_CONFIG_CAPS_AT  0x40 /* where a capability can begin */
#define PCI_CONFIG_STANDARD 256
#define PCI_CONFIG_EXPRESS  4096
#define PCI_BARS	    6

/* The most that fit: a capability has at least 4 bytes. */
#define PCI_CAPS_MAX	 ((PCI_CONFIG_STANDARD - PCI_CONFIG_CAPS_AT) / 4)
#define PCI_EXT_CAPS_MAX ((PCI_CONFIG_EXPRESS - PCI_CONFIG_STANDARD) / 4)

struct pci_bar {
	bool used; /* any bit is set, of the address or of the type */
	bool io, is_64, prefetch;
	uint64_t address;
};

struct pci_cap {
	uint16_t id;
	uint16_t at;	 /* offset */
	uint8_t version; /* of an extended one */
};

struct pci_config {
	uint16_t vendor, device, command, status;
	uint16_t sub_vendor, sub_device; /* of a type 0 header */
	uint32_t class;			 /* 24 bits */
	uint8_t revision;
	uint8_t header_type; /* 0 device, 1 PCI bridge, 2 CardBus bridge */
	bool multifunction;
	uint8_t irq_pin;	       /* 1 INTA ... 4 INTD, 0 none */
	unsigned int nr_bars;	       /* slots that this header has */
	struct pci_bar bars[PCI_BARS]; /* the upper half of a 64-bit BAR is not used */
	uint32_t rom;		       /* address of the expansion ROM */
	bool rom_enabled;

	struct pci_cap caps[PCI_CAPS_MAX];
	unsigned int nr_caps;
	struct pci_cap ext_caps[PCI_EXT_CAPS_MAX];
	unsigned int nr_ext_caps;
	/* The first error in a BAR or in a list of capabilities, and its offset; or NULL */
	const char *wrong;
	uint16_t wrong_at;

	struct {
		uint16_t at; /* 0: the function has no such capability; so below */
		unsigned int vectors;
		bool enabled, is_64, maskable;
	} msi;
	struct {
		uint16_t at;
		unsigned int entries, bir, pba_bir;
		uint32_t offset, pba_offset; /* in the region of that BAR */
		bool enabled, masked;
	} msix;
	struct {
		uint16_t at;
		unsigned int version, type;
		unsigned int max_payload;  /* bytes that it supports */
		unsigned int speed, width; /* of the link now: 1 is 2.5 GT/s; lanes */
		bool reset;		   /* function-level */
	} pcie;
};

/*
 * -EINVAL: less than a header; -ENODEV: all ones, which is what a read returns where there is no
 * device.  If c->wrong is set, the call still succeeds, with all that was decoded before it.
 */
int pci_config_decode(const uint8_t *bytes, size_t size, struct pci_config *c);

/* Are the first 64 bytes all ones, as if there were no device?  False if there are fewer bytes. */
bool pci_config_gone(const uint8_t *bytes, size_t size);

/* "MSI-X", "SR-IOV"; "?" for one that is not in our table */
const char *pci_cap_name(uint16_t id);
const char *pci_ext_cap_name(uint16_t id);
/* The type in a PCIe capability: "endpoint" */
const char *pcie_type_name(unsigned int type);

/* Is the byte at @offset in the region of @bar part of the MSI-X table? */
bool pci_in_msix_table(const struct pci_config *c, unsigned int bar, uint64_t offset);

/*
 * Compares a BAR with what the kernel says about it: its resource, and the size of VFIO's region.
 * Returns what differs, or NULL.
 */
const char *pci_bar_differs(const struct pci_bar *bar, const struct sysfs_resource *res,
			    uint64_t region_size);

struct pci_bdf;

/*
 * The address of a device that VFIO lists as affected by a reset of @own's slot or bus.  VFIO's
 * structure has 16 bits for the domain, but a domain may need more (VMD's begin at 0x10000).  The
 * upper bits are taken from @own, as devices on the same bus are in the same domain.
 */
void pci_dependent_bdf(const struct pci_bdf *own, uint16_t segment, uint8_t bus, uint8_t devfn,
		       char *bdf, size_t len);

#endif /* PCI_CONFIG_H */
