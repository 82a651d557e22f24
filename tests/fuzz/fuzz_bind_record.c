// SPDX-License-Identifier: GPL-2.0
/* The files in /run/vfio-verify: any bytes.  What is taken is written the same again. */
#include <stdlib.h>
#include <string.h>

#include "bind/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
	if (!bind_name_ok(name) || strlen(name) >= SYSFS_NAME || strchr(name, '/'))
		abort();
}

static void try_record(const char *text, size_t size)
{
	char buf[BIND_TEXT_MAX];
	struct bind_record rec;

	if (bind_record_parse(text, size, &rec))
		return;
	check_name(rec.to);
	check_name(rec.override);
	if (rec.from[0])
		check_name(rec.from);
	if (bind_record_format(&rec, buf, sizeof(buf)) != size || memcmp(buf, text, size))
		abort();
}

static void try_modules(const char *text, size_t size)
{
	struct bind_modules mods, again;
	char buf[BIND_TEXT_MAX];
	size_t i, len;

	if (bind_modules_parse(text, size, &mods))
		return;
	for (i = 0; i < mods.nr; i++)
		check_name(mods.names[i]);
	/* A name that came twice is there once. */
	len = bind_modules_format(&mods, buf, sizeof(buf));
	if (len > size || bind_modules_parse(buf, len, &again) || again.nr != mods.nr)
		abort();
}

/* So that more gets past the first line. */
static void with_head(const char *head, const uint8_t *data, size_t size,
		      void (*try)(const char *text, size_t size))
{
	size_t n = strlen(head);
	char *text = malloc(n + size);

	memcpy(text, head, n);
	if (size)
		memcpy(text + n, data, size);
	try(text, n + size);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	with_head("", data, size, try_record);
	with_head("", data, size, try_modules);
	with_head("vfio-verify bind 1\ndevice 8086:10d3\nfrom ", data, size, try_record);
	with_head("vfio-verify modules 1\n", data, size, try_modules);
	return 0;
}
