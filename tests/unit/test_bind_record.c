// SPDX-License-Identifier: GPL-2.0
/* What bind writes down, and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "bind/record.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define GOOD	      "vfio-verify bind 1\ndevice 8086:10d3\nfrom e1000e\nto vfio-pci\noverride (null)\n"

static void test_round_trip(void **state)
{
	static const struct bind_record recs[] = {
		{ 0x8086, 0x10d3, "e1000e", "vfio-pci", "(null)" },
		{ 0, 0xffff, "", "vfio-pci", "uio_pci_generic" },
		{ 0x1234, 0x11e8, "a driver", "x", "(null)" },
		{ 1, 2, "012345678901234567890123456789012345678901234567890123456789012",
		  "012345678901234567890123456789012345678901234567890123456789012",
		  "012345678901234567890123456789012345678901234567890123456789012" },
	};
	char buf[BIND_TEXT_MAX], again[BIND_TEXT_MAX];
	struct bind_record rec;
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(recs); i++) {
		len = bind_record_format(&recs[i], buf, sizeof(buf));
		assert_int_equal(len, strlen(buf));
		memset(&rec, 0x5a, sizeof(rec));
		assert_int_equal(bind_record_parse(buf, len, &rec), 0);
		assert_int_equal(rec.vendor, recs[i].vendor);
		assert_int_equal(rec.device, recs[i].device);
		assert_string_equal(rec.from, recs[i].from);
		assert_string_equal(rec.to, recs[i].to);
		assert_string_equal(rec.override, recs[i].override);
		bind_record_format(&rec, again, sizeof(again));
		assert_string_equal(buf, again);
	}
	bind_record_format(&recs[0], buf, sizeof(buf));
	assert_string_equal(buf, GOOD);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"vfio-verify bind 2\ndevice 8086:10d3\nfrom e1000e\nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom e1000e\nto vfio-pci\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nto vfio-pci\nfrom e1000e\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d\nfrom e1000e\nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10D3\nfrom e1000e\nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice -086:10d3\nfrom e1000e\nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom ../x\nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom .\nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom \nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom e1000e\nto (none)\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom e1000e\nto vfio/pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom e\t1000e\nto vfio-pci\noverride (null)\n",
		"vfio-verify bind 1\ndevice 8086:10d3\nfrom e1000e\nto 0123456789012345678901234567890123456789012345678901234567890123\noverride (null)\n",
		GOOD "\n",
		GOOD "more\n",
	};
	struct bind_record rec, was;
	size_t i;

	(void)state;
	memset(&was, 0x5a, sizeof(was));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		rec = was;
		if (bind_record_parse(bad[i], strlen(bad[i]), &rec) != -EINVAL ||
		    memcmp(&rec, &was, sizeof(rec)))
			fail_msg("row %zu was taken", i);
	}
	/* Cut anywhere, or with a byte that is no text */
	for (i = 0; i < strlen(GOOD); i++)
		assert_int_equal(bind_record_parse(GOOD, i, &rec), -EINVAL);
	for (i = 0; i < strlen(GOOD); i++) {
		char text[] = GOOD;

		text[i] = '\0';
		assert_int_equal(bind_record_parse(text, strlen(GOOD), &rec), -EINVAL);
	}
	assert_int_equal(bind_record_parse(GOOD, strlen(GOOD), &rec), 0);
}

static void test_modules(void **state)
{
	struct bind_modules mods = { 0 }, again;
	char buf[BIND_TEXT_MAX], name[SYSFS_NAME];
	size_t i, len;

	(void)state;
	len = bind_modules_format(&mods, buf, sizeof(buf));
	assert_string_equal(buf, "vfio-verify modules 1\n");
	assert_int_equal(bind_modules_parse(buf, len, &again), 0);
	assert_int_equal(again.nr, 0);
	assert_true(bind_modules_add(&mods, "vfio"));
	assert_true(bind_modules_add(&mods, "vfio_pci"));
	assert_true(bind_modules_add(&mods, "vfio"));
	len = bind_modules_format(&mods, buf, sizeof(buf));
	assert_string_equal(buf, "vfio-verify modules 1\nvfio\nvfio_pci\n");
	assert_int_equal(bind_modules_parse(buf, len, &again), 0);
	assert_int_equal(again.nr, 2);
	assert_string_equal(again.names[1], "vfio_pci");
	assert_int_equal(bind_modules_parse(buf, len - 1, &again), -EINVAL);

	/* As many, and as long, as there can be: it fits. */
	memset(name, 'm', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (i = mods.nr; i < BIND_MODULES; i++) {
		name[0] = (char)('A' + i);
		assert_true(bind_modules_add(&mods, name));
	}
	assert_false(bind_modules_add(&mods, "one more"));
	assert_true(bind_modules_add(&mods, "vfio"));
	len = bind_modules_format(&mods, buf, sizeof(buf));
	assert_true(len < sizeof(buf));
	assert_int_equal(bind_modules_parse(buf, len, &again), 0);
	assert_int_equal(again.nr, BIND_MODULES);
}

static struct sysfs_device device(const char *driver)
{
	struct sysfs_device dev = { .bdf = "0000:00:02.0", .vendor = 0x8086, .device = 0x10d3 };

	strncpy(dev.driver, driver, sizeof(dev.driver) - 1);
	return dev;
}

static void test_decisions(void **state)
{
	static const struct bind_record ours = { 0x8086, 0x10d3, "e1000e", "vfio-pci", "(null)" };
	static const struct bind_record other = { 0x8086, 0x10d4, "e1000e", "vfio-pci", "(null)" };
	static const struct bind_record bare = { 0x8086, 0x10d3, "", "vfio-pci", "x" };
	static const struct {
		const char *driver, *override, *to;
		const struct bind_record *rec;
		enum bind_standing standing;
		enum bind_plan plan;
	} t[] = {
		{ "e1000e", "(null)", "vfio-pci", NULL, BIND_UNKNOWN, BIND_FRESH },
		{ "", "(null)", "vfio-pci", NULL, BIND_UNKNOWN, BIND_FRESH },
		{ "vfio-pci", "(null)", "vfio-pci", NULL, BIND_UNKNOWN, BIND_DONE },
		/* Another device at the address: its record says nothing of this one. */
		{ "e1000e", "(null)", "vfio-pci", &other, BIND_UNKNOWN, BIND_FRESH },
		{ "vfio-pci", "vfio-pci", "vfio-pci", &other, BIND_UNKNOWN, BIND_DONE },
		/* Done, and each stage on the way there and back */
		{ "vfio-pci", "vfio-pci", "vfio-pci", &ours, BIND_OURS, BIND_RESUME },
		{ "e1000e", "(null)", "vfio-pci", &ours, BIND_OURS, BIND_RESUME },
		{ "e1000e", "vfio-pci", "vfio-pci", &ours, BIND_OURS, BIND_RESUME },
		{ "", "vfio-pci", "vfio-pci", &ours, BIND_OURS, BIND_RESUME },
		{ "vfio-pci", "e1000e", "vfio-pci", &ours, BIND_OURS, BIND_RESUME },
		{ "", "x", "vfio-pci", &bare, BIND_OURS, BIND_RESUME },
		/* Somebody has put it elsewhere since: that is what a new bind goes back to. */
		{ "igb_uio", "(null)", "vfio-pci", &ours, BIND_MOVED, BIND_FRESH },
		/* To another driver: only where the earlier bind has not begun. */
		{ "vfio-pci", "vfio-pci", "pci-stub", &ours, BIND_OURS, BIND_OTHER },
		{ "", "vfio-pci", "pci-stub", &ours, BIND_OURS, BIND_OTHER },
		{ "e1000e", "vfio-pci", "pci-stub", &ours, BIND_OURS, BIND_OTHER },
		{ "e1000e", "(null)", "pci-stub", &ours, BIND_OURS, BIND_FRESH },
		{ "", "x", "pci-stub", &bare, BIND_OURS, BIND_FRESH },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct sysfs_device dev = device(t[i].driver);

		if (bind_standing(&dev, t[i].rec) != t[i].standing ||
		    bind_plan(&dev, t[i].override, t[i].rec, t[i].to) != t[i].plan)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_decisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
