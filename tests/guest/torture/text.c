// SPDX-License-Identifier: GPL-2.0
/* Walks as text */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "torture.h"

static int word_in(const char *word, const char *const *list, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(word, list[i]))
			return i;
	return -1;
}

static const char *const kind_words[] = {
	"none", "table", "page", "protnone", "invalid", "absent"
};
static const char *const size_words[] = { "4K", "2M", "1G" };

static int parse_rights(const char *text, int *used)
{
	static const char *const yes[] = { "user", "write", "exec" };
	static const char *const no[] = { "supervisor", "nowrite", "noexec" };
	int rights = 0, i;
	char word[3][16];

	if (sscanf(text, " %15s %15s %15s%n", word[0], word[1], word[2], used) != 3)
		return -1;
	for (i = 0; i < 3; i++)
		if (!strcmp(word[i], yes[i]))
			rights |= 1 << i;
		else if (strcmp(word[i], no[i]))
			return -1;
	return rights;
}

/* "0xA-0xB kind [size pa 0xP rights] [entry 0xE FLAG...] [no_user_at LEVEL...]" */
static bool parse_run(char *line, struct verify_pte_run *r)
{
	unsigned long long from, to, pa = 0, entry = 0;
	int kind, level = 0, rights = 0, used, n;
	char word[16];

	if (sscanf(line, "0x%llx-0x%llx %15s%n", &from, &to, word, &used) != 3)
		return false;
	line += used;
	kind = word_in(word, kind_words, ARRAY_SIZE(kind_words));
	if (kind < 0)
		return false;
	if (framed(kind)) {
		if (sscanf(line, " %15s pa 0x%llx%n", word, &pa, &used) != 2)
			return false;
		level = word_in(word, size_words, ARRAY_SIZE(size_words));
		rights = parse_rights(line + used, &n);
		if (level < 0 || rights < 0)
			return false;
		line += used + n;
	}
	if (kind != PT_NONE && sscanf(line, " entry 0x%llx", &entry) != 1)
		return false;
	*r = (struct verify_pte_run){
		.vaddr = from,
		.len = to - from,
		.pa = pa,
		.entry = entry,
		.level = kind == PT_ABSENT && entry & 0x80 ? 0 : level,
		.kind = kind,
		.rights = rights,
		/* The text names levels; that one without USER is there will do. */
		.no_user_levels = strstr(line, "no_user_at") ? 1 << level : 0,
	};
	return true;
}

/* The two lines that each text begins with; NULL, or what comes after them */
static char *parse_head(char *text, int *pid, uint64_t *start, uint64_t *len, uint64_t *root)
{
	unsigned long long va, n = 0, r;
	char pti[8], *line;
	unsigned int lv;
	int used;

	if (sscanf(text, "pid %d vaddr 0x%llx%n", pid, &va, &used) != 2)
		return NULL;
	line = text + used;
	if (*line == ' ' && sscanf(line, " len 0x%llx%n", &n, &used) == 1)
		line += used;
	if (*line++ != '\n' ||
	    sscanf(line, "root 0x%llx levels %u pti %7s%n", &r, &lv, pti, &used) != 3 ||
	    lv != levels)
		return NULL;
	*start = va;
	*len = n;
	*root = r;
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

static void check_text_range(struct walker *w, const char *form, char *line)
{
	struct verify_pte_run *r = w->buf;
	unsigned long long n[5];
	unsigned int nr = 0;
	char *end;

	for (; !strncmp(line, "0x", 2); line = end + 1) {
		end = strchr(line, '\n');
		if (!end || nr == MAX_RUNS)
			break;
		*end = '\0';
		if (!parse_run(line, &r[nr++])) {
			bad(BAD_RECORDS, "%s: \"%s\"", form, line);
			return;
		}
	}
	if (nr == MAX_RUNS)
		return;
	if (!strncmp(line, "not mapped: ", 12)) {
		if (nr || w->watch)
			bad(BAD_RECORDS, "%s: \"%.60s\" with fixed pages, or %u runs", form, line,
			    nr);
		line = strchrnul(line, '\n') + 1;
	}
	if (sscanf(line, "complete: none %llu page %llu protnone %llu invalid %llu absent %llu (",
		   &n[0], &n[1], &n[2], &n[3], &n[4]) != 5) {
		bad(BAD_RECORDS, "%s: ends with \"%.100s\"", form, line);
		return;
	}
	check_runs(w, form, r, nr, w->start, w->end,
		   (uint64_t[]){ n[0], 0, n[1], n[2], n[3], n[4] });
}

/* One address, which one descent answers: each table is what the line above says */
static void check_text_one(struct walker *w, const char *form, char *line, uint64_t root)
{
	static const char *const five[] = { "PTE", "PMD", "PUD", "P4D", "PGD" };
	static const char *const four[] = { "PTE", "PMD", "PUD", "PGD" };
	unsigned long long table, entry = 0, pa;
	unsigned int index, level = levels;
	uint64_t expect = root;
	char word[16], size[8];
	const char *why = NULL;
	int used, kind, rights;
	char *text = line;

	while (sscanf(line, "%15s index %u table 0x%llx entry 0x%llx", word, &index, &table,
		      &entry) == 4) {
		if (!level-- || strcmp(word, (levels == 5 ? five : four)[level]) ||
		    index != (w->start / (PAGE << 9 * level) & 511) || table != expect ||
		    entry == POISON_WORD || !in_ram(table, PAGE)) {
			why = "a level";
			break;
		}
		expect = naive_pa(w, entry, level, true);
		line = strchrnul(line, '\n');
		line += !!*line;
	}
	if (!why && sscanf(line, "page %7s pa 0x%llx\neffective:%n", size, &pa, &used) == 2) {
		rights = parse_rights(line + used, &used);
		if (word_in(size, size_words, 3) != (int)level || rights < 0 || !in_ram(pa, PAGE) ||
		    pa != naive_pa(w, entry, level, false) + (w->start & ((PAGE << 9 * level) - 1)))
			why = "the page";
		kind = entry & 1 ? PT_LEAF : entry & 0x100 ? PT_PROTNONE : PT_INVALID;
		if (!why)
			take(w, w->start, PAGE, kind, level, rights, pa);
	} else if (!why && sscanf(line, "effective: not present: %15s", word) == 1) {
		kind = word_in(word, kind_words, ARRAY_SIZE(kind_words));
		if ((kind != PT_NONE && kind != PT_ABSENT) || !entry_fits(kind, level, entry))
			why = "what is not present";
		else
			take(w, w->start, PAGE, kind, level, 0, 0);
	} else if (!why && (strncmp(line, "effective: not mapped", 21) || w->watch)) {
		why = "the end";
	}
	if (!why && !strstr(line, "_PAGE_USER: "))
		why = "no _PAGE_USER";
	if (why)
		bad(BAD_RECORDS, "%s: pid %d 0x%" PRIx64 ": %s: \"%.250s\"", form, w->pid, w->start,
		    why, text);
}

/* What a file has to say, in odd pieces.  False: not all of it, for a good reason */
static bool read_text(struct walker *w, int fd, const char *form, size_t *size)
{
	static const size_t sizes[] = { 1, 7, 100, 511, 4095, 4096, 4097, 65536 };
	size_t n = 0, chunk;
	unsigned int reads = 0;

	for (;;) {
		const int had = signals;
		ssize_t got;

		chunk = reads++ < 40 ? sizes[rnd(ARRAY_SIZE(sizes))] : 65536;
		if (chunk > MAX_TEXT - n)
			chunk = MAX_TEXT - n;
		if (!chunk || (stopping() && n > 100000))
			return false;
		if (!rnd(4))
			arm(w);
		doing(form);
		got = read(fd, w->text + n, chunk);
		if (got > 0)
			n += got;
		w->text[n] = '\0';
		*size = n;
		if (!got)
			return true;
		if (got > 0)
			continue;
		check_error(w, form, w->at, errno, signals != had);
		if (errno == EINTR && signals != had)
			continue; /* and the next one goes on from there */
		if (strstr(w->text, "complete:"))
			bad(BAD_END, "%s: \"complete:\", and then an error", form);
		return false;
	}
}

/* Text of a range or, without one, of one address; by write and read */
void text_walk(struct walker *w, const char *form, bool one)
{
	const int before = signals;
	int fd = rnd(4) ? w->fd : open(WALK, O_RDWR | O_CLOEXEC), pid;
	uint64_t start = 0, len = 0, root = 0;
	char request[100], *rest;
	size_t size = 0;
	int n;

	if (one)
		n = snprintf(request, sizeof(request), rnd(2) ? "%d:0x%" PRIx64 : "%d 0x%" PRIx64,
			     w->pid, w->start);
	else
		n = snprintf(request, sizeof(request),
			     rnd(2) ? "%d 0x%" PRIx64 " 0x%" PRIx64 : "%d:0x%" PRIx64 "+0x%" PRIx64,
			     w->pid, w->start, w->end - w->start);
	doing(form);
	if (fd < 0) {
		bad(BAD_END, "open: %s", error_name(errno));
		return;
	}
	if (write(fd, request, n) != n) {
		check_error(w, form, w->end, errno, false);
	} else {
		/* A pid's new request on a used file is answered from the start. */
		lseek(fd, 0, SEEK_SET);
		if (read_text(w, fd, form, &size)) {
			rest = parse_head(w->text, &pid, &start, &len, &root);
			if (!rest || strlen(w->text) != size || pid != w->pid ||
			    start != w->start || len != (one ? 0 : w->end - w->start) ||
			    (!w->kid && root != sh->root_pa))
				bad(BAD_RECORDS, "%s: \"%s\": \"%.200s\"", form, request, w->text);
			else if (one)
				check_text_one(w, form, rest, root);
			else
				check_text_range(w, form, rest);
			w->at = w->end;
			if (w->kid)
				count(DID_WALK_KID);
		}
	}
	count_n(DID_SIGNAL, signals - before);
	if (fd != w->fd)
		close(fd);
}

/* Whatever somebody asked last */
void last_walk(struct walker *w)
{
	static const char form[] = "the last request";
	int fd = open(WALK, O_RDONLY | O_CLOEXEC), pid;
	uint64_t start = 0, len = 0, root = 0;
	size_t size = 0;
	char *rest;

	if (fd < 0) {
		bad(BAD_END, "open: %s", error_name(errno));
		return;
	}
	/* Not known of whom: all errors are a child's. */
	walk_begin(w, 0, true, 0, user_end);
	if (read_text(w, fd, form, &size)) {
		rest = parse_head(w->text, &pid, &start, &len, &root);
		w->start = start;
		w->end = start + (len ? len : PAGE);
		w->pid = rest ? pid : 0;
		if (!rest || strlen(w->text) != size)
			bad(BAD_RECORDS, "%s: \"%.200s\"", form, w->text);
		else if (len)
			check_text_range(w, form, rest);
		else
			check_text_one(w, form, rest, root);
		count(WALK_LAST);
	}
	close(fd);
}
