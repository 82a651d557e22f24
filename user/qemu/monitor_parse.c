// SPDX-License-Identifier: GPL-2.0
/* Parses what QEMU's monitor answers. */
#include "qemu/monitor_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROMPT "(qemu) "
#define ESC    '\033'

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* @min to 16 digits; moves *s past them. */
static bool scan_hex(const char **s, int min, uint64_t *out)
{
	uint64_t v = 0;
	int n;

	for (n = 0; hex_digit((*s)[n]) >= 0; n++) {
		if (n == 16)
			return false;
		v = v << 4 | (uint64_t)hex_digit((*s)[n]);
	}
	*s += n;
	*out = v;
	return n >= min;
}

static bool scan_text(const char **s, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*s, text, len))
		return false;
	*s += len;
	return true;
}

static bool scan_eol(const char **s)
{
	return scan_text(s, "\r\n") || scan_text(s, "\n");
}

int monitor_parse_xp(const char *text, uint64_t pa, uint64_t *words, size_t count)
{
	const char *s = text;
	uint64_t line_pa;
	size_t n = 0;

	while (*s) {
		if (!scan_hex(&s, 1, &line_pa) || !scan_text(&s, ":"))
			return -EPROTO;
		if (line_pa != pa + n * sizeof(*words))
			return -EPROTO;
		if (scan_text(&s, " Cannot access memory"))
			return scan_eol(&s) && !*s ? -EFAULT : -EPROTO;
		/* All 16 digits and the end of the line, so that a truncated number is refused. */
		do {
			if (n == count || !scan_text(&s, " 0x") || !scan_hex(&s, 16, &words[n]))
				return -EPROTO;
			n++;
		} while (*s == ' ');
		if (!scan_eol(&s))
			return -EPROTO;
	}
	return n == count ? 0 : -EPROTO;
}

/* Finds "NAME=hex" before @end, as a word of its own that occurs only once. */
static int find_register(const char *text, const char *end, const char *name, uint64_t *out)
{
	const char *s = text;
	bool found = false;

	while ((s = memmem(s, (size_t)(end - s), name, strlen(name)))) {
		bool word = s == text || strchr(" \r\n", s[-1]);

		s += strlen(name);
		if (!word)
			continue;
		if (found || !scan_hex(&s, 1, out) || s >= end || !strchr(" \r\n", *s))
			return -EPROTO;
		found = true;
	}
	return found ? 0 : -EPROTO;
}

static int parse_registers(const char *text, const char *end, struct monitor_regs *out)
{
	uint64_t cpl, smm;

	*out = (struct monitor_regs){ 0 };
	if (find_register(text, end, "CR0=", &out->cr0) ||
	    find_register(text, end, "CR3=", &out->cr3) ||
	    find_register(text, end, "CR4=", &out->cr4) ||
	    find_register(text, end, "EFER=", &out->efer) ||
	    find_register(text, end, "SMM=", &smm) || find_register(text, end, "CPL=", &cpl) ||
	    cpl > 3 || smm > 1)
		return -EPROTO;
	out->cpl = (unsigned int)cpl;
	out->smm = smm;
	return 0;
}

/* The next line that begins with "CPU#" from @s on, or NULL; *after is the line after it. */
static const char *next_vcpu(const char *s, const char **after)
{
	while (*s && strncmp(s, "CPU#", 4)) {
		s = strchrnul(s, '\n');
		s += *s == '\n';
	}
	if (!*s)
		return NULL;
	*after = strchrnul(s, '\n');
	*after += **after == '\n';
	return s;
}

int monitor_parse_vcpus(const char *text, struct monitor_regs **out, size_t *nr)
{
	const char *at, *from, *next, *after = text;
	struct monitor_regs *regs;
	size_t n = 0;

	for (at = next_vcpu(text, &from); at; at = next_vcpu(from, &from))
		n++;
	if (!n)
		return -EPROTO;
	regs = calloc(n, sizeof(*regs));
	if (!regs)
		return -ENOMEM;
	*nr = n;
	next_vcpu(text, &from);
	for (n = 0; n < *nr; n++, from = after) {
		next = next_vcpu(from, &after);
		if (parse_registers(from, next ? next : from + strlen(from), &regs[n])) {
			free(regs);
			return -EPROTO;
		}
	}
	*out = regs;
	return 0;
}

/* "  START-LAST (prio N, TYPE): NAME": 16 digits each, after START's predecessor. */
static int parse_range(const char *s, struct ram_map *map)
{
	struct ram_range *r = &map->range[map->nr];

	if (!scan_text(&s, "  ") || !scan_hex(&s, 16, &r->start) || !scan_text(&s, "-") ||
	    !scan_hex(&s, 16, &r->last) || !scan_text(&s, " (prio "))
		return -EPROTO;
	scan_text(&s, "-");
	if (!strspn(s, "0123456789"))
		return -EPROTO;
	s += strspn(s, "0123456789");
	if (!scan_text(&s, ", "))
		return -EPROTO;
	if (r->last < r->start || (map->nr && r->start <= map->range[map->nr - 1].last))
		return -EPROTO;
	/* memory_region_type(): a device's memory is ramd, and what cannot be written rom. */
	r->ram = !strncmp(s, "ram)", 4) || !strncmp(s, "nv-ram)", 7);
	map->nr++;
	return 0;
}

/* The lines of one view up to the empty one that ends it. */
static int parse_view(const char *s, struct ram_map *map)
{
	const char *line;
	size_t lines = 0;

	for (line = s; *line; line = strchrnul(line, '\n'), line += *line == '\n')
		lines++;
	map->range = calloc(lines ? lines : 1, sizeof(*map->range));
	if (!map->range)
		return -ENOMEM;
	for (; *s && *s != '\n' && *s != '\r'; s = strchrnul(s, '\n'), s += *s == '\n') {
		if (!strncmp(s, " AS \"", 5) || !strncmp(s, " Root memory region:", 20))
			continue;
		if (parse_range(s, map))
			return -EPROTO;
	}
	return map->nr ? 0 : -EPROTO;
}

int monitor_parse_mtree(const char *text, struct ram_map *out)
{
	static const char memory[] = "\n AS \"memory\", root:";
	const char *at = strstr(text, memory);
	struct ram_map map = { 0 };
	int ret;

	if (!at || strncmp(text, "FlatView #", 10) || strstr(at + 1, memory))
		return -EPROTO;
	ret = parse_view(at + 1, &map);
	if (ret)
		free(map.range);
	else
		*out = map;
	return ret;
}

int monitor_parse_status(const char *text, bool *running, bool *paused)
{
	const char *s = text;
	size_t word;

	if (!scan_text(&s, "VM status: "))
		return -EPROTO;
	word = strcspn(s, " \r\n");
	if (!word)
		return -EPROTO;
	*running = word == strlen("running") && !strncmp(s, "running", word);
	*paused = word == strlen("paused") && !strncmp(s, "paused", word) && s[word] != ' ';
	return 0;
}

bool monitor_at_prompt(const char *raw, size_t len)
{
	size_t n = strlen(PROMPT);

	return len >= n && !memcmp(raw + len - n, PROMPT, n) &&
	       (len == n || raw[len - n - 1] == '\n');
}

/* Copies @in to @end over @out without escape sequences and carriage returns; the end of it. */
static char *strip(char *out, const char *in, const char *end)
{
	while (in < end) {
		if (*in == ESC && in + 1 < end && in[1] == '[') {
			/* ECMA-48 5.4: parameters, then one byte of 0x40-0x7e */
			for (in += 2; in < end && (*in < 0x40 || *in > 0x7e); in++)
				;
			if (in < end)
				in++;
		} else if (*in == '\r') {
			in++;
		} else {
			*out++ = *in++;
		}
	}
	return out;
}

int monitor_parse_hmp(char *raw, size_t len, const char *cmd, const char **reply)
{
	const size_t cmd_len = strlen(cmd);
	char *in = memchr(raw, '\n', len);
	char *end, *out;

	/*
	 * The echo is one line however it was typed: readline redraws it with
	 * escape sequences and sends no newline before the whole of it.
	 */
	if (!in || !monitor_at_prompt(raw, len))
		return -EAGAIN;
	/* The last drawing of the line is complete; an echo of another command is refused. */
	out = strip(raw, raw, in);
	if ((size_t)(out - raw) < cmd_len || memcmp(out - cmd_len, cmd, cmd_len))
		return -EPROTO;
	end = raw + len - strlen(PROMPT);
	in++;
	out = strip(in, in, end);
	*out = '\0';
	*reply = in;
	return memchr(in, '\0', (size_t)(out - in)) ? -EPROTO : 0;
}
