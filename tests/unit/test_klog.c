// SPDX-License-Identifier: GPL-2.0
/* The kernel's lines about IOMMU faults: real ones, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "env/klog.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define RID(b, d, f)  ((b) << 8 | (d) << 3 | (f))
#define NO_DOMAIN     -1
#define NO_ADDR	      UINT64_MAX

static void test_faults(void **state)
{
	static const struct {
		const char *text, *iommu;
		int rid, domain;
		uint64_t addr;
	} t[] = {
		/* 5.10 */
		{ "DMAR: [DMA Write] Request device [00:01.0] PASID ffffffff fault addr 101000 [fault reason 05] PTE Write access is not set",
		  "intel", RID(0, 1, 0), NO_DOMAIN, 0x101000 },
		/* before 5.2 */
		{ "DMAR: [DMA Read] Request device [3a:1f.7] fault addr ffffffff000 [fault reason 06] PTE Read access is not set",
		  "intel", RID(0x3a, 0x1f, 7), NO_DOMAIN, 0xffffffff000 },
		/* 5.13 */
		{ "DMAR: [DMA Write NO_PASID] Request device [0x00:0x03.0] fault addr 0x1000 [fault reason 0x05] PTE Write access is not set",
		  "intel", RID(0, 3, 0), NO_DOMAIN, 0x1000 },
		/* 6.1 */
		{ "DMAR: [DMA Write NO_PASID] Request device [00:03.0] fault addr 0x0 [fault reason 0x05] PTE Write access is not set",
		  "intel", RID(0, 3, 0), NO_DOMAIN, 0 },
		{ "DMAR: [DMA Write PASID 0x1] Request device [00:03.0] fault addr 0x7000 [fault reason 0x05] PTE Write access is not set",
		  "intel", RID(0, 3, 0), NO_DOMAIN, 0x7000 },
		/* AMD, the device known and not; 5.10 without the domain */
		{ "vfio-pci 0000:00:01.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0003 address=0x101000 flags=0x0020]",
		  "amd", RID(0, 1, 0), 0, 0x101000 },
		{ "AMD-Vi: Event logged [IO_PAGE_FAULT device=0a:00.0 domain=0x001d address=0x000000000637c000 flags=0x0000]",
		  "amd", RID(10, 0, 0), NO_DOMAIN, 0x637c000 },
		{ "AMD-Vi: Event logged [IO_PAGE_FAULT device=0001:0a:00.1 domain=0x001d address=0x637c123 flags=0x0000]",
		  "amd", RID(10, 0, 1), 1, 0x637c123 },
		{ "virtio_iommu virtio0: page fault from EP 8 at 0x101000 [W]", "virtio",
		  RID(0, 1, 0), NO_DOMAIN, 0x101000 },
		{ "virtio_iommu virtio0: domain fault from EP 8 PASID 3 at 0x101000 [RWX]",
		  "virtio", RID(0, 1, 0), NO_DOMAIN, 0x101000 },
		{ "virtio_iommu virtio12: unknown fault from EP 264", "virtio", RID(1, 1, 0),
		  NO_DOMAIN, NO_ADDR },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct klog_fault f;

		if (!klog_parse_fault(t[i].text, &f))
			fail_msg("not taken: %s", t[i].text);
		assert_string_equal(f.iommu, t[i].iommu);
		assert_int_equal(f.rid, t[i].rid);
		assert_int_equal(f.has_domain, t[i].domain != NO_DOMAIN);
		assert_true(!f.has_domain || f.domain == (uint32_t)t[i].domain);
		assert_int_equal(f.has_addr, t[i].addr != NO_ADDR);
		assert_true(!f.has_addr || f.addr == t[i].addr);
	}
}

static void test_no_faults(void **state)
{
	static const char *const t[] = {
		"",
		"DMAR: DRHD: handling fault status reg 2",
		"DMAR: [INTR-REMAP] Request device [00:01.0] fault index 0x2 [fault reason 0x26] x",
		"DMAR: [DMA Write] Request device [00:01.0",
		"DMAR: [DMA Write] Request device [00:01.0] PASID ffffffff",
		"DMAR: [DMA Write] Request device [00:01.0] fault addr x",
		"DMAR: [DMA Write] Request device [00:01.0] fault addr 0x",
		"DMAR: [DMA Write] Request device [00:01.0] fault addr 11112222333344445",
		"DMAR: [DMA Write] Request device [00:20.0] fault addr 0",
		"DMAR: [DMA Write] Request device [00:01.8] fault addr 0",
		"DMAR: [DMA Write] Request device [100:01.0] fault addr 0",
		"DMAR: [DMA Write] Request device [01.0] fault addr 0",
		"DMAR: [DMA Write] Request device [] fault addr 0",
		"DMAR: [DMA Write] Request device [0:0:00:01.0] fault addr 0",
		"xDMAR: [DMA Write] Request device [00:01.0] fault addr 0",
		"dmar_fault: 6 callbacks suppressed",
		"AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=00:01.0 address=0x0]",
		"AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0003 address=0x101000 flags=0x0020]",
		"vfio-pci 0000:00:01.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0003",
		"virtio_iommu virtio0: page fault from EP x at 0x1000 [W]",
		"virtio_iommu virtio0: page fault from EP 65536 at 0x1000 [W]",
		"virtio_iommu virtio0: input address: 64 bits",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct klog_fault f;

		if (klog_parse_fault(t[i], &f))
			fail_msg("taken: %s", t[i]);
	}
}

static void test_which_device(void **state)
{
	static const struct pci_bdf bdf = { .domain = 0, .bus = 0, .dev = 1, .fn = 0 };
	static const struct {
		const char *text;
		bool ours;
	} t[] = {
		{ "DMAR: [DMA Write] Request device [00:01.0] fault addr 101000 [", true },
		{ "DMAR: [DMA Write] Request device [00:01.0] fault addr 101ff8 [", true },
		{ "DMAR: [DMA Write] Request device [00:01.0] fault addr 102000 [", false },
		{ "DMAR: [DMA Write] Request device [00:01.1] fault addr 101000 [", false },
		{ "DMAR: [DMA Write] Request device [00:02.0] fault addr 101000 [", false },
		{ "DMAR: [DMA Write] Request device [01:01.0] fault addr 101000 [", false },
		{ "a 0001:00:01.0: AMD-Vi: Event logged [IO_PAGE_FAULT d address=0x101000 f",
		  false },
		{ "a 0000:00:01.0: AMD-Vi: Event logged [IO_PAGE_FAULT d address=0x101000 f",
		  true },
		{ "virtio_iommu virtio0: page fault from EP 8", true },
		{ "virtio_iommu virtio0: page fault from EP 8 at 0x102000 [W]", false },
		{ "virtio_iommu virtio0: page fault from EP 9", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct klog_fault f;

		assert_true(klog_parse_fault(t[i].text, &f));
		if (klog_fault_is(&f, &bdf, 0x101000) != t[i].ours)
			fail_msg("wrong: %s", t[i].text);
	}
}

/* A copy of just that many bytes, so that the sanitizer sees one too far. */
static bool record(const char *raw, size_t len, char *text, size_t text_len)
{
	uint64_t usec = 0;
	char *copy = malloc(len ? len : 1);
	bool ok;

	memcpy(copy, raw, len);
	ok = klog_parse_record(copy, len, &usec, text, text_len);
	free(copy);
	assert_true(!ok || usec == 5140900);
	return ok;
}

static void test_records(void **state)
{
	static const char real[] =
		"3,812,5140900,-;vfio-pci 0000:00:01.0: a\\x09b \\x5c c\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:01.0\n";
	static const char *const bad[] = { "",
					   ";",
					   ";text\n",
					   "3,812,51,-",
					   "text",
					   "3;text\n",
					   "x,1,2,-;text\n",
					   "3,1,x,-;text\n",
					   "3,,5,-;text\n",
					   "3,1,5;text\n",
					   "3,1,123456789012345678901,-;text\n" };
	char text[KLOG_LINE];
	size_t i;

	(void)state;
	assert_true(record(real, sizeof(real) - 1, text, sizeof(text)));
	assert_string_equal(text, "vfio-pci 0000:00:01.0: a?b \\ c");
	assert_true(record("6,339,5140900,-,caller=T1;x", 27, text, sizeof(text)));
	assert_string_equal(text, "x");
	/* cut anywhere, and with little room */
	for (i = 0; i < sizeof(real); i++)
		if (record(real, i, text, sizeof(text)))
			assert_true(strlen(text) < i);
	assert_true(record(real, sizeof(real) - 1, text, 5));
	assert_string_equal(text, "vfio");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (record(bad[i], strlen(bad[i]), text, sizeof(text)))
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_no_faults),
		cmocka_unit_test(test_which_device),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
