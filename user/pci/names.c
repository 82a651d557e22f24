// SPDX-License-Identifier: GPL-2.0
#include "pci/names.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <pci/pci.h>

struct pci_names {
	struct pci_access *pci;
};

/*
 * libpci's error() must not return, and the default one ends the program.  An unreadable pci.ids
 * is not a reason to end: the names that were read so far are used.
 */
static jmp_buf failed;

PCI_NONRET PCI_PRINTF(1, 2) static void on_error(char *fmt, ...)
{
	(void)fmt;
	longjmp(failed, 1);
}

PCI_PRINTF(1, 2) static void on_word(char *fmt, ...)
{
	(void)fmt;
}

struct pci_names *pci_names_open(void)
{
	struct pci_names *names = malloc(sizeof(*names));

	if (!names)
		return NULL;
	/* pci_init() is not called: names need no access to the bus. */
	names->pci = pci_alloc();
	names->pci->error = on_error;
	names->pci->warning = on_word;
	names->pci->debug = on_word;
	return names;
}

void pci_names_close(struct pci_names *names)
{
	if (!names)
		return;
	pci_cleanup(names->pci);
	free(names);
}

static void lookup(struct pci_names *names, int what, uint32_t a, uint32_t b, char *out, size_t len)
{
	char buf[256];
	const char *name;

	out[0] = '\0';
	if (!names)
		return;
	/* After an error the lookup continues here; a list that failed is not loaded again. */
	(void)setjmp(failed);
	/* Where there is no hardware database libpci would try to open it for each name. */
	name = pci_lookup_name(names->pci, buf, sizeof(buf),
			       what | PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB, (int)a, (int)b);
	if (name)
		snprintf(out, len, "%s", name);
}

void pci_names_device(struct pci_names *names, uint32_t vendor, uint32_t device, char *out,
		      size_t len)
{
	lookup(names, PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE, vendor, device, out, len);
	if (!out[0])
		lookup(names, PCI_LOOKUP_VENDOR, vendor, 0, out, len);
}

void pci_names_class(struct pci_names *names, uint32_t class, char *out, size_t len)
{
	lookup(names, PCI_LOOKUP_CLASS, class >> 8, 0, out, len);
}
