// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration spaces built by hand, offsets and bits as the PCI Local Bus 3.0
 * (6.1, 6.2, 6.7, 6.8) and PCI Express Base 5.0 (7.5.3, 7.6) specifications have
 * them: numbers here, so that a wrong one in a header does not agree with itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "pci/config.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum { PM = 0x01, MSI = 0x05, PCIE = 0x10, MSIX = 0x11 };

struct space {
	uint8_t b[4096];
	size_t size;
};

static void w8(struct space *s, size_t at, uint8_t v)
{
	s->b[at] = v;
}

static void w16(struct space *s, size_t at, uint16_t v)
{
	w8(s, at, v);
	w8(s, at + 1, v >> 8);
}

static void w32(struct space *s, size_t at, uint32_t v)
{
	w16(s, at, v);
	w16(s, at + 2, v >> 16);
}

/* An Ethernet controller with a type 0 header and no capability yet */
static void begin(struct space *s, size_t size)
{
	memset(s, 0, sizeof(*s));
	s->size = size;
	w16(s, 0x00, 0x8086);
	w16(s, 0x02, 0x10d3);
	w16(s, 0x04, 0x0407);
	w16(s, 0x06, 0x0010);
	w8(s, 0x08, 0x03);
	w8(s, 0x09, 0x01);
	w8(s, 0x0a, 0x00);
	w8(s, 0x0b, 0x02);
	w16(s, 0x2c, 0x1af4);
	w16(s, 0x2e, 0x1100);
	w8(s, 0x3d, 0x01);
}

/* Decodes a copy of just its size: a byte too far is seen by the sanitizer. */
static int decode(const struct space *s, struct pci_config *c)
{
	uint8_t *copy = malloc(s->size ? s->size : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, s->b, s->size);
	memset(c, 0x5a, sizeof(*c));
	ret = pci_config_decode(copy, s->size, c);
	free(copy);
	return ret;
}

static void test_header(void **state)
{
	struct pci_config c;
	struct space s;

	(void)state;
	begin(&s, 256);
	assert_int_equal(decode(&s, &c), 0);
	assert_null(c.wrong);
	assert_int_equal(c.vendor, 0x8086);
	assert_int_equal(c.device, 0x10d3);
	assert_int_equal(c.command, 0x0407);
	assert_int_equal(c.status, 0x0010);
	assert_int_equal(c.class, 0x020001);
	assert_int_equal(c.revision, 3);
	assert_int_equal(c.sub_vendor, 0x1af4);
	assert_int_equal(c.sub_device, 0x1100);
	assert_int_equal(c.irq_pin, 1);
	assert_int_equal(c.header_type, 0);
	assert_false(c.multifunction);
	assert_int_equal(c.nr_bars, 6);
	assert_int_equal(c.nr_caps, 0);

	w8(&s, 0x0e, 0x80);
	assert_int_equal(decode(&s, &c), 0);
	assert_true(c.multifunction);
	assert_int_equal(c.header_type, 0);

	/* A bridge has two BARs, its ROM elsewhere, and no subsystem there. */
	w8(&s, 0x0e, 0x01);
	w32(&s, 0x30, 0xffffffff);
	w32(&s, 0x38, 0xfe000001);
	w32(&s, 0x18, 0x00030201); /* bus numbers, no BAR */
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_bars, 2);
	assert_int_equal(c.rom, 0xfe000000);
	assert_true(c.rom_enabled);
	assert_int_equal(c.sub_vendor, 0);
	assert_false(c.bars[2].used);

	/* CardBus: the list begins elsewhere. */
	begin(&s, 256);
	w8(&s, 0x0e, 0x02);
	w8(&s, 0x14, 0x80);
	w8(&s, 0x34, 0x03);
	w8(&s, 0x80, PM);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_caps, 1);
	assert_int_equal(c.caps[0].at, 0x80);

	w8(&s, 0x0e, 0x03);
	assert_int_equal(decode(&s, &c), 0);
	assert_non_null(c.wrong);
	assert_int_equal(c.wrong_at, 0x0e);

	begin(&s, 63);
	assert_int_equal(decode(&s, &c), -EINVAL);
	begin(&s, 0);
	assert_int_equal(decode(&s, &c), -EINVAL);
	begin(&s, 64);
	assert_int_equal(decode(&s, &c), 0);
	memset(s.b, 0xff, sizeof(s.b));
	assert_int_equal(decode(&s, &c), -ENODEV);
}

static void test_bars(void **state)
{
	static const struct {
		uint32_t low, high;
		struct pci_bar bar;
	} t[] = {
		{ 0xfeb00000, 0, { true, false, false, false, 0xfeb00000 } },
		{ 0xfeb00008, 0, { true, false, false, true, 0xfeb00000 } },
		{ 0x0000c001, 0, { true, true, false, false, 0xc000 } },
		{ 0x0000c00d, 0, { true, true, false, false, 0xc00c } }, /* ports: 2 bits only */
		{ 0xfe00000c, 0x38, { true, false, true, true, 0x38fe000000 } },
		{ 0x00000004, 0x38, { true, false, true, false, 0x3800000000 } },
		{ 0x00000004, 0, { true, false, true, false, 0 } }, /* as yet without address */
		{ 0, 0, { false, false, false, false, 0 } },
	};
	struct pci_config c;
	struct space s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const struct pci_bar *bar = &c.bars[1];

		begin(&s, 256);
		w32(&s, 0x14, t[i].low);
		w32(&s, 0x18, t[i].high);
		assert_int_equal(decode(&s, &c), 0);
		if (bar->used != t[i].bar.used || bar->io != t[i].bar.io ||
		    bar->is_64 != t[i].bar.is_64 || bar->prefetch != t[i].bar.prefetch ||
		    bar->address != t[i].bar.address || c.bars[2].used || c.wrong)
			fail_msg("row %zu: 0x%llx", i, (unsigned long long)bar->address);
	}
	/* The last slot has no place for an upper half; in a bridge that is the second. */
	begin(&s, 256);
	w32(&s, 0x24, 0x4);
	assert_int_equal(decode(&s, &c), 0);
	assert_string_equal(c.wrong, "a BAR of 64 bits has no upper half");
	assert_int_equal(c.wrong_at, 0x24);
	begin(&s, 256);
	w32(&s, 0x30, 0xfea00001);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.rom, 0xfea00000);
	assert_true(c.rom_enabled);
}

/* PM at 0xc8, MSI at 0xd0, PCIe at 0xe0, MSI-X at 0xa0: an 82574L's */
static void put_caps(struct space *s)
{
	w8(s, 0x34, 0xc8);
	w16(s, 0xc8, PM | 0xd0 << 8);
	w16(s, 0xd0, MSI | 0xe0 << 8);
	w16(s, 0xd2, 0x0180 | 3 << 1 | 1); /* 64 bits, maskable, 8 vectors, enabled */
	w16(s, 0xe0, PCIE | 0xa0 << 8);
	w16(s, 0xe2, 0x0001 | 9 << 4);	/* version 1, root complex endpoint */
	w32(s, 0xe4, 0x10000001);	/* FLR, payload of 256 */
	w16(s, 0xf2, 0x0002 | 16 << 4); /* 5 GT/s, 16 lanes */
	w16(s, 0xa0, MSIX);		/* the last */
	w16(s, 0xa2, 0xc004);		/* enabled, masked, 5 entries */
	w32(s, 0xa4, 0x00001003);	/* BAR3 at 0x1000 */
	w32(s, 0xa8, 0x00002005);	/* BAR5 at 0x2000 */
}

static void test_caps(void **state)
{
	static const uint8_t ids[] = { PM, MSI, PCIE, MSIX };
	static const uint8_t ats[] = { 0xc8, 0xd0, 0xe0, 0xa0 };
	struct pci_config c;
	struct space s;
	size_t i;

	(void)state;
	begin(&s, 256);
	put_caps(&s);
	assert_int_equal(decode(&s, &c), 0);
	assert_null(c.wrong);
	assert_int_equal(c.nr_caps, 4);
	for (i = 0; i < 4; i++) {
		assert_int_equal(c.caps[i].id, ids[i]);
		assert_int_equal(c.caps[i].at, ats[i]);
	}
	assert_int_equal(c.msi.at, 0xd0);
	assert_int_equal(c.msi.vectors, 8);
	assert_true(c.msi.is_64 && c.msi.maskable && c.msi.enabled);
	assert_int_equal(c.msix.at, 0xa0);
	assert_int_equal(c.msix.entries, 5);
	assert_int_equal(c.msix.bir, 3);
	assert_int_equal(c.msix.offset, 0x1000);
	assert_int_equal(c.msix.pba_bir, 5);
	assert_int_equal(c.msix.pba_offset, 0x2000);
	assert_true(c.msix.enabled && c.msix.masked);
	assert_int_equal(c.pcie.at, 0xe0);
	assert_int_equal(c.pcie.version, 1);
	assert_int_equal(c.pcie.type, 9);
	assert_int_equal(c.pcie.max_payload, 256);
	assert_int_equal(c.pcie.speed, 2);
	assert_int_equal(c.pcie.width, 16);
	assert_true(c.pcie.reset);

	w16(&s, 0xd2, 0);
	w16(&s, 0xa2, 0x07ff);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.msi.vectors, 1);
	assert_false(c.msi.is_64 || c.msi.maskable || c.msi.enabled);
	assert_int_equal(c.msix.entries, 2048);
	assert_false(c.msix.enabled || c.msix.masked);

	/* Status says that there is no list: then there is none. */
	w16(&s, 0x06, 0);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_caps, 0);
	assert_int_equal(c.msix.at, 0);

	/* The two lowest bits of a pointer are reserved. */
	begin(&s, 256);
	put_caps(&s);
	w8(&s, 0x34, 0xcb);
	w8(&s, 0xc9, 0xd2);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_caps, 4);
	assert_null(c.wrong);
}

static void test_caps_wrong(void **state)
{
	struct pci_config c;
	struct space s;
	size_t i;

	(void)state;
	/* To itself; back to the first. */
	begin(&s, 256);
	w8(&s, 0x34, 0x40);
	w16(&s, 0x40, PM | 0x40 << 8);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_caps, 1);
	assert_string_equal(c.wrong, "the list of capabilities turns back on itself");
	assert_int_equal(c.wrong_at, 0x40);
	begin(&s, 256);
	put_caps(&s);
	w8(&s, 0xa1, 0xd0);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_caps, 4);
	assert_int_equal(c.wrong_at, 0xa0);

	/* Into the header; past what was read. */
	begin(&s, 256);
	w8(&s, 0x34, 0x3c);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_caps, 0);
	assert_string_equal(c.wrong, "the list of capabilities leaves its place");
	begin(&s, 64);
	w8(&s, 0x34, 0x40);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_caps, 0);
	assert_non_null(c.wrong);

	/* A body that does not fit. */
	begin(&s, 256);
	w8(&s, 0x34, 0xf8);
	w16(&s, 0xf8, MSIX);
	assert_int_equal(decode(&s, &c), 0);
	assert_string_equal(c.wrong, "a capability leaves the configuration space");
	assert_int_equal(c.nr_caps, 1);
	assert_int_equal(c.msix.at, 0);
	w8(&s, 0x34, 0xf4);
	w16(&s, 0xf4, MSIX);
	assert_int_equal(decode(&s, &c), 0);
	assert_null(c.wrong);
	assert_int_equal(c.msix.at, 0xf4);

	/* The longest list that there is: every place taken. */
	begin(&s, 256);
	w8(&s, 0x34, 0x40);
	for (i = 0x40; i < 0x100; i += 4)
		w16(&s, i, 0x15 | (i + 4) << 8);
	w8(&s, 0xfd, 0);
	assert_int_equal(decode(&s, &c), 0);
	assert_null(c.wrong);
	assert_int_equal(c.nr_caps, PCI_CAPS_MAX);
}

static void ext(struct space *s, unsigned int at, uint16_t id, uint8_t version, unsigned int next)
{
	w32(s, at, id | version << 16 | next << 20);
}

static void test_ext_caps(void **state)
{
	struct pci_config c;
	struct space s;
	size_t i;

	(void)state;
	begin(&s, 4096);
	ext(&s, 0x100, 0x0001, 2, 0x140);
	ext(&s, 0x140, 0x0003, 1, 0x400);
	ext(&s, 0x400, 0x0010, 1, 0);
	assert_int_equal(decode(&s, &c), 0);
	assert_null(c.wrong);
	assert_int_equal(c.nr_ext_caps, 3);
	assert_int_equal(c.ext_caps[0].id, 1);
	assert_int_equal(c.ext_caps[0].version, 2);
	assert_int_equal(c.ext_caps[0].at, 0x100);
	assert_int_equal(c.ext_caps[2].id, 0x10);
	assert_int_equal(c.ext_caps[2].at, 0x400);

	/* The first one hidden: nothing with that id, but what comes after. */
	ext(&s, 0x100, 0, 0, 0x140);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_ext_caps, 2);
	assert_int_equal(c.ext_caps[0].id, 3);

	/* None: all zero, all ones, or not read that far. */
	w32(&s, 0x100, 0);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_ext_caps, 0);
	w32(&s, 0x100, 0xffffffff);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_ext_caps, 0);
	assert_null(c.wrong);
	ext(&s, 0x100, 1, 1, 0x140);
	s.size = 256;
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_ext_caps, 0);
	assert_null(c.wrong);

	/* Back; below its place; past what was read. */
	s.size = 4096;
	ext(&s, 0x140, 3, 1, 0x100);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_ext_caps, 2);
	assert_string_equal(c.wrong, "the list of extended capabilities turns back on itself");
	ext(&s, 0x140, 3, 1, 0x40);
	assert_int_equal(decode(&s, &c), 0);
	assert_string_equal(c.wrong, "the list of extended capabilities leaves its place");
	assert_int_equal(c.wrong_at, 0x140);
	ext(&s, 0x140, 3, 1, 0x200);
	s.size = 0x200;
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.nr_ext_caps, 2);
	assert_non_null(c.wrong);

	begin(&s, 4096);
	for (i = 0x100; i < 0x1000; i += 4)
		ext(&s, i, 0xb, 1, i + 4 < 0x1000 ? i + 4 : 0);
	assert_int_equal(decode(&s, &c), 0);
	assert_null(c.wrong);
	assert_int_equal(c.nr_ext_caps, PCI_EXT_CAPS_MAX);
}

static void test_msix_table(void **state)
{
	struct pci_config c;
	struct space s;

	(void)state;
	begin(&s, 256);
	put_caps(&s); /* 5 entries of 16 bytes */
	assert_int_equal(decode(&s, &c), 0);
	assert_false(pci_in_msix_table(&c, 3, 0xfff));
	assert_true(pci_in_msix_table(&c, 3, 0x1000));
	assert_true(pci_in_msix_table(&c, 3, 0x104f));
	assert_false(pci_in_msix_table(&c, 3, 0x1050));
	assert_false(pci_in_msix_table(&c, 2, 0x1000));
	assert_false(pci_in_msix_table(&c, 5, 0x2000));
	c.msix.at = 0;
	assert_false(pci_in_msix_table(&c, 3, 0x1000));
}

static void test_bar_differs(void **state)
{
	static const struct {
		struct pci_bar bar;
		struct sysfs_resource res;
		uint64_t size;
		const char *says; /* what must be in the answer; NULL: they agree */
	} t[] = {
		{ { true, false, false, false, 0xfe000000 },
		  { 0xfe000000, 0xfe0fffff, 0x40200 },
		  0x100000,
		  NULL },
		{ { true, false, true, true, 0x380000000000 },
		  { 0x380000000000, 0x380000003fff, 0x14220c },
		  0x4000,
		  NULL },
		{ { true, true, false, false, 0xc000 }, { 0xc000, 0xc01f, 0x40101 }, 0x20, NULL },
		{ { false, false, false, false, 0 }, { 0, 0, 0 }, 0, NULL },
		/* A virtual function's; one without an address as yet */
		{ { false, false, false, false, 0 },
		  { 0xfe000000, 0xfe003fff, 0x140204 },
		  0x4000,
		  NULL },
		{ { true, false, true, false, 0 },
		  { 0xfe000000, 0xfe003fff, 0x140204 },
		  0x4000,
		  NULL },
		{ { true, false, false, false, 0xfe000000 },
		  { 0xfe000000, 0xfe0fffff, 0x40200 },
		  0x80000,
		  "as large" },
		{ { true, false, false, false, 0xfe000000 }, { 0, 0, 0 }, 0x1000, "as large" },
		{ { true, false, false, false, 0xfe000000 }, { 0, 0, 0 }, 0, "no resource" },
		{ { true, true, false, false, 0xc000 },
		  { 0xc000, 0xc01f, 0x40200 },
		  0x20,
		  "port or memory" },
		{ { true, false, false, false, 0xc000 },
		  { 0xc000, 0xc01f, 0x40101 },
		  0x20,
		  "port or memory" },
		{ { true, false, false, true, 0xfe000000 },
		  { 0xfe000000, 0xfe000fff, 0x40200 },
		  0x1000,
		  "prefetchable" },
#ifdef __x86_64__
		{ { true, false, false, false, 0xfd000000 },
		  { 0xfe000000, 0xfe000fff, 0x40200 },
		  0x1000,
		  "its address" },
#endif
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const char *said = pci_bar_differs(&t[i].bar, &t[i].res, t[i].size);

		if (!said != !t[i].says || (said && !strstr(said, t[i].says)))
			fail_msg("row %zu: %s", i, said ? said : "they agree");
	}
}

/* A virtual function reads ones for its ids, of one that is gone every byte does. */
static void test_gone(void **state)
{
	uint8_t bytes[256];
	int i;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	assert_true(pci_config_gone(bytes, sizeof(bytes)));
	assert_true(pci_config_gone(bytes, 64));
	assert_false(pci_config_gone(bytes, 63));
	assert_false(pci_config_gone(bytes, 0));
	for (i = 0; i < 64; i++) {
		bytes[i] = 0xfe;
		assert_false(pci_config_gone(bytes, sizeof(bytes)));
		bytes[i] = 0xff;
	}
	bytes[64] = 0;
	assert_true(pci_config_gone(bytes, sizeof(bytes)));
}

static void test_virtual_function(void **state)
{
	struct pci_config c;
	struct space s;

	(void)state;
	begin(&s, 256);
	w16(&s, 0x00, 0xffff);
	w16(&s, 0x02, 0xffff);
	assert_int_equal(decode(&s, &c), 0);
	assert_int_equal(c.class, 0x020001);
}

/* VFIO has 16 bits for a domain: what stands for this device's is this device's. */
static void test_dependent(void **state)
{
	static const struct {
		struct pci_bdf own;
		uint16_t segment;
		uint8_t bus, devfn;
		const char *bdf;
	} rows[] = {
		{ { 0, 1, 0, 0 }, 0, 1, 0x00, "0000:01:00.0" },
		{ { 0, 1, 0, 0 }, 0, 1, 0xff, "0000:01:1f.7" },
		{ { 0, 1, 0, 0 }, 1, 1, 0x08, "0001:01:01.0" },
		{ { 0x10000, 1, 0, 0 }, 0, 1, 0x09, "10000:01:01.1" },
		{ { 0x10001, 1, 0, 0 }, 1, 0x80, 0, "10001:80:00.0" },
		{ { 0x10001, 1, 0, 0 }, 2, 0x80, 0, "0002:80:00.0" },
		{ { 0xffff, 1, 0, 0 }, 0xffff, 1, 0, "ffff:01:00.0" },
		{ { 0xdeadbeef, 1, 0, 0 }, 0xbeef, 1, 0, "deadbeef:01:00.0" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char bdf[24];

		pci_dependent_bdf(&rows[i].own, rows[i].segment, rows[i].bus, rows[i].devfn, bdf,
				  sizeof(bdf));
		assert_string_equal(bdf, rows[i].bdf);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(pci_cap_name(MSIX), "MSI-X");
	assert_string_equal(pci_cap_name(PCIE), "PCIe");
	assert_string_equal(pci_cap_name(0), "?");
	assert_string_equal(pci_cap_name(0xff), "?");
	assert_string_equal(pci_ext_cap_name(0x10), "SR-IOV");
	assert_string_equal(pci_ext_cap_name(0xc), "?");
	assert_string_equal(pci_ext_cap_name(0xffff), "?");
	assert_string_equal(pcie_type_name(0), "endpoint");
	assert_string_equal(pcie_type_name(9), "root complex endpoint");
	assert_string_equal(pcie_type_name(15), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),	    cmocka_unit_test(test_bars),
		cmocka_unit_test(test_caps),	    cmocka_unit_test(test_caps_wrong),
		cmocka_unit_test(test_ext_caps),    cmocka_unit_test(test_msix_table),
		cmocka_unit_test(test_bar_differs), cmocka_unit_test(test_names),
		cmocka_unit_test(test_gone),	    cmocka_unit_test(test_virtual_function),
		cmocka_unit_test(test_dependent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
