// SPDX-License-Identifier: GPL-2.0
/* What QEMU's monitor answers, taken apart. */
#include "monitor_parse.h"

#include <errno.h>
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
		/* All 16 digits, and the end of the line: a number cut short is none. */
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

/* "NAME=hex", a word of its own. */
static int find_register(const char *text, const char *name, uint64_t *out)
{
	const char *s = text;

	while ((s = strstr(s, name))) {
		bool word = s == text || strchr(" \r\n", s[-1]);

		s += strlen(name);
		if (word)
			return scan_hex(&s, 1, out) && *s && strchr(" \r\n", *s) ? 0 : -EPROTO;
	}
	return -EPROTO;
}

int monitor_parse_registers(const char *text, struct monitor_regs *out)
{
	struct monitor_regs regs;
	uint64_t cpl;

	if (find_register(text, "CR3=", &regs.cr3) || find_register(text, "CR4=", &regs.cr4) ||
	    find_register(text, "EFER=", &regs.efer) || find_register(text, "CPL=", &cpl) ||
	    cpl > 3)
		return -EPROTO;
	regs.cpl = (unsigned int)cpl;
	*out = regs;
	return 0;
}

int monitor_parse_status(const char *text, bool *running)
{
	const char *s = text;
	size_t word;

	if (!scan_text(&s, "VM status: "))
		return -EPROTO;
	word = strcspn(s, " \r\n");
	if (!word)
		return -EPROTO;
	*running = word == strlen("running") && !strncmp(s, "running", word);
	return 0;
}

bool monitor_at_prompt(const char *raw, size_t len)
{
	size_t n = strlen(PROMPT);

	return len >= n && !memcmp(raw + len - n, PROMPT, n) &&
	       (len == n || raw[len - n - 1] == '\n');
}

int monitor_parse_hmp(char *raw, size_t len, const char **reply)
{
	char *in = memchr(raw, '\n', len);
	char *end, *out;

	/*
	 * The echo is one line however it was typed: readline redraws it with
	 * escape sequences and sends no newline before the whole of it.
	 */
	if (!in || !monitor_at_prompt(raw, len))
		return -EAGAIN;
	end = raw + len - strlen(PROMPT);
	*reply = out = ++in;
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
	*out = '\0';
	return memchr(*reply, '\0', (size_t)(out - *reply)) ? -EPROTO : 0;
}
