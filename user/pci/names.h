/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a PCI ID is called, by libpci and its pci.ids. */
#ifndef PCI_NAMES_H
#define PCI_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct pci_names;

/* NULL: no memory.  The other functions take that, and know no name. */
struct pci_names *pci_names_open(void);
void pci_names_close(struct pci_names *names);

/* "Intel Corporation 82574L Gigabit Network Connection"; "" where nobody knows */
void pci_names_device(struct pci_names *names, uint32_t vendor, uint32_t device, char *out,
		      size_t len);
/* Of a class of 24 bits: "Ethernet controller"; "" */
void pci_names_class(struct pci_names *names, uint32_t class, char *out, size_t len);

#endif /* PCI_NAMES_H */
