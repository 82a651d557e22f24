// SPDX-License-Identifier: GPL-2.0
#include "bind/record.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RECORD_HEAD  "vfio-verify bind 1"
#define MODULES_HEAD "vfio-verify modules 1"

bool bind_name_ok(const char *name)
{
	size_t i;

	if (!name[0] || name[0] == '.' || name[0] == ' ')
		return false;
	for (i = 0; name[i]; i++)
		if (!isgraph((unsigned char)name[i]) && name[i] != ' ')
			return false;
	return i < SYSFS_NAME && name[i - 1] != ' ' && !strchr(name, '/');
}

/* Copies the next line, without its end, to @line and moves *text past it. */
static bool next_line(const char **text, const char *end, char *line, size_t len)
{
	const char *stop = memchr(*text, '\n', (size_t)(end - *text));
	size_t n = stop ? (size_t)(stop - *text) : 0;

	if (!stop || n >= len || memchr(*text, '\0', n))
		return false;
	memcpy(line, *text, n);
	line[n] = '\0';
	*text = stop + 1;
	return true;
}

/* Reads a line "KEY VALUE" and copies the value to @out. */
static bool next_value(const char **text, const char *end, const char *key, char *out)
{
	char line[2 * SYSFS_NAME];
	size_t n = strlen(key);

	if (!next_line(text, end, line, sizeof(line)) || strncmp(line, key, n) || line[n] != ' ' ||
	    strlen(line + n + 1) >= SYSFS_NAME)
		return false;
	memcpy(out, line + n + 1, strlen(line + n + 1) + 1);
	return true;
}

static bool is_hex4(const char *s)
{
	int i;

	for (i = 0; i < 4; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	return true;
}

int bind_record_parse(const char *text, size_t len, struct bind_record *out)
{
	const char *end = text + len;
	struct bind_record rec = { 0 };
	char line[2 * SYSFS_NAME], device[SYSFS_NAME];

	if (!next_line(&text, end, line, sizeof(line)) || strcmp(line, RECORD_HEAD))
		return -EINVAL;
	if (!next_value(&text, end, "device", device) || strlen(device) != 9 || !is_hex4(device) ||
	    device[4] != ':' || !is_hex4(device + 5) ||
	    sscanf(device, "%4x:%4x", &rec.vendor, &rec.device) != 2)
		return -EINVAL;
	if (!next_value(&text, end, "from", rec.from) || !next_value(&text, end, "to", rec.to) ||
	    !next_value(&text, end, "override", rec.override) || text != end)
		return -EINVAL;
	if (!bind_name_ok(rec.from) || !bind_name_ok(rec.to) || !bind_name_ok(rec.override) ||
	    !strcmp(rec.to, BIND_NONE))
		return -EINVAL;
	if (!strcmp(rec.from, BIND_NONE))
		rec.from[0] = '\0';
	*out = rec;
	return 0;
}

size_t bind_record_format(const struct bind_record *rec, char *buf, size_t len)
{
	return (size_t)snprintf(buf, len,
				RECORD_HEAD "\ndevice %04x:%04x\nfrom %s\nto %s\noverride %s\n",
				rec->vendor, rec->device, rec->from[0] ? rec->from : BIND_NONE,
				rec->to, rec->override);
}

int bind_modules_parse(const char *text, size_t len, struct bind_modules *out)
{
	const char *end = text + len;
	struct bind_modules mods = { 0 };
	char line[SYSFS_NAME];

	if (!next_line(&text, end, line, sizeof(line)) || strcmp(line, MODULES_HEAD))
		return -EINVAL;
	while (text != end) {
		if (!next_line(&text, end, line, sizeof(line)) || !bind_name_ok(line) ||
		    !bind_modules_add(&mods, line))
			return -EINVAL;
	}
	*out = mods;
	return 0;
}

size_t bind_modules_format(const struct bind_modules *mods, char *buf, size_t len)
{
	size_t used = (size_t)snprintf(buf, len, MODULES_HEAD "\n"), i;

	for (i = 0; i < mods->nr; i++)
		used += (size_t)snprintf(buf + used, len - used, "%s\n", mods->names[i]);
	return used;
}

bool bind_modules_add(struct bind_modules *mods, const char *name)
{
	size_t i;

	for (i = 0; i < mods->nr; i++)
		if (!strcmp(mods->names[i], name))
			return true;
	if (mods->nr == BIND_MODULES)
		return false;
	snprintf(mods->names[mods->nr++], SYSFS_NAME, "%s", name);
	return true;
}

enum bind_standing bind_standing(const struct sysfs_device *dev, const struct bind_record *rec)
{
	if (!rec || rec->vendor != dev->vendor || rec->device != dev->device)
		return BIND_UNKNOWN;
	if (!dev->driver[0] || !strcmp(dev->driver, rec->from) || !strcmp(dev->driver, rec->to))
		return BIND_OURS;
	return BIND_MOVED;
}

enum bind_plan bind_plan(const struct sysfs_device *dev, const char *override,
			 const struct bind_record *rec, const char *to)
{
	if (bind_standing(dev, rec) != BIND_OURS)
		return strcmp(dev->driver, to) ? BIND_FRESH : BIND_DONE;
	if (!strcmp(rec->to, to))
		return BIND_RESUME;
	/* An earlier bind was broken off before it changed anything. */
	if (!strcmp(dev->driver, rec->from) && !strcmp(override, rec->override))
		return BIND_FRESH;
	return BIND_OTHER;
}
