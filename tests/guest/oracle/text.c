// SPDX-License-Identifier: GPL-2.0
/* The module's answers as text, as runs */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

int walk_request(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;
}

/* The answer to a request on a file of its own; NULL and the errno in *err */
char *ask_text_once(const char *request, int *err)
{
	int fd = module_open(WALK, O_RDWR);
	char *text = NULL;

	*err = walk_request(fd, request);
	if (!*err)
		text = read_all(fd, 65536, NULL, err);
	close(fd);
	if (*err) {
		free(text);
		return NULL;
	}
	return text;
}

static int word_in(const char *word, const char *const *list, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(word, list[i]))
			return i;
	return -1;
}

const char *const kind_words[PT_NR_KINDS] = { "none",	  "table",   "page",
					      "protnone", "invalid", "absent" };
static const char *const size_words[] = { "4K", "2M", "1G" };

/* "PGD" and so on; with four levels there is no P4D */
static int level_of(const char *word, unsigned int levels)
{
	static const char *const five[] = { "PTE", "PMD", "PUD", "P4D", "PGD" };
	static const char *const four[] = { "PTE", "PMD", "PUD", "PGD" };

	return levels == 5 ? word_in(word, five, 5) : word_in(word, four, 4);
}

/* "user write noexec": 0, or -1 */
static int parse_rights(const char *text, unsigned int *rights, int *used)
{
	static const char *const yes[] = { "user", "write", "exec" };
	static const char *const no[] = { "supervisor", "nowrite", "noexec" };
	char word[3][16];
	unsigned int i;

	*rights = 0;
	if (sscanf(text, "%15s %15s %15s%n", word[0], word[1], word[2], used) != 3)
		return -1;
	for (i = 0; i < 3; i++) {
		if (!strcmp(word[i], yes[i]))
			*rights |= 1U << i;
		else if (strcmp(word[i], no[i]))
			return -1;
	}
	return 0;
}

/* The two lines that each text begins with; NULL, or what comes after them */
static char *parse_head(const struct mem *m, struct answer *a, char *text)
{
	unsigned long long va, len = 0, root, kernel_root;
	char pti[8];
	int pid, used = 0, n;

	if (sscanf(text, "pid %d vaddr 0x%llx%n", &pid, &va, &used) != 2)
		return NULL;
	text += used;
	if (!strncmp(text, " len ", 5) && sscanf(text, " len 0x%llx%n", &len, &used) == 1)
		text += used;
	if (*text != '\n' || pid != (m->pid ? m->pid : getpid()) || va != m->va)
		return NULL;
	if (len && len != m->len)
		return NULL;
	n = sscanf(text, "\nroot 0x%llx levels %u pti %7s%n kernel_root 0x%llx%n", &root,
		   &a->info.levels, pti, &used, &kernel_root, &used);
	text += used;
	if (n < 3 || *text++ != '\n')
		return NULL;
	a->info.root_pa = root;
	a->info.kernel_root_pa = n == 4 ? kernel_root : root;
	a->info.features = strcmp(pti, "on") ? 0 : VERIFY_PTE_PTI;
	return (n == 4) == !strcmp(pti, "on") ? text : NULL;
}

/* "0xA-0xB kind [size pa 0xP rights] [entry 0xE FLAG...] [no_user_at LEVEL...]" */
static bool parse_run(struct answer *a, const char *line)
{
	unsigned long long from, to, pa = 0, entry = 0;
	char kind[16], size[8], word[16];
	struct verify_pte_run *run;
	unsigned int rights = 0;
	int n, used, level = 0;
	bool user = false, at = false;

	if (sscanf(line, "0x%llx-0x%llx %15s%n", &from, &to, kind, &used) != 3)
		return false;
	line += used;
	run = answer_add(a);
	run->kind = n = word_in(kind, kind_words, ARRAY_SIZE(kind_words));
	if (n < 0 || n == PT_TABLE)
		return false;
	if (n == PT_LEAF || n == PT_PROTNONE || n == PT_INVALID) {
		if (sscanf(line, " %7s pa 0x%llx%n", size, &pa, &used) != 2)
			return false;
		level = word_in(size, size_words, ARRAY_SIZE(size_words));
		if (level < 0 || parse_rights(line + used, &rights, &n))
			return false;
		line += used + n;
	}
	if (run->kind != PT_NONE) {
		if (sscanf(line, " entry 0x%llx%n", &entry, &used) != 1)
			return false;
		line += used;
	}
	for (; sscanf(line, "%15s%n", word, &used) == 1; line += used) {
		user |= !at && !strcmp(word, "USER");
		if (at) {
			n = level_of(word, a->info.levels);
			if (n < 0)
				return false;
			run->no_user_levels |= 1 << n;
		}
		at |= !strcmp(word, "no_user_at");
	}
	run->vaddr = from;
	run->len = to - from;
	run->pa = pa;
	run->entry = entry;
	run->level = level;
	run->rights = rights;
	return run->kind == PT_NONE || run->kind == PT_ABSENT || user == !!(entry & 4);
}

void ask_text(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	char request[80], *text, *line, *end;
	unsigned long long n[5];
	int err, used = 0;

	(void)vmas;
	snprintf(request, sizeof(request), "%d 0x%" PRIx64 " 0x%" PRIx64,
		 m->pid ? m->pid : getpid(), m->va, m->len);
	text = ask_text_once(request, &err);
	if (!text) {
		fail("\"%s\": %s", request, error_name(err));
		return;
	}
	line = parse_head(m, a, text);
	for (; line && !strncmp(line, "0x", 2); line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		if (!parse_run(a, line)) {
			fail("text: \"%s\"", line);
			free(text);
			return;
		}
	}
	if (!line ||
	    sscanf(line,
		   "complete: none %llu page %llu protnone %llu invalid %llu absent %llu (4K pages)%n",
		   &n[0], &n[1], &n[2], &n[3], &n[4], &used) != 5 ||
	    strcmp(line + used, "\n")) {
		fail("text: \"%.300s\"", line ? line : text);
	} else {
		a->pages[PT_NONE] = n[0];
		a->pages[PT_LEAF] = n[1];
		a->pages[PT_PROTNONE] = n[2];
		a->pages[PT_INVALID] = n[3];
		a->pages[PT_ABSENT] = n[4];
	}
	free(text);
}

/*
 * One address: a line a level, then what comes of them.  True if the text is
 * what it must be; *run is what it says of the page.
 */
static bool parse_levels(const struct mem *m, struct answer *a, char *text)
{
	struct verify_pte_entry path[PT_MAX_LEVELS] = { { 0 } }, *e = NULL;
	struct verify_pte_run *run;
	unsigned long long table, entry, pa;
	char *line = parse_head(m, a, text), word[16], size[8], user[8];
	unsigned int index, rights, level = a->info.levels;
	int used, n;

	a->info.pa_mask = UINT64_MAX;
	while (line && sscanf(line, "%15s index %u table 0x%llx entry 0x%llx%n", word, &index,
			      &table, &entry, &used) == 4) {
		/* From the root down, none left out */
		if (!level-- || level_of(word, a->info.levels) != (int)level)
			return false;
		e = &path[level];
		*e = (struct verify_pte_entry){ .vaddr = m->va,
						.table_pa = table,
						.entry = entry,
						.level = level,
						.kind = PT_TABLE };
		if (index != (m->va / (PAGE << 9 * level) & 511) ||
		    table != (level == a->info.levels - 1 ? a->info.root_pa
							  : naive_pa(e + 1, UINT64_MAX, false)))
			return false;
		line += used + strcspn(line + used, "\n");
		if (line[-1] == ')') {
			for (n = 0; n < PT_NR_KINDS; n++)
				if (!strncmp(line - 1 - strlen(kind_words[n]), kind_words[n],
					     strlen(kind_words[n])))
					e->kind = n;
		}
		line++;
	}
	if (!line || !e)
		return false;
	if (sscanf(line, "page %7s pa 0x%llx\n%n", size, &pa, &used) == 2) {
		if (e->kind == PT_TABLE)
			e->kind = PT_LEAF;
		raw_run(a, path, level, m->va, PAGE);
		run = &a->r[a->nr - 1];
		line += used;
		if (strncmp(line, "effective: ", 11) || parse_rights(line + 11, &rights, &n) ||
		    word_in(size, size_words, 3) != (int)level || rights != run->rights ||
		    pa != run->pa)
			return false;
		line += 11 + n;
		if (sscanf(line, "\n_PAGE_USER: %7s%n", user, &used) != 1 ||
		    strcmp(user, rights & PT_USER ? "set" : "clear"))
			return false;
		line += used;
		for (n = a->info.levels; n--;) {
			if (!(run->no_user_levels >> n & 1))
				continue;
			if (sscanf(line, "%15s%n", word, &used) != 1 ||
			    level_of(word, a->info.levels) != n)
				return false;
			line += used;
		}
		return !strcmp(line, "\n");
	}
	raw_run(a, path, level, m->va, PAGE);
	if (sscanf(line, "effective: not present: %15s at %7s\n%n", word, size, &used) != 2)
		return false;
	return word_in(word, kind_words, PT_NR_KINDS) == (int)e->kind &&
	       level_of(size, a->info.levels) == (int)level &&
	       !strcmp(line + used, "_PAGE_USER: none\n");
}

/* The first and the last page of each of a few parts, one by one */
void ask_levels(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	char request[64], *text, *copy;
	size_t i, ends;
	int err;

	for (i = 0; i < vmas->nr; i++)
		for (ends = 0; ends < 2; ends++) {
			struct mem one = *m;

			if (ends && vmas->s[i].len == PAGE)
				continue;
			one.va = vmas->s[i].va + (ends ? vmas->s[i].len - PAGE : 0);
			one.len = PAGE;
			snprintf(request, sizeof(request), "%d:0x%" PRIx64,
				 m->pid ? m->pid : getpid(), one.va);
			text = ask_text_once(request, &err);
			if (!text) {
				fail("\"%s\": %s", request, error_name(err));
				return;
			}
			copy = strdup(text);
			if (!parse_levels(&one, a, copy))
				fail("\"%s\": %s", request, text);
			else
				a->pages[a->r[a->nr - 1].kind]++;
			free(copy);
			free(text);
		}
}
