/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Names of PCI IDs, from libpci and its pci.ids. */
#ifndef PCI_NAMES_H
#define PCI_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct pci_names;

/* NULL: no memory.  The other functions accept NULL, and then find no name. */
struct pci_names *pci_names_open(void);
void pci_names_close(struct pci_names *names);

/* "Intel Corporation 82574L Gigabit Network Connection"; "" if it is not known */
void pci_names_device(struct pci_names *names, uint32_t vendor, uint32_t device, char *out,
		      size_t len);
/* The name of a class of 24 bits: "Ethernet controller"; "" if it is not known */
void pci_names_class(struct pci_names *names, uint32_t class, char *out, size_t len);

#endif /* PCI_NAMES_H */
