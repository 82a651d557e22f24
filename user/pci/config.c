// SPDX-License-Identifier: GPL-2.0
#include "pci/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/pci_regs.h>

#include "lib/parse.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static uint16_t get16(const uint8_t *bytes, size_t at)
{
	return bytes[at] | bytes[at + 1] << 8;
}

static uint32_t get32(const uint8_t *bytes, size_t at)
{
	return get16(bytes, at) | (uint32_t)get16(bytes, at + 2) << 16;
}

/* Properties of each type of header. */
static const struct {
	unsigned int nr_bars;
	uint8_t caps, rom; /* 0: has none */
} headers[] = {
	[PCI_HEADER_TYPE_NORMAL] = { 6, PCI_CAPABILITY_LIST, PCI_ROM_ADDRESS },
	[PCI_HEADER_TYPE_BRIDGE] = { 2, PCI_CAPABILITY_LIST, PCI_ROM_ADDRESS1 },
	[PCI_HEADER_TYPE_CARDBUS] = { 1, PCI_CB_CAPABILITY_LIST, 0 },
};

static void wrong(struct pci_config *c, const char *what, uint16_t at)
{
	if (c->wrong)
		return;
	c->wrong = what;
	c->wrong_at = at;
}

static void decode_bars(const uint8_t *bytes, struct pci_config *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_bars; i++) {
		struct pci_bar *bar = &c->bars[i];
		size_t at = PCI_BASE_ADDRESS_0 + 4 * i;
		uint32_t low = get32(bytes, at);

		bar->used = low;
		if (low & PCI_BASE_ADDRESS_SPACE_IO) {
			bar->io = true;
			bar->address = low & PCI_BASE_ADDRESS_IO_MASK;
			continue;
		}
		bar->prefetch = low & PCI_BASE_ADDRESS_MEM_PREFETCH;
		bar->address = low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
		if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) != PCI_BASE_ADDRESS_MEM_TYPE_64)
			continue;
		bar->is_64 = true;
		if (++i == c->nr_bars)
			wrong(c, "a BAR of 64 bits has no upper half", at);
		else
			bar->address |= (uint64_t)get32(bytes, at + 4) << 32;
	}
}

static void decode_msi(const uint8_t *bytes, uint16_t at, struct pci_config *c)
{
	uint16_t flags = get16(bytes, at + PCI_MSI_FLAGS);

	c->msi.at = at;
	c->msi.vectors = 1 << ((flags & PCI_MSI_FLAGS_QMASK) >> 1);
	c->msi.enabled = flags & PCI_MSI_FLAGS_ENABLE;
	c->msi.is_64 = flags & PCI_MSI_FLAGS_64BIT;
	c->msi.maskable = flags & PCI_MSI_FLAGS_MASKBIT;
}

static void decode_msix(const uint8_t *bytes, uint16_t at, struct pci_config *c)
{
	uint16_t flags = get16(bytes, at + PCI_MSIX_FLAGS);
	uint32_t table = get32(bytes, at + PCI_MSIX_TABLE), pba = get32(bytes, at + PCI_MSIX_PBA);

	c->msix.at = at;
	c->msix.entries = (flags & PCI_MSIX_FLAGS_QSIZE) + 1;
	c->msix.enabled = flags & PCI_MSIX_FLAGS_ENABLE;
	c->msix.masked = flags & PCI_MSIX_FLAGS_MASKALL;
	c->msix.bir = table & PCI_MSIX_TABLE_BIR;
	c->msix.offset = table & PCI_MSIX_TABLE_OFFSET;
	c->msix.pba_bir = pba & PCI_MSIX_PBA_BIR;
	c->msix.pba_offset = pba & PCI_MSIX_PBA_OFFSET;
}

static void decode_pcie(const uint8_t *bytes, uint16_t at, struct pci_config *c)
{
	uint16_t flags = get16(bytes, at + PCI_EXP_FLAGS);
	uint32_t cap = get32(bytes, at + PCI_EXP_DEVCAP);
	uint16_t link = get16(bytes, at + PCI_EXP_LNKSTA);

	c->pcie.at = at;
	c->pcie.version = flags & PCI_EXP_FLAGS_VERS;
	c->pcie.type = (flags & PCI_EXP_FLAGS_TYPE) >> 4;
	c->pcie.max_payload = 128 << (cap & PCI_EXP_DEVCAP_PAYLOAD);
	c->pcie.reset = cap & PCI_EXP_DEVCAP_FLR;
	c->pcie.speed = link & PCI_EXP_LNKSTA_CLS;
	c->pcie.width = (link & PCI_EXP_LNKSTA_NLW) >> PCI_EXP_LNKSTA_NLW_SHIFT;
}

/* Capabilities that are decoded; size: the bytes of them that are read */
static const struct {
	uint8_t id, size;
	void (*decode)(const uint8_t *bytes, uint16_t at, struct pci_config *c);
} decoders[] = {
	{ PCI_CAP_ID_MSI, PCI_MSI_FLAGS + 2, decode_msi },
	{ PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF, decode_msix },
	{ PCI_CAP_ID_EXP, PCI_EXP_LNKSTA + 2, decode_pcie },
};

static void decode_cap(const uint8_t *bytes, size_t size, const struct pci_cap *cap,
		       struct pci_config *c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(decoders); i++) {
		if (decoders[i].id != cap->id)
			continue;
		if (size - cap->at < decoders[i].size)
			wrong(c, "a capability leaves the configuration space", cap->at);
		else
			decoders[i].decode(bytes, cap->at, c);
	}
}

static void decode_caps(const uint8_t *bytes, size_t size, unsigned int first, struct pci_config *c)
{
	bool seen[PCI_CONFIG_STANDARD / 4] = { false };
	unsigned int at = bytes[first] & ~3U, from = first;

	if (size > PCI_CONFIG_STANDARD)
		size = PCI_CONFIG_STANDARD;
	while (at) {
		struct pci_cap *cap = &c->caps[c->nr_caps];

		if (at < PCI_CONFIG_CAPS_AT || at + 4 > size) {
			wrong(c, "the list of capabilities leaves its place", from);
			return;
		}
		if (seen[at / 4]) {
			wrong(c, "the list of capabilities turns back on itself", from);
			return;
		}
		seen[at / 4] = true;
		cap->id = bytes[at];
		cap->at = at;
		c->nr_caps++;
		decode_cap(bytes, size, cap, c);
		from = at;
		at = bytes[at + PCI_CAP_LIST_NEXT] & ~3U;
	}
}

static void decode_ext_caps(const uint8_t *bytes, size_t size, struct pci_config *c)
{
	bool seen[PCI_CONFIG_EXPRESS / 4] = { false };
	unsigned int at = PCI_CONFIG_STANDARD, from = at;

	if (size > PCI_CONFIG_EXPRESS)
		size = PCI_CONFIG_EXPRESS;
	/* If the list would begin with all zeros or all ones, there is none. */
	if (at + 4 > size || !get32(bytes, at) || get32(bytes, at) == UINT32_MAX)
		return;
	while (at) {
		struct pci_cap *cap = &c->ext_caps[c->nr_ext_caps];
		uint32_t head;

		if (at < PCI_CONFIG_STANDARD || at + 4 > size) {
			wrong(c, "the list of extended capabilities leaves its place", from);
			return;
		}
		if (seen[at / 4]) {
			wrong(c, "the list of extended capabilities turns back on itself", from);
			return;
		}
		seen[at / 4] = true;
		head = get32(bytes, at);
		cap->id = PCI_EXT_CAP_ID(head);
		cap->version = PCI_EXT_CAP_VER(head);
		cap->at = at;
		/* The ID is 0 where VFIO hides the first capability. */
		if (cap->id)
			c->nr_ext_caps++;
		from = at;
		at = PCI_EXT_CAP_NEXT(head);
	}
}

int pci_config_decode(const uint8_t *bytes, size_t size, struct pci_config *c)
{
	uint8_t type;

	memset(c, 0, sizeof(*c));
	if (size < PCI_CONFIG_HEADER)
		return -EINVAL;
	if (pci_config_gone(bytes, size))
		return -ENODEV;
	c->vendor = get16(bytes, PCI_VENDOR_ID);
	c->device = get16(bytes, PCI_DEVICE_ID);
	c->command = get16(bytes, PCI_COMMAND);
	c->status = get16(bytes, PCI_STATUS);
	c->revision = bytes[PCI_REVISION_ID];
	c->class = get32(bytes, PCI_CLASS_REVISION) >> 8;
	c->irq_pin = bytes[PCI_INTERRUPT_PIN];
	type = bytes[PCI_HEADER_TYPE];
	c->header_type = type & 0x7f;
	c->multifunction = type & 0x80;
	if (c->header_type >= ARRAY_SIZE(headers)) {
		wrong(c, "no such type of header", PCI_HEADER_TYPE);
		return 0;
	}
	if (c->header_type == PCI_HEADER_TYPE_NORMAL) {
		c->sub_vendor = get16(bytes, PCI_SUBSYSTEM_VENDOR_ID);
		c->sub_device = get16(bytes, PCI_SUBSYSTEM_ID);
	}
	if (headers[c->header_type].rom) {
		uint32_t rom = get32(bytes, headers[c->header_type].rom);

		c->rom = rom & PCI_ROM_ADDRESS_MASK;
		c->rom_enabled = rom & PCI_ROM_ADDRESS_ENABLE;
	}
	c->nr_bars = headers[c->header_type].nr_bars;
	decode_bars(bytes, c);
	if (c->status & PCI_STATUS_CAP_LIST)
		decode_caps(bytes, size, headers[c->header_type].caps, c);
	decode_ext_caps(bytes, size, c);
	return 0;
}

static const char *const cap_names[] = {
	[0x01] = "PM",
	[0x02] = "AGP",
	[0x03] = "VPD",
	[0x04] = "slot ID",
	[0x05] = "MSI",
	[0x06] = "hot swap",
	[0x07] = "PCI-X",
	[0x08] = "HyperTransport",
	[0x09] = "vendor",
	[0x0a] = "debug port",
	[0x0b] = "CompactPCI",
	[0x0c] = "hot plug",
	[0x0d] = "bridge subsystem",
	[0x0e] = "AGP 8x",
	[0x0f] = "secure device",
	[0x10] = "PCIe",
	[0x11] = "MSI-X",
	[0x12] = "SATA",
	[0x13] = "AF",
	[0x14] = "EA",
	[0x15] = "FPB",
};

static const char *const ext_cap_names[] = {
	[0x01] = "AER",
	[0x02] = "VC",
	[0x03] = "serial number",
	[0x04] = "power budget",
	[0x05] = "RC link",
	[0x06] = "RC link control",
	[0x07] = "RC event collector",
	[0x08] = "MFVC",
	[0x09] = "VC",
	[0x0a] = "RCRB",
	[0x0b] = "vendor",
	[0x0d] = "ACS",
	[0x0e] = "ARI",
	[0x0f] = "ATS",
	[0x10] = "SR-IOV",
	[0x11] = "MR-IOV",
	[0x12] = "multicast",
	[0x13] = "PRI",
	[0x15] = "resizable BAR",
	[0x16] = "DPA",
	[0x17] = "TPH",
	[0x18] = "LTR",
	[0x19] = "secondary PCIe",
	[0x1b] = "PASID",
	[0x1d] = "DPC",
	[0x1e] = "L1 PM",
	[0x1f] = "PTM",
	[0x23] = "DVSEC",
	[0x24] = "VF resizable BAR",
	[0x25] = "data link",
	[0x26] = "16 GT/s",
	[0x27] = "lane margining",
	[0x2a] = "32 GT/s",
	[0x2e] = "DOE",
};

/* PCI Express Base 5.0, 7.5.3.2 */
static const char *const pcie_types[] = {
	[0] = "endpoint",	    [1] = "legacy endpoint",	   [4] = "root port",
	[5] = "upstream port",	    [6] = "downstream port",	   [7] = "PCIe to PCI bridge",
	[8] = "PCI to PCIe bridge", [9] = "root complex endpoint", [10] = "event collector",
};

static const char *name_of(const char *const *names, size_t nr, unsigned int id)
{
	return id < nr && names[id] ? names[id] : "?";
}

const char *pci_cap_name(uint16_t id)
{
	return name_of(cap_names, ARRAY_SIZE(cap_names), id);
}

const char *pci_ext_cap_name(uint16_t id)
{
	return name_of(ext_cap_names, ARRAY_SIZE(ext_cap_names), id);
}

const char *pcie_type_name(unsigned int type)
{
	return name_of(pcie_types, ARRAY_SIZE(pcie_types), type);
}

bool pci_in_msix_table(const struct pci_config *c, unsigned int bar, uint64_t offset)
{
	return c->msix.at && bar == c->msix.bir && offset >= c->msix.offset &&
	       offset - c->msix.offset < (uint64_t)c->msix.entries * PCI_MSIX_ENTRY_SIZE;
}

const char *pci_bar_differs(const struct pci_bar *bar, const struct sysfs_resource *res,
			    uint64_t region_size)
{
	uint64_t size = res->flags ? res->end - res->start + 1 : 0;

	if (size != region_size)
		return "its region is not as large as its resource";
	if (!size)
		return bar->address ? "it has an address, but no resource" : NULL;
	/* A virtual function's BARs are in its parent's SR-IOV capability. */
	if (!bar->used)
		return NULL;
	if (bar->io != !!(res->flags & SYSFS_RESOURCE_IO))
		return "it and its resource disagree on port or memory";
	if (bar->prefetch != !!(res->flags & SYSFS_RESOURCE_PREFETCH))
		return "it and its resource disagree on prefetchable";
		/* On x86 bus addresses are CPU addresses; elsewhere they may differ. */
#if defined(__x86_64__) || defined(__i386__)
	if (bar->address && bar->address != res->start)
		return "its address is not that of its resource";
#endif
	return NULL;
}

bool pci_config_gone(const uint8_t *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size && i < PCI_CONFIG_HEADER; i++)
		if (bytes[i] != 0xff)
			return false;
	return size >= PCI_CONFIG_HEADER;
}

void pci_dependent_bdf(const struct pci_bdf *own, uint16_t segment, uint8_t bus, uint8_t devfn,
		       char *bdf, size_t len)
{
	const uint32_t domain = (uint16_t)own->domain == segment ? own->domain : segment;

	snprintf(bdf, len, "%04x:%02x:%02x.%x", domain, bus, devfn >> 3, devfn & 7);
}
