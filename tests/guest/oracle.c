// SPDX-License-Identifier: GPL-2.0
/*
 * The module against the kernel's own word: root, in the guest, module loaded.
 *
 * Memory of every kind is made, and the module asked about it in each form that
 * it has (records in one call or a few at a time, raw entries, text).  What it
 * says of every base page is compared with /proc/PID/pagemap: is it present,
 * and in which frame.  Page size and rights are compared with how the memory
 * was mapped.  Nothing here decodes an entry with the project's own code.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pt_x86.h" /* the numbers of enum pt_kind and PT_*; no decoding */
#include "uapi/verify_pte.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define WALK	      "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_WALK

#define PAGE	      UINT64_C(4096)
#define MIB2	      (UINT64_C(1) << 21)
#define GIB	      (UINT64_C(1) << 30)
/* Where memory is made: nothing else of a process comes here. */
#define ARENA	   UINT64_C(0x200000000000)
#define ARENA_SIZE (UINT64_C(1) << 40)
#define HIGH	   (UINT64_C(1) << 48) /* past it with 5 levels only */

#define RW	   (PROT_READ | PROT_WRITE)

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#define MAP_HUGE_1GB (30 << 26)
#endif

/* KTAP */

static unsigned int test_nr, nr_failed, nr_said;
static bool failed;
static char skipped[200];

/* More of a failing test than this is noise. */
#define SAY_MAX 10

__attribute__((format(printf, 1, 2))) static void fail(const char *fmt, ...)
{
	va_list ap;

	failed = true;
	if (nr_said++ >= SAY_MAX)
		return;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

__attribute__((format(printf, 1, 2))) static void skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(skipped, sizeof(skipped), fmt, ap);
	va_end(ap);
}

static void test_begin(void)
{
	failed = false;
	nr_said = 0;
	skipped[0] = '\0';
}

static void test_end(const char *name, const char *way)
{
	const char *sep = way ? ": " : "";

	if (!way)
		way = "";
	nr_failed += failed;
	if (failed)
		printf("not ok %u - %s%s%s\n", ++test_nr, name, sep, way);
	else if (skipped[0])
		printf("ok %u - %s%s%s # SKIP %s\n", ++test_nr, name, sep, way, skipped);
	else
		printf("ok %u - %s%s%s\n", ++test_nr, name, sep, way);
	fflush(stdout);
}

__attribute__((noreturn, format(printf, 1, 2))) static void bail_out(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}

/* An errno by name, as the interface names it */
static const char *error_name(int err)
{
	return err ? strerrorname_np(err < 0 ? -err : err) : "no error";
}

/* As realloc() for one more; never NULL */
static void *grow(void *array, size_t nr, size_t *room, size_t size)
{
	if (nr < *room)
		return array;
	*room = *room ? 2 * *room : 256;
	array = realloc(array, *room * size);
	if (!array)
		bail_out("no memory for %zu records", *room);
	return array;
}

/* All of a file, with a NUL after it.  *err as read() had it at the end. */
static char *read_all(int fd, size_t chunk, size_t *size, int *err)
{
	size_t room = 0, n = 0;
	char *text = NULL;
	ssize_t got;

	do {
		while (room < n + chunk + 1)
			text = grow(text, room, &room, 1);
		got = read(fd, text + n, chunk);
		if (got > 0)
			n += got;
	} while (got > 0);
	*err = got < 0 ? errno : 0;
	text[n] = '\0';
	if (size)
		*size = n;
	return text;
}

static char *read_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	char *text;

	if (fd < 0)
		return strdup("");
	text = read_all(fd, 4096, NULL, &err);
	close(fd);
	return text;
}

static uint64_t read_number(const char *path)
{
	char *text = read_path(path);
	uint64_t v = strtoull(text, NULL, 0);

	free(text);
	return v;
}

static bool write_path(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A word of the first "flags" line of /proc/cpuinfo */
static bool cpu_has(const char *word)
{
	char *text = read_path("/proc/cpuinfo"), *line = strstr(text, "\nflags"), *w;
	bool has = false;

	if (line) {
		line[1 + strcspn(line + 1, "\n")] = '\0';
		for (w = strtok(line, " \t\n:"); w; w = strtok(NULL, " \t\n:"))
			has |= !strcmp(w, word);
	}
	free(text);
	return has;
}

/* Spans of pages: what pagemap says, and what an answer comes down to */

enum state { EMPTY, PRESENT, SWAPPED };

static const char *const state_name[] = { "empty", "present", "swapped" };

struct span {
	uint64_t va, len, pa;
	int state;
};

struct spans {
	struct span *s;
	size_t nr, room;
};

/* Joins what is alike, so that two lists of the same pages are the same list. */
static void spans_add(struct spans *l, uint64_t va, uint64_t len, int state, uint64_t pa)
{
	struct span *last = l->nr ? &l->s[l->nr - 1] : NULL;

	if (state != PRESENT)
		pa = 0;
	if (last && last->va + last->len == va && last->state == state &&
	    (state != PRESENT || last->pa + last->len == pa)) {
		last->len += len;
		return;
	}
	l->s = grow(l->s, l->nr, &l->room, sizeof(*l->s));
	l->s[l->nr++] = (struct span){ va, len, pa, state };
}

static void spans_free(struct spans *l)
{
	free(l->s);
	*l = (struct spans){ 0 };
}

static bool spans_equal(const struct spans *a, const struct spans *b)
{
	size_t i;

	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++)
		if (a->s[i].va != b->s[i].va || a->s[i].len != b->s[i].len ||
		    a->s[i].pa != b->s[i].pa || a->s[i].state != b->s[i].state)
			return false;
	return true;
}

static uint64_t spans_pages(const struct spans *l, int state)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < l->nr; i++)
		if (l->s[i].state == state)
			pages += l->s[i].len / PAGE;
	return pages;
}

/* The memory of a test */

/* What the pages of a part must be like, where they are present. */
struct want {
	uint64_t from, to; /* from the start of the arena */
	int kind, level;
	unsigned int rights;
};

struct mem {
	pid_t pid;	  /* whose; 0 = our own */
	uint64_t va, len; /* what is asked about */
	uint64_t present; /* base pages that pagemap must have; ANY */
	struct want want[8];
	unsigned int nr_want;	  /* 0: nothing is known beforehand */
	uint64_t io_pa;		  /* a device's memory: pagemap knows nothing of it */
	uint64_t map_va, map_len; /* one more mapping to take down */
	struct spans oracle;	  /* what pagemap said last */
};

#define ANY UINT64_MAX

/* [start, end) of /proc/PID/maps in a range; SPECIAL are those without pages */
enum { ORDINARY, SPECIAL };

static struct spans read_vmas(pid_t pid, uint64_t start, uint64_t len)
{
	char path[64], *text, *line, *save;
	struct spans vmas = { 0 };

	snprintf(path, sizeof(path), "/proc/%d/maps", pid ? pid : getpid());
	text = read_path(path);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t from, to;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) != 2)
			bail_out("%s: what is \"%s\"?", path, line);
		if (from < start)
			from = start;
		if (to > start + len)
			to = start + len;
		/* VM_PFNMAP, which pagemap leaves out: vvar, a device's memory */
		if (from < to)
			spans_add(&vmas, from, to - from,
				  strstr(line, "[vvar") || strstr(line, "/resource") ? SPECIAL
										     : ORDINARY,
				  0);
	}
	free(text);
	return vmas;
}

/* Documentation/admin-guide/mm/pagemap.rst: bit 63 present, 62 swapped, 54:0 frame */
static void read_pagemap(const struct mem *m, const struct spans *vmas, struct spans *out)
{
	static uint64_t entry[1 << 16];
	char path[64];
	size_t i, n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", m->pid ? m->pid : getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bail_out("%s: %s", path, strerror(errno));
	spans_free(out);
	for (i = 0; i < vmas->nr; i++) {
		uint64_t va = vmas->s[i].va, end = va + vmas->s[i].len;

		while (vmas->s[i].state == ORDINARY && va < end) {
			size_t nr = (end - va) / PAGE;

			if (nr > ARRAY_SIZE(entry))
				nr = ARRAY_SIZE(entry);
			if (pread(fd, entry, nr * 8, va / PAGE * 8) != (ssize_t)(nr * 8))
				bail_out("%s at 0x%" PRIx64 ": short read", path, va);
			for (n = 0; n < nr; n++, va += PAGE)
				spans_add(out, va, PAGE,
					  entry[n] >> 63       ? PRESENT
					  : entry[n] >> 62 & 1 ? SWAPPED
							       : EMPTY,
					  (entry[n] & ((1ULL << 55) - 1)) * PAGE);
		}
	}
	close(fd);
}

/* The module's answers, in whatever form, as runs */

struct answer {
	struct verify_pte_run *r;
	size_t nr, room;
	int fd;
	struct verify_pte_walk info; /* of the last call; text fills in what it has */
	uint64_t pages[PT_NR_KINDS];
};

static struct verify_pte_run *answer_add(struct answer *a)
{
	a->r = grow(a->r, a->nr, &a->room, sizeof(*a->r));
	memset(&a->r[a->nr], 0, sizeof(*a->r));
	return &a->r[a->nr++];
}

static int walk_open(int flags)
{
	int fd = open(WALK, flags | O_CLOEXEC);

	if (fd < 0)
		bail_out("%s: %s: load the module first: modprobe verify_pte", WALK,
			 strerror(errno));
	return fd;
}

/* One call on a file of its own; 0 or an errno */
static int walk_call(struct verify_pte_walk *arg)
{
	int fd = walk_open(O_RDWR);
	int ret = ioctl(fd, VERIFY_PTE_IOC_WALK, arg) ? errno : 0;

	close(fd);
	return ret;
}

static struct verify_pte_walk walk_arg(pid_t pid, uint64_t start, uint64_t len, void *buf,
				       unsigned int nr, unsigned int flags)
{
	return (struct verify_pte_walk){
		.argsz = sizeof(struct verify_pte_walk),
		.flags = flags,
		.pid = pid,
		.nr = nr,
		.start = start,
		.len = len,
		.buf = (uintptr_t)buf,
	};
}

/*
 * One call of a row of calls, at @at; false when it failed.  Looks at all that
 * holds for each call, whatever the records are.
 */
static bool next_call(const struct mem *m, struct answer *a, uint64_t at, void *buf, size_t size,
		      unsigned int nr, unsigned int flags)
{
	const uint64_t end = m->va + m->len;
	struct verify_pte_walk arg = walk_arg(m->pid, at, end - at, buf, nr, flags);
	const struct verify_pte_walk asked = arg;
	unsigned char *past = (unsigned char *)buf + nr * size;
	unsigned int i, kind;

	/* One record more than there is room for must stay as it is. */
	memset(buf, 0xa5, (nr + 1) * size);
	if (ioctl(a->fd, VERIFY_PTE_IOC_WALK, &arg)) {
		fail("ioctl at 0x%" PRIx64 ": %s", at, strerror(errno));
		return false;
	}
	for (i = 0; i < size; i++)
		if (past[i] != 0xa5) {
			fail("more than %u records written", nr);
			return false;
		}
	if (arg.argsz != asked.argsz || arg.flags != asked.flags || arg.pid != asked.pid ||
	    arg.start != asked.start || arg.len != asked.len || arg.buf != asked.buf)
		fail("a field that is only in was changed");
	if (arg.nr > nr || !arg.nr || arg.next <= at || arg.next > end || arg.next % PAGE)
		fail("at 0x%" PRIx64 ": %u of %u records, next 0x%llx", at, arg.nr, nr, arg.next);
	if (a->info.levels && (a->info.levels != arg.levels || a->info.root_pa != arg.root_pa ||
			       a->info.kernel_root_pa != arg.kernel_root_pa ||
			       a->info.pa_mask != arg.pa_mask || a->info.features != arg.features))
		fail("at 0x%" PRIx64 ": another root, mask or features than before", at);
	for (kind = 0; kind < PT_NR_KINDS; kind++)
		a->pages[kind] += arg.pages[kind];
	if (!arg.descents || arg.entries < arg.descents)
		fail("%llu entries in %llu descents", arg.entries, arg.descents);
	a->info = arg;
	return !failed;
}

static void ask_runs(const struct mem *m, const struct spans *vmas, struct answer *a,
		     unsigned int nr)
{
	struct verify_pte_run *buf = malloc((nr + 1) * sizeof(*buf));
	uint64_t at = m->va;
	unsigned int i;

	(void)vmas;
	while (at < m->va + m->len && next_call(m, a, at, buf, sizeof(*buf), nr, 0)) {
		for (i = 0; i < a->info.nr; i++)
			*answer_add(a) = buf[i];
		at = a->info.next;
	}
	free(buf);
}

static void ask_all(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_runs(m, vmas, a, 100000);
	if (!failed && a->info.next != m->va + m->len)
		fail("ended at 0x%llx", a->info.next);
}

static void ask_three(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_runs(m, vmas, a, 3);
}

/* The bits of an entry, as the manual has them; on purpose not pt_x86.h's code. */
static uint64_t naive_pa(const struct verify_pte_entry *e, uint64_t pa_mask, bool huge)
{
	uint64_t pa = e->entry & 1 ? e->entry : ~e->entry;

	pa &= 0x000ffffffffff000ULL & pa_mask;
	if (huge)
		pa &= ~((PAGE << 9 * e->level) - 1);
	return pa;
}

/*
 * The run of a raw walk that ends in @path[level], for [va, va + len).
 * @path: the entries from the root (levels - 1) down.
 */
static void raw_run(struct answer *a, const struct verify_pte_entry *path, unsigned int level,
		    uint64_t va, uint64_t len)
{
	const struct verify_pte_entry *e = &path[level];
	struct verify_pte_run *run = answer_add(a);
	unsigned int i;

	run->vaddr = va;
	run->len = len;
	run->entry = e->entry;
	run->level = level;
	run->kind = e->kind;
	if (e->kind != PT_LEAF && e->kind != PT_PROTNONE)
		return;
	run->pa = naive_pa(e, a->info.pa_mask, level) + (va & ((PAGE << 9 * level) - 1));
	run->rights = PT_RIGHTS_ALL;
	for (i = level; i < a->info.levels; i++) {
		const uint64_t entry = path[i].entry;
		const bool present = entry & 1;

		if (!present || !(entry & 4)) {
			run->rights &= ~PT_USER;
			run->no_user_levels |= 1 << i;
		}
		if (!present || !(entry & 2))
			run->rights &= ~PT_WRITE;
		if (!present || entry >> 63)
			run->rights &= ~PT_EXEC;
	}
}

/*
 * Takes the records of one call.  *done is the end of what earlier ones
 * covered: a call begins at the root again, within a call nothing comes twice.
 */
static void take_raw(const struct mem *m, const struct spans *vmas, struct answer *a,
		     const struct verify_pte_entry *e, uint64_t *done)
{
	struct verify_pte_entry path[PT_MAX_LEVELS] = { { 0 } };
	unsigned int lowest = PT_MAX_LEVELS, i;
	size_t v;

	for (i = 0; i < a->info.nr; i++, e++) {
		uint64_t size = PAGE << 9 * e->level, from = e->vaddr;
		uint64_t to = (from | (size - 1)) + 1, table;
		bool root = e->level == a->info.levels - 1;

		if (e->level >= a->info.levels || from < m->va || from >= m->va + m->len ||
		    e->reserved || e->index != (from / size & 511)) {
			fail("raw: va 0x%" PRIx64 " level %u index %u", from, e->level, e->index);
			return;
		}
		table = root ? a->info.root_pa
			     : naive_pa(&path[e->level + 1], a->info.pa_mask, false);
		if (e->table_pa != table || (!root && path[e->level + 1].kind != PT_TABLE))
			fail("raw: va 0x%" PRIx64 " level %u: table 0x%llx, not 0x%" PRIx64, from,
			     e->level, e->table_pa, table);
		if (i && e->level >= lowest && path[e->level].vaddr / size == from / size)
			fail("raw: va 0x%" PRIx64 " level %u: given twice", from, e->level);
		path[e->level] = *e;
		lowest = e->level;
		if (e->kind == PT_TABLE) {
			if (!e->level || (e->entry & 0x81) != 1)
				fail("raw: level %u entry 0x%llx is no table", e->level, e->entry);
			continue;
		}
		if (from < *done)
			from = *done;
		for (v = 0; v < vmas->nr; v++) {
			uint64_t start = vmas->s[v].va, end = start + vmas->s[v].len;

			if (start < from)
				start = from;
			if (end > to)
				end = to;
			if (start < end)
				raw_run(a, path, e->level, start, end - start);
		}
		if (*done < to)
			*done = to;
	}
}

static void ask_raw_some(const struct mem *m, const struct spans *vmas, struct answer *a,
			 unsigned int nr)
{
	struct verify_pte_entry *buf = malloc((nr + 1) * sizeof(*buf));
	uint64_t at = m->va, done = m->va;

	while (at < m->va + m->len && next_call(m, a, at, buf, sizeof(*buf), nr, VERIFY_PTE_RAW)) {
		take_raw(m, vmas, a, buf, &done);
		at = a->info.next;
	}
	free(buf);
}

static void ask_raw(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_raw_some(m, vmas, a, 200000);
	if (!failed && a->info.next != m->va + m->len)
		fail("ended at 0x%llx", a->info.next);
}

/* The fewest that get anywhere: one of each level */
static void ask_raw_five(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_raw_some(m, vmas, a, PT_MAX_LEVELS);
}

/* Text */

static int walk_request(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;
}

/* The answer to a request on a file of its own; NULL and the errno in *err */
static char *ask_text_once(const char *request, int *err)
{
	int fd = walk_open(O_RDWR);
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

static const char *const kind_words[] = {
	"none", "table", "page", "protnone", "invalid", "absent"
};
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

static void ask_text(const struct mem *m, const struct spans *vmas, struct answer *a)
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
static void ask_levels(const struct mem *m, const struct spans *vmas, struct answer *a)
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

/* Comparing */

static void check_want(const struct mem *m, const struct verify_pte_run *r)
{
	uint64_t from = r->vaddr - ARENA;
	unsigned int i;

	for (i = 0; i < m->nr_want; i++) {
		const struct want *w = &m->want[i];

		if (from < w->from || from + r->len > w->to)
			continue;
		if (r->kind != w->kind || r->level != w->level || r->rights != w->rights)
			fail("0x%llx: %s, level %u, rights %x; must be %s, level %d, rights %x",
			     r->vaddr, kind_words[r->kind], r->level, r->rights,
			     kind_words[w->kind], w->level, w->rights);
		return;
	}
	if (m->nr_want)
		fail("0x%llx of 0x%llx bytes is not all of one part", r->vaddr, r->len);
}

static void check_run(const struct mem *m, const struct answer *a, const struct verify_pte_run *r)
{
	const bool framed = r->kind == PT_LEAF || r->kind == PT_PROTNONE || r->kind == PT_INVALID;
	unsigned int no_user = 0;

	if (r->kind >= PT_NR_KINDS || r->kind == PT_TABLE || !r->len || r->vaddr % PAGE ||
	    r->len % PAGE || r->pa % PAGE || r->reserved || r->level >= a->info.levels) {
		fail("run 0x%llx len 0x%llx kind %u pa 0x%llx level %u", r->vaddr, r->len, r->kind,
		     r->pa, r->level);
		return;
	}
	if (!framed) {
		if (r->pa || r->rights || r->no_user_levels)
			fail("0x%llx: %s with a frame or rights", r->vaddr, kind_words[r->kind]);
		return;
	}
	/* A huge page lies in its frame as it lies in memory. */
	if ((r->pa ^ r->vaddr) & ((PAGE << 9 * r->level) - 1))
		fail("0x%llx: frame 0x%llx at level %u", r->vaddr, r->pa, r->level);
	/* Linux takes USER away from no table of user memory. */
	if (!(r->rights & PT_USER))
		no_user = 1 << r->level;
	if (r->no_user_levels != no_user)
		fail("0x%llx: levels 0x%x without USER, not 0x%x", r->vaddr, r->no_user_levels,
		     no_user);
	check_want(m, r);
}

/* Two runs that follow each other are not one in two halves. */
static void check_joined(const struct verify_pte_run *a, const struct verify_pte_run *b)
{
	/* Accessed, dirty, soft-dirty may differ; the frame's bits do. */
	const uint64_t same = ~(0x000ffffffffff000ULL | 1 << 5 | 1 << 6 | 1 << 11);
	const bool framed = a->kind == PT_LEAF || a->kind == PT_PROTNONE;

	if (a->vaddr + a->len != b->vaddr || a->kind != b->kind)
		return;
	if (a->kind == PT_NONE || (framed && a->level == b->level && a->rights == b->rights &&
				   a->pa + a->len == b->pa && !((a->entry ^ b->entry) & same)))
		fail("0x%llx and 0x%llx are one run", a->vaddr, b->vaddr);
}

/* The answer in the terms of pagemap, page by page, where pagemap has a say */
static void reduce(const struct answer *a, const struct spans *vmas, struct spans *out)
{
	size_t i, v;

	for (i = 0; i < a->nr; i++) {
		const struct verify_pte_run *r = &a->r[i];
		const int state = r->kind == PT_NONE	 ? EMPTY
				  : r->kind == PT_ABSENT ? SWAPPED
							 : PRESENT;
		uint64_t in_vmas = 0;

		for (v = 0; v < vmas->nr; v++) {
			uint64_t start = vmas->s[v].va, end = start + vmas->s[v].len;

			if (start < r->vaddr)
				start = r->vaddr;
			if (end > r->vaddr + r->len)
				end = r->vaddr + r->len;
			if (start >= end)
				continue;
			in_vmas += end - start;
			if (vmas->s[v].state == ORDINARY)
				spans_add(out, start, end - start, state,
					  r->pa + (start - r->vaddr));
		}
		if (in_vmas != r->len)
			fail("0x%llx: 0x%llx bytes, of which 0x%" PRIx64 " are in a VMA", r->vaddr,
			     r->len, in_vmas);
	}
}

static void compare(const struct spans *answer, const struct spans *oracle)
{
	static const struct span end = { .va = UINT64_MAX };
	size_t i;

	for (i = 0; i < answer->nr || i < oracle->nr; i++) {
		const struct span *a = i < answer->nr ? &answer->s[i] : &end;
		const struct span *o = i < oracle->nr ? &oracle->s[i] : &end;

		if (a->va == o->va && a->len == o->len && a->state == o->state && a->pa == o->pa)
			continue;
		fail("module: 0x%" PRIx64 " len 0x%" PRIx64 " %s pa 0x%" PRIx64, a->va, a->len,
		     state_name[a->state], a->pa);
		fail("kernel: 0x%" PRIx64 " len 0x%" PRIx64 " %s pa 0x%" PRIx64, o->va, o->len,
		     state_name[o->state], o->pa);
		return;
	}
}

/* The counts that came with the answer are those of its runs. */
static void check_counts(const struct answer *a)
{
	uint64_t pages[PT_NR_KINDS] = { 0 };
	unsigned int kind;
	size_t i;

	for (i = 0; i < a->nr; i++)
		pages[a->r[i].kind] += a->r[i].len / PAGE;
	for (kind = 0; kind < PT_NR_KINDS; kind++)
		if (a->pages[kind] != pages[kind])
			fail("counts %" PRIu64 " pages of kind %s, gives %" PRIu64, a->pages[kind],
			     kind_words[kind], pages[kind]);
}

/* For single pages: the oracle's word on just those */
static struct spans cut_out(const struct spans *oracle, const struct answer *a)
{
	struct spans out = { 0 };
	size_t i, n;

	for (n = 0; n < a->nr; n++)
		for (i = 0; i < oracle->nr; i++) {
			const struct span *s = &oracle->s[i];
			uint64_t va = a->r[n].vaddr;

			if (va >= s->va && va < s->va + s->len)
				spans_add(&out, va, PAGE, s->state, s->pa + (va - s->va));
		}
	return out;
}

struct way {
	const char *name;
	void (*ask)(const struct mem *m, const struct spans *vmas, struct answer *a);
	bool joined;  /* its runs are as long as they can be */
	bool sampled; /* not of every page */
};

static const struct way ways[] = {
	{ "runs, one call", ask_all, true, false },
	{ "runs, three a call", ask_three, true, false },
	{ "raw, one call", ask_raw, false, false },
	{ "raw, five a call", ask_raw_five, false, false },
	{ "text of the range", ask_text, true, false },
	{ "text of one address", ask_levels, false, true },
};

static void check_answer(const struct mem *m, const struct way *way, const struct answer *a,
			 const struct spans *vmas, const struct spans *oracle)
{
	struct spans got = { 0 }, sample = { 0 };
	size_t i;

	for (i = 0; i < a->nr; i++) {
		check_run(m, a, &a->r[i]);
		if (i && way->joined)
			check_joined(&a->r[i - 1], &a->r[i]);
	}
	if (failed)
		return;
	check_counts(a);
	reduce(a, vmas, &got);
	if (way->sampled)
		sample = cut_out(oracle, a);
	compare(&got, way->sampled ? &sample : oracle);
	spans_free(&got);
	spans_free(&sample);
}

/* What pagemap says now; false if that is another thing than before. */
static bool update_oracle(struct mem *m, const struct spans *vmas)
{
	struct spans now = { 0 };
	bool same;

	read_pagemap(m, vmas, &now);
	same = spans_equal(&now, &m->oracle);
	spans_free(&m->oracle);
	m->oracle = now;
	if (m->present != ANY && spans_pages(&now, PRESENT) != m->present)
		fail("pagemap: %" PRIu64 " pages present, not %" PRIu64, spans_pages(&now, PRESENT),
		     m->present);
	return same;
}

/*
 * Pages may move under us (compaction): pagemap is read before and after, and
 * the question asked again if the two differ.  That a walk faults nothing in is
 * in the count of present pages, which each kind of memory knows beforehand.
 */
static void check_way(struct mem *m, const struct way *way)
{
	struct spans vmas = read_vmas(m->pid, m->va, m->len), io = { 0 };
	struct answer a = { .fd = walk_open(O_RDWR) };
	int try = 0;

	if (m->io_pa) /* known beforehand, whatever pagemap leaves out */
		vmas.s[0].state = ORDINARY;
	if (!m->oracle.nr)
		update_oracle(m, &vmas);
	do {
		a.nr = 0;
		memset(a.pages, 0, sizeof(a.pages));
		memset(&a.info, 0, sizeof(a.info));
		way->ask(m, &vmas, &a);
	} while (!update_oracle(m, &vmas) && !failed && ++try < 5);
	if (try == 5)
		fail("pagemap is never the same before and after");
	if (m->io_pa)
		spans_add(&io, m->va, m->len, PRESENT, m->io_pa);
	if (!failed)
		check_answer(m, way, &a, &vmas, m->io_pa ? &io : &m->oracle);
	close(a.fd);
	free(a.r);
	spans_free(&io);
	spans_free(&vmas);
}

/* Kinds of memory */

static void *map_at(uint64_t va, uint64_t len, int prot, int flags, int fd)
{
	void *p = mmap((void *)va, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	return p == (void *)va ? p : NULL;
}

/* Anonymous memory in base pages at an offset of the arena; never NULL */
static void *map_anon(uint64_t offset, uint64_t len, int prot)
{
	void *p =
		map_at(ARENA + offset, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (!p)
		bail_out("mmap at 0x%" PRIx64 ": %s", ARENA + offset, strerror(errno));
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

static void touch(void *p, uint64_t len)
{
	volatile char *byte = p;
	uint64_t i;

	for (i = 0; i < len; i += PAGE)
		byte[i] = 1;
}

static void look_at(const void *p, uint64_t len)
{
	const volatile char *byte = p;
	uint64_t i;

	for (i = 0; i < len; i += PAGE)
		(void)byte[i];
}

static void want(struct mem *m, uint64_t from, uint64_t to, int kind, int level,
		 unsigned int rights)
{
	m->want[m->nr_want++] = (struct want){ from, to, kind, level, rights };
}

/* All of [0, len) of the arena alike, and all present */
static void want_all(struct mem *m, uint64_t len, int kind, int level, unsigned int rights)
{
	m->len = len;
	m->present = len / PAGE;
	want(m, 0, len, kind, level, rights);
}

static void make_anon(struct mem *m)
{
	touch(map_anon(0, 16 * PAGE, RW), 16 * PAGE);
	want_all(m, 16 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

static void make_anon_rwx(struct mem *m)
{
	touch(map_anon(0, 4 * PAGE, RW | PROT_EXEC), 4 * PAGE);
	want_all(m, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE | PT_EXEC);
}

static void make_memfd(struct mem *m)
{
	int fd = memfd_create("oracle", MFD_CLOEXEC);
	void *p;

	if (fd < 0 || ftruncate(fd, 8 * PAGE) || !(p = map_at(ARENA, 8 * PAGE, RW, MAP_SHARED, fd)))
		bail_out("memfd: %s", strerror(errno));
	close(fd);
	touch(p, 8 * PAGE);
	want_all(m, 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* This program's file: its pages are in the page cache, and shared. */
static void make_file(struct mem *m, int prot, unsigned int rights)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t len;
	void *p;

	if (fd < 0 || fstat(fd, &st))
		bail_out("/proc/self/exe: %s", strerror(errno));
	len = st.st_size & ~(PAGE - 1);
	p = map_at(ARENA, len, prot, MAP_PRIVATE, fd);
	close(fd);
	if (!p)
		bail_out("/proc/self/exe: mmap: %s", strerror(errno));
	look_at(p, len);
	want_all(m, len, PT_LEAF, 0, rights);
}

static void make_file_read(struct mem *m)
{
	make_file(m, PROT_READ, PT_USER);
}

static void make_file_exec(struct mem *m)
{
	make_file(m, PROT_READ | PROT_EXEC, PT_USER | PT_EXEC);
}

static void make_untouched(struct mem *m)
{
	map_anon(0, 600 * PAGE, RW);
	m->len = 600 * PAGE;
	m->present = 0;
}

static void make_zero_page(struct mem *m)
{
	look_at(map_anon(0, 6 * PAGE, RW), 6 * PAGE);
	want_all(m, 6 * PAGE, PT_LEAF, 0, PT_USER);
}

static void make_read_only(struct mem *m)
{
	void *p = map_anon(0, 6 * PAGE, RW);

	touch(p, 6 * PAGE);
	mprotect(p, 6 * PAGE, PROT_READ);
	want_all(m, 6 * PAGE, PT_LEAF, 0, PT_USER);
}

static void make_prot_none(struct mem *m)
{
	void *p = map_anon(0, 700 * PAGE, RW);

	touch(p, 700 * PAGE);
	mprotect(p, 700 * PAGE, PROT_NONE);
	want_all(m, 700 * PAGE, PT_PROTNONE, 0, 0);
}

static void make_prot_none_untouched(struct mem *m)
{
	map_anon(0, 5 * PAGE, PROT_NONE);
	m->len = 5 * PAGE;
	m->present = 0;
}

/* Some present, some not: pages 0 2 4 ..., a run each */
static void every_other(struct mem *m, unsigned int pages)
{
	char *p = map_anon(0, pages * PAGE, RW);
	unsigned int i;

	for (i = 0; i < pages; i += 2)
		p[i * PAGE] = 1;
	m->len = pages * PAGE;
	m->present = pages / 2;
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
}

static void make_every_other(struct mem *m)
{
	every_other(m, 1000);
}

static void make_pkey(struct mem *m)
{
	void *p = map_anon(0, 4 * PAGE, RW);
	int key = pkey_alloc(0, 0);

	if (key < 0) {
		skip("no protection keys: %s", strerror(errno));
		return;
	}
	touch(p, 4 * PAGE);
	/* A key that is not freed here: the pages keep it. */
	if (pkey_mprotect(p, 4 * PAGE, RW, key))
		fail("pkey_mprotect: %s", strerror(errno));
	/* Until 6.1 mprotect() leaves private pages unwritable, up to the next write. */
	touch(p, 4 * PAGE);
	want_all(m, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* "AnonHugePages" and the like of /proc/self/smaps in a range, in bytes */
static uint64_t smaps_sum(const char *field, uint64_t start, uint64_t len)
{
	char *text = read_path("/proc/self/smaps"), *line, *save;
	uint64_t sum = 0, from, to, kb;
	bool inside = false;
	char dash;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%" SCNx64 "%c%" SCNx64, &from, &dash, &to) == 3 && dash == '-')
			inside = from < start + len && to > start;
		else if (inside && !strncmp(line, field, strlen(field)) &&
			 sscanf(line + strlen(field), ": %" SCNu64, &kb) == 1)
			sum += kb * 1024;
	}
	free(text);
	return sum;
}

/* @len of transparent huge pages at the start of the arena, or a skip and NULL */
static char *map_thp(uint64_t len)
{
	char *p, *enabled;
	int try;

	for (try = 0; try < 4; try++) {
		p = map_at(ARENA, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (!p)
			bail_out("mmap: %s", strerror(errno));
		madvise(p, len, MADV_HUGEPAGE);
		touch(p, len);
		if (smaps_sum("AnonHugePages", ARENA, len) != len)
			madvise(p, len, MADV_COLLAPSE);
		if (smaps_sum("AnonHugePages", ARENA, len) == len)
			return p;
		munmap(p, len);
		write_path("/proc/sys/vm/compact_memory", "1");
	}
	enabled = read_path("/sys/kernel/mm/transparent_hugepage/enabled");
	enabled[strcspn(enabled, "\n")] = '\0';
	skip("the kernel gives no transparent huge page (enabled: %s)", enabled);
	free(enabled);
	return NULL;
}

static void make_thp(struct mem *m)
{
	if (map_thp(3 * MIB2))
		want_all(m, 3 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
}

/* A range that begins and ends inside of huge pages */
static void make_thp_part(struct mem *m)
{
	if (!map_thp(2 * MIB2))
		return;
	want_all(m, 2 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
	m->va = ARENA + MIB2 - 5 * PAGE;
	m->len = 12 * PAGE;
	m->present = 12;
}

static void make_thp_prot_none(struct mem *m)
{
	char *p = map_thp(2 * MIB2);

	if (!p)
		return;
	mprotect(p, 2 * MIB2, PROT_NONE);
	want_all(m, 2 * MIB2, PT_PROTNONE, 1, 0);
}

/* One base page of the first of two made read-only: that one is split */
static void make_thp_split(struct mem *m)
{
	char *p = map_thp(2 * MIB2);

	if (!p)
		return;
	mprotect(p + 5 * PAGE, PAGE, PROT_READ);
	m->len = 2 * MIB2;
	m->present = m->len / PAGE;
	want(m, 0, 5 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, 5 * PAGE, 6 * PAGE, PT_LEAF, 0, PT_USER);
	want(m, 6 * PAGE, MIB2, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, MIB2, 2 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
}

/* @nr huge pages of @size from the pool, which is filled up first; or a skip */
static char *map_hugetlb(uint64_t va, uint64_t size, unsigned int nr)
{
	char pool[96], text[24], *p;
	uint64_t i;

	snprintf(pool, sizeof(pool),
		 "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages", size / 1024);
	if (access(pool, F_OK)) {
		skip("this CPU or kernel has no huge pages of %" PRIu64 " MiB", size >> 20);
		return NULL;
	}
	if (read_number(pool) < nr) {
		snprintf(text, sizeof(text), "%u", nr);
		write_path(pool, text);
	}
	if (read_number(pool) < nr) {
		skip("no %u huge pages of %" PRIu64
		     " MiB to be had: boot with hugepagesz= hugepages=",
		     nr, size >> 20);
		return NULL;
	}
	p = map_at(va, nr * size, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			   (size == GIB ? MAP_HUGE_1GB : MAP_HUGE_2MB),
		   -1);
	if (!p)
		bail_out("mmap of huge pages of 0x%" PRIx64 ": %s", size, strerror(errno));
	for (i = 0; i < nr; i++)
		p[i * size] = 1;
	return p;
}

static void make_hugetlb_2m(struct mem *m)
{
	if (map_hugetlb(ARENA, MIB2, 3))
		want_all(m, 3 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
}

static void make_hugetlb_2m_prot_none(struct mem *m)
{
	char *p = map_hugetlb(ARENA, MIB2, 2);

	if (!p)
		return;
	mprotect(p, 2 * MIB2, PROT_NONE);
	want_all(m, 2 * MIB2, PT_PROTNONE, 1, 0);
}

/* Behind the arena, and kept: it takes seconds to clear. */
static bool make_gigantic(struct mem *m, int prot)
{
	static char *p;

	if (!p)
		p = map_hugetlb(ARENA + ARENA_SIZE, GIB, 1);
	if (!p)
		return false;
	mprotect(p, GIB, prot);
	m->va = ARENA + ARENA_SIZE;
	m->len = GIB;
	m->present = GIB / PAGE;
	if (prot == PROT_NONE)
		want(m, ARENA_SIZE, ARENA_SIZE + GIB, PT_PROTNONE, 2, 0);
	else
		want(m, ARENA_SIZE, ARENA_SIZE + GIB, PT_LEAF, 2, PT_USER | PT_WRITE);
	return true;
}

static void make_hugetlb_1g(struct mem *m)
{
	make_gigantic(m, RW);
}

static void make_hugetlb_1g_part(struct mem *m)
{
	if (!make_gigantic(m, RW))
		return;
	m->va += 5 * MIB2 + 7 * PAGE;
	m->len = 600 * PAGE;
	m->present = 600;
}

static void make_hugetlb_1g_prot_none(struct mem *m)
{
	make_gigantic(m, PROT_NONE);
}

/* VMAs with holes between them, whose edges lie inside of tables at each level */
static void make_holes(struct mem *m)
{
	char *p;

	p = map_anon(5 * PAGE, 5 * PAGE, RW);
	p[1 * PAGE] = p[3 * PAGE] = 1;
	want(m, 5 * PAGE, 10 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	look_at(map_anon(13 * PAGE, 7 * PAGE, PROT_READ), 7 * PAGE);
	want(m, 13 * PAGE, 20 * PAGE, PT_LEAF, 0, PT_USER);
	touch(map_anon(MIB2 - 2 * PAGE, 5 * PAGE, RW), 5 * PAGE);
	want(m, MIB2 - 2 * PAGE, MIB2 + 3 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	map_anon(2 * MIB2, PAGE, PROT_NONE);
	touch(map_anon(GIB - 2 * PAGE, 5 * PAGE, RW), 5 * PAGE);
	want(m, GIB - 2 * PAGE, GIB + 3 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	/* Two VMAs under one empty entry of a PUD, with a hole between */
	map_anon(2 * GIB + 8 * MIB2, 3 * PAGE, RW);
	map_anon(2 * GIB + 9 * MIB2, 3 * PAGE, RW);
	touch(map_anon(3 * GIB + 7 * PAGE, PAGE, RW), PAGE);
	want(m, 3 * GIB + 7 * PAGE, 3 * GIB + 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	m->len = 3 * GIB + 32 * PAGE;
	m->present = 2 + 7 + 5 + 5 + 1;
}

/* Asked from the middle of one VMA to the middle of another */
static void make_cut(struct mem *m)
{
	make_holes(m);
	m->va = ARENA + MIB2 - PAGE;
	m->len = GIB + PAGE - MIB2;
	m->present = 4 + 2;
}

/* A page in each of @nr parts of @distance bytes */
static char *sparse(struct mem *m, uint64_t nr, uint64_t distance)
{
	char *p = map_anon(0, nr * distance, RW);
	uint64_t i;

	for (i = 0; i < nr; i++)
		p[i * distance] = 1;
	m->len = nr * distance;
	m->present = nr;
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
	return p;
}

static void make_sparse(struct mem *m)
{
	sparse(m, 16, GIB);
}

/* More tables than the module reads in one go (256), most of them empty again */
static void make_many_tables(struct mem *m)
{
	char *p = sparse(m, 400, MIB2);
	unsigned int i;

	for (i = 0; i < 400; i++)
		if (i % 8 && !madvise(p + i * MIB2, PAGE, MADV_DONTNEED))
			m->present--;
}

static void make_swapped(struct mem *m)
{
	void *p = map_anon(0, 64 * PAGE, RW);
	char *swaps = read_path("/proc/swaps"), *first = strchr(swaps, '\n');
	bool has = first && first[1];
	struct spans vmas = { 0 }, pages = { 0 };
	uint64_t n;

	free(swaps);
	if (!has) {
		skip("no swap is on");
		return;
	}
	/* Contents of their own: a page of zeroes may take another way. */
	for (n = 0; n < 64; n++)
		memset((char *)p + n * PAGE, 'a' + n, PAGE);
	madvise(p, 64 * PAGE, MADV_PAGEOUT);
	m->len = 64 * PAGE;
	spans_add(&vmas, m->va, m->len, ORDINARY, 0);
	read_pagemap(m, &vmas, &pages);
	n = spans_pages(&pages, SWAPPED);
	m->present = spans_pages(&pages, PRESENT);
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
	if (!n)
		skip("the kernel swapped none of 64 pages out");
	spans_free(&vmas);
	spans_free(&pages);
}

/* BAR 0 of the device for tests: an entry, and no struct page behind it */
static void make_device(struct mem *m)
{
	const char *bdf = getenv("BDF");
	char path[96], *text;
	uint64_t start, end;
	int fd;

	if (!bdf) {
		skip("no test device: BDF is not set");
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", bdf);
	text = read_path(path);
	if (sscanf(text, "0x%" SCNx64 " 0x%" SCNx64, &start, &end) != 2 || !start) {
		free(text);
		skip("%s: no BAR 0", path);
		return;
	}
	free(text);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	m->len = end + 1 - start;
	if (fd < 0 || !map_at(ARENA, m->len, RW, MAP_SHARED, fd))
		skip("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	m->io_pa = start;
	m->present = 0;
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* Over the edge between the 47 bits of four levels and what five add */
static void make_high(struct mem *m)
{
	char *p = map_at(HIGH - 2 * PAGE, 5 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (!p) {
		skip("no address past 47 bits: %s", cpu_has("la57") ? strerror(errno) : "no LA57");
		return;
	}
	m->map_va = HIGH - 2 * PAGE;
	m->map_len = 5 * PAGE;
	p[PAGE] = p[2 * PAGE] = p[4 * PAGE] = 1;
	m->va = HIGH - 16 * GIB;
	m->len = 32 * GIB;
	m->present = 3;
	want(m, m->map_va - ARENA, m->map_va + m->map_len - ARENA, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* Other processes */

/* A child that runs @setup and waits to be killed; it has done so on return. */
static pid_t spawn(void (*setup)(void))
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe2(ready, O_CLOEXEC))
		bail_out("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setup)
			setup();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		bail_out("the child died");
	close(ready[0]);
	return pid;
}

static void reap(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void other_setup(void)
{
	struct mem m = { 0 };

	make_holes(&m);
	mprotect(map_anon(64 * MIB2, MIB2, RW), MIB2, PROT_NONE);
}

static void make_other(struct mem *m)
{
	m->pid = spawn(other_setup);
	/* What it has made there; the same calls, for what must be. */
	make_holes(m);
	munmap((void *)ARENA, ARENA_SIZE);
}

static void make_other_all(struct mem *m)
{
	m->pid = spawn(other_setup);
	m->va = 0;
	m->len = cpu_has("la57") ? 1ULL << 56 : 1ULL << 47;
	m->present = ANY;
}

/* Copy on write takes the right to write from both, until one writes. */
static pid_t cow_child;

static void make_cow(struct mem *m)
{
	char *p = map_anon(0, 8 * PAGE, RW);

	touch(p, 8 * PAGE);
	cow_child = spawn(NULL);
	p[3 * PAGE] = 2;
	m->len = 8 * PAGE;
	m->present = 8;
	want(m, 0, 3 * PAGE, PT_LEAF, 0, PT_USER);
	want(m, 3 * PAGE, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, 4 * PAGE, 8 * PAGE, PT_LEAF, 0, PT_USER);
}

/* Write-protected by userfaultfd: a flag in the entry, no right to write. */
static void make_uffd_wp(struct mem *m)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	void *p = map_anon(0, 16 * PAGE, RW);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	touch(p, 16 * PAGE);
	reg.range.start = (uintptr_t)p;
	reg.range.len = 16 * PAGE;
	wp.range.start = (uintptr_t)p + 4 * PAGE;
	wp.range.len = 4 * PAGE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg) ||
	    ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		skip("userfaultfd write protection: %s", strerror(errno));
	/* It stays open: closing it takes the protection away. */
	m->len = 16 * PAGE;
	m->present = 16;
	want(m, 0, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, 4 * PAGE, 8 * PAGE, PT_LEAF, 0, PT_USER);
	want(m, 8 * PAGE, 16 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

static void on_bus_error(int sig)
{
	(void)sig;
}

/* A page that the kernel was told is broken: an entry of its own kind */
static void make_poisoned(struct mem *m)
{
	char *p = map_anon(0, 8 * PAGE, RW);

	touch(p, 8 * PAGE);
	/* Kernels after 6.1 send it to the one who asked for it, too. */
	signal(SIGBUS, on_bus_error);
	if (madvise(p + 2 * PAGE, PAGE, MADV_HWPOISON))
		skip("MADV_HWPOISON: %s", strerror(errno));
	m->len = 8 * PAGE;
	m->present = 7;
	want(m, 0, 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* Guard pages: markers, with no page behind them (Linux 6.13) */
static void make_guard(struct mem *m)
{
	char *p = map_anon(0, 8 * PAGE, RW);

	touch(p, 8 * PAGE);
	if (madvise(p + 3 * PAGE, 2 * PAGE, MADV_GUARD_INSTALL))
		skip("no guard pages before 6.13: MADV_GUARD_INSTALL: %s", strerror(errno));
	m->len = 8 * PAGE;
	m->present = 6;
	want(m, 0, 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* Every other page write-protected, so that no two join: 1000 VMAs */
static void make_thousand_vmas(struct mem *m)
{
	char *p = map_anon(0, 1000 * PAGE, RW);
	uint64_t i;

	touch(p, 1000 * PAGE);
	for (i = 0; i < 1000; i += 2)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	m->len = 1000 * PAGE;
	m->present = 1000;
}

static const struct kind {
	const char *name;
	void (*make)(struct mem *m);
} kinds[] = {
	{ "4K private anonymous", make_anon },
	{ "4K private anonymous, executable", make_anon_rwx },
	{ "4K shared memfd", make_memfd },
	{ "file, read-only", make_file_read },
	{ "file, executable", make_file_exec },
	{ "never touched", make_untouched },
	{ "zero page", make_zero_page },
	{ "written, then read-only", make_read_only },
	{ "PROT_NONE, touched before", make_prot_none },
	{ "PROT_NONE, never touched", make_prot_none_untouched },
	{ "every other page", make_every_other },
	{ "protection key", make_pkey },
	{ "THP", make_thp },
	{ "THP, from inside one to inside the next", make_thp_part },
	{ "THP, PROT_NONE", make_thp_prot_none },
	{ "THP, one page of it read-only", make_thp_split },
	{ "hugetlb 2M", make_hugetlb_2m },
	{ "hugetlb 2M, PROT_NONE", make_hugetlb_2m_prot_none },
	{ "hugetlb 1G", make_hugetlb_1g },
	{ "hugetlb 1G, a part", make_hugetlb_1g_part },
	{ "hugetlb 1G, PROT_NONE", make_hugetlb_1g_prot_none },
	{ "holes between VMAs", make_holes },
	{ "from inside one VMA to inside another", make_cut },
	{ "16 GiB, a page in each", make_sparse },
	{ "400 tables, most of them empty", make_many_tables },
	{ "swapped out", make_swapped },
	{ "memory of a device", make_device },
	{ "address past 47 bits", make_high },
	{ "copy on write", make_cow },
	{ "userfaultfd, write-protected", make_uffd_wp },
	{ "poisoned", make_poisoned },
	{ "guard pages", make_guard },
	{ "1000 VMAs", make_thousand_vmas },
	{ "another process", make_other },
	{ "another process, all of its address space", make_other_all },
};

static void run_kind(const struct kind *kind)
{
	struct mem m = { .va = ARENA, .present = ANY };
	bool broken, left_out;
	char why[sizeof(skipped)];
	size_t i;

	test_begin();
	kind->make(&m);
	broken = failed;
	memcpy(why, skipped, sizeof(why));
	left_out = why[0];
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		test_begin();
		failed = broken;
		memcpy(skipped, why, sizeof(why));
		if (!broken && !left_out)
			check_way(&m, &ways[i]);
		test_end(kind->name, ways[i].name);
	}
	spans_free(&m.oracle);
	reap(m.pid);
	reap(cow_child);
	cow_child = 0;
	munmap((void *)ARENA, ARENA_SIZE);
	if (m.map_len)
		munmap((void *)m.map_va, m.map_len);
}

/* Processes: each with memory of one kind, all that it has mapped */

static const struct kind *process_kind;

static void process_setup(void)
{
	struct mem m = { .va = ARENA, .present = ANY };

	process_kind->make(&m);
	if (m.pid)
		kill(m.pid, SIGKILL);
	if (cow_child)
		kill(cow_child, SIGKILL);
}

/* Every page of a process, by its pid: runs and raw entries against pagemap */
static void check_process(pid_t pid)
{
	struct mem m = { .pid = pid, .present = ANY };

	m.len = cpu_has("la57") ? 1ULL << 56 : 1ULL << 47;
	check_way(&m, &ways[0]);
	if (!failed)
		check_way(&m, &ways[2]);
	if (!failed && !spans_pages(&m.oracle, PRESENT))
		fail("pagemap has no page of pid %d", pid);
	spans_free(&m.oracle);
}

static void run_process(const struct kind *kind)
{
	pid_t pid;

	process_kind = kind;
	test_begin();
	pid = spawn(process_setup);
	check_process(pid);
	reap(pid);
	test_end("all of a process", kind->name);
}

static void run_shell(void)
{
	test_begin();
	check_process(getppid());
	test_end("all of a process", "the shell");
}

/* What is not about one kind of memory */

/* A page of our own that is there, for questions about something else */
static uint64_t some_page(void)
{
	touch(map_anon(0, 8 * PAGE, RW), 8 * PAGE);
	return ARENA;
}

static void test_file(void)
{
	struct stat st;

	if (stat(WALK, &st))
		fail("stat: %s", strerror(errno));
	else if ((st.st_mode & 07777) != 0600 || st.st_uid || !S_ISREG(st.st_mode))
		fail("mode %o, owner %u", st.st_mode, st.st_uid);
}

/* The errno of opening the file in a child that has given something up */
static int in_child(void (*give_up)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd;

		give_up();
		fd = open(WALK, O_RDWR);
		_exit(fd < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		bail_out("fork: %s", strerror(errno));
	return WEXITSTATUS(status);
}

static void nothing(void)
{
}

static void drop_sys_admin(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		_exit(255);
	data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &head, data))
		_exit(255);
}

static void become_nobody(void)
{
	if (setgid(65534) || setuid(65534))
		_exit(255);
}

/* Root in a user namespace of its own has all capabilities, and not this one. */
static void enter_userns(void)
{
	if (unshare(CLONE_NEWUSER))
		_exit(254);
}

static void test_open(void)
{
	int err = in_child(nothing);

	if (err)
		fail("as root: %s", error_name(err));
	err = in_child(drop_sys_admin);
	if (err != EPERM)
		fail("without CAP_SYS_ADMIN: %s, not EPERM", error_name(err));
	err = in_child(become_nobody);
	if (err != EACCES)
		fail("as nobody: %s, not EACCES", error_name(err));
	err = in_child(enter_userns);
	if (err != EPERM && err != EACCES && err != 254)
		fail("in a user namespace: %s, not EPERM", error_name(err));
}

static void test_root(void)
{
	struct verify_pte_run run;
	struct verify_pte_walk arg = walk_arg(0, some_page(), PAGE, &run, 1, 0);
	const bool pti = cpu_has("pti");
	char *text = read_path("/proc/cpuinfo"), *line = strstr(text, "address sizes");
	unsigned int bits = 0;
	int err = walk_call(&arg);

	if (err) {
		fail("%s", error_name(err));
		return;
	}
	if (!line || sscanf(line, "address sizes : %u bits physical", &bits) != 1)
		fail("/proc/cpuinfo: no address sizes");
	if (arg.levels != (cpu_has("la57") ? 5 : 4))
		fail("%u levels", arg.levels);
	if (!!(arg.features & VERIFY_PTE_PTI) != pti || arg.features & ~VERIFY_PTE_PTI)
		fail("features 0x%x, and /proc/cpuinfo has %spti", arg.features, pti ? "" : "no ");
	/* kernel_to_user_pgdp(): the page after it */
	if (arg.root_pa != arg.kernel_root_pa + (pti ? PAGE : 0) || arg.root_pa % PAGE ||
	    !arg.kernel_root_pa || (pti && arg.kernel_root_pa % (2 * PAGE)))
		fail("root 0x%llx, the kernel's 0x%llx", arg.root_pa, arg.kernel_root_pa);
	if (arg.pa_mask & ~0x000ffffffffff000ULL || (~arg.pa_mask & ((1ULL << bits) - PAGE)) >> 12)
		fail("pa_mask 0x%llx of %u bits", arg.pa_mask, bits);
	free(text);
}

/* The kernel's root has NX for user memory with PTI; the one that counts has not. */
static void test_exec_root(void)
{
	struct verify_pte_entry e[PT_MAX_LEVELS];
	struct verify_pte_run run;
	struct verify_pte_walk arg;
	int err;

	touch(map_anon(0, PAGE, RW | PROT_EXEC), PAGE);
	arg = walk_arg(0, ARENA, PAGE, e, PT_MAX_LEVELS, VERIFY_PTE_RAW);
	err = walk_call(&arg);
	if (err || !arg.nr || e[0].level != arg.levels - 1) {
		fail("raw: %s, %u records", error_name(err), arg.nr);
		return;
	}
	if (e[0].entry >> 63)
		fail("the root's entry 0x%llx has NX", e[0].entry);
	arg = walk_arg(0, ARENA, PAGE, &run, 1, 0);
	err = walk_call(&arg);
	if (err || arg.nr != 1 || run.rights != PT_RIGHTS_ALL)
		fail("runs: %s, rights %x", error_name(err), run.rights);
}

/* The bad and the odd that the ioctl can be given */

struct field {
	const char *what;
	size_t offset, size; /* of the field that is changed */
	uint64_t value;
	int err;
};

#define FIELD(f) offsetof(struct verify_pte_walk, f), sizeof(((struct verify_pte_walk *)0)->f)

static void check_field(const struct field *f, uint64_t page)
{
	struct verify_pte_run buf[4];
	struct verify_pte_walk arg = walk_arg(0, page, 2 * PAGE, buf, 4, 0), before;
	size_t i;
	int err;

	memset(buf, 0xa5, sizeof(buf));
	memcpy((char *)&arg + f->offset, &f->value, f->size);
	before = arg;
	err = walk_call(&arg);
	if (err != f->err) {
		fail("%s: %s, not %s", f->what, error_name(err), error_name(f->err));
		return;
	}
	if (!err)
		return;
	if (f->offset == offsetof(struct verify_pte_walk, argsz)) {
		if (arg.argsz != sizeof(arg))
			fail("%s: argsz %u given back", f->what, arg.argsz);
		arg.argsz = before.argsz;
	}
	if (memcmp(&arg, &before, sizeof(arg)))
		fail("%s: the argument was changed", f->what);
	for (i = 0; i < sizeof(buf); i++)
		if (((unsigned char *)buf)[i] != 0xa5) {
			fail("%s: the buffer was changed", f->what);
			break;
		}
}

static void test_ioctl_fields(void)
{
	const uint64_t end = cpu_has("la57") ? 1ULL << 56 : 1ULL << 47, page = some_page();
	const struct field fields[] = {
		{ "as it must be", FIELD(pid), 0, 0 },
		{ "argsz 0", FIELD(argsz), 0, EINVAL },
		{ "argsz 4", FIELD(argsz), 4, EINVAL },
		{ "argsz one short", FIELD(argsz), sizeof(struct verify_pte_walk) - 1, EINVAL },
		{ "argsz huge", FIELD(argsz), UINT32_MAX, E2BIG },
		{ "flag 1", FIELD(flags), 2, EINVAL },
		{ "flag 31", FIELD(flags), 1U << 31, EINVAL },
		{ "all flags", FIELD(flags), UINT32_MAX, EINVAL },
		{ "nr 0", FIELD(nr), 0, EINVAL },
		{ "nr huge", FIELD(nr), UINT32_MAX, 0 },
		{ "start at byte 1", FIELD(start), page + 1, EINVAL },
		{ "start at 2048", FIELD(start), page + 2048, EINVAL },
		{ "len 0", FIELD(len), 0, EINVAL },
		{ "len 1", FIELD(len), 1, EINVAL },
		{ "len 4097", FIELD(len), 4097, EINVAL },
		{ "wraps", FIELD(len), -PAGE, EINVAL },
		{ "wraps to 0", FIELD(len), -page, EINVAL },
		{ "start wraps", FIELD(start), -PAGE, EINVAL },
		{ "one page past the user half", FIELD(start), end - PAGE, ERANGE },
		{ "at the end of the user half", FIELD(start), end, ERANGE },
		{ "the last two pages of the user half", FIELD(start), end - 2 * PAGE, EFAULT },
		{ "all up to the end", FIELD(len), end - page, 0 },
		{ "one page further", FIELD(len), end - page + PAGE, ERANGE },
		{ "not canonical", FIELD(start), 1ULL << 62, ERANGE },
		{ "the kernel's half", FIELD(start), 0xffff888000000000, ERANGE },
		{ "the vsyscall page", FIELD(start), 0xffffffffff600000, ERANGE },
		{ "in no VMA", FIELD(start), page + GIB, EFAULT },
		{ "page 0", FIELD(start), 0, EFAULT },
		{ "pid -1", FIELD(pid), UINT32_MAX, EINVAL },
		{ "pid INT_MIN", FIELD(pid), 1U << 31, EINVAL },
		{ "pid of a kernel thread", FIELD(pid), 2, ESRCH },
		{ "pid of nobody", FIELD(pid), 4194305, ESRCH },
		{ "our own pid", FIELD(pid), getpid(), 0 },
		{ "buf NULL", FIELD(buf), 0, EFAULT },
		{ "buf not writable", FIELD(buf), (uintptr_t) "", EFAULT },
		{ "buf the kernel's", FIELD(buf), 0xffff888000000000, EFAULT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		check_field(&fields[i], page);
}

static void test_ioctl_argsz(void)
{
	struct {
		struct verify_pte_walk arg;
		unsigned char more[40];
	} big = { .more = { 0 } };
	const uint64_t page = some_page();
	struct verify_pte_run run;
	size_t i;
	int fd = walk_open(O_RDWR);

	big.arg = walk_arg(0, page, PAGE, &run, 1, 0);
	big.arg.argsz = sizeof(big);
	if (ioctl(fd, VERIFY_PTE_IOC_WALK, &big))
		fail("a longer one, zero at its end: %s", strerror(errno));
	else if (big.arg.argsz != sizeof(big.arg) || big.arg.nr != 1)
		fail("a longer one: argsz %u, nr %u given back", big.arg.argsz, big.arg.nr);
	for (i = 0; i < sizeof(big.more); i++) {
		big.arg = walk_arg(0, page, PAGE, &run, 1, 0);
		big.arg.argsz = sizeof(big);
		big.more[i] = 1;
		if (!ioctl(fd, VERIFY_PTE_IOC_WALK, &big) || errno != E2BIG)
			fail("byte %zu of what it does not know is set: not E2BIG", i);
		if (big.arg.nr != 1 || big.arg.next)
			fail("byte %zu: the argument was changed", i);
		big.more[i] = 0;
	}
	close(fd);
}

/* One page of one's own has a way of its own through the module: it says what two pages say. */
static void test_ioctl_one_page(void)
{
	const uint64_t page = some_page();
	struct verify_pte_run one, two[2];
	struct verify_pte_walk arg;
	uint64_t at;
	int err, want;

	/* Of eight: 0 and 1 written, 2 untouched, 3 PROT_NONE, 4 and 5 in no VMA, 6 read-only, 7.
	 */
	madvise((void *)(page + 2 * PAGE), PAGE, MADV_DONTNEED);
	mprotect((void *)(page + 3 * PAGE), PAGE, PROT_NONE);
	munmap((void *)(page + 4 * PAGE), 2 * PAGE);
	mprotect((void *)(page + 6 * PAGE), PAGE, PROT_READ);
	for (at = page; at < page + 8 * PAGE; at += PAGE) {
		memset(&one, 0xa5, sizeof(one));
		memset(two, 0, sizeof(two));
		/* The other way: a raw walk would do too, but is the same code. */
		arg = walk_arg(0, at, 2 * PAGE, two, 2, 0);
		want = walk_call(&arg);
		if (!want && two[0].vaddr != at)
			want = EFAULT;
		arg = walk_arg(0, at, PAGE, &one, 1, 0);
		err = walk_call(&arg);
		two[0].len = PAGE;
		if (err != want)
			fail("page %" PRIu64 ": %s, not %s", (at - page) / PAGE, error_name(err),
			     error_name(want));
		else if (!err &&
			 (arg.nr != 1 || arg.next != at + PAGE || arg.entries > arg.levels ||
			  arg.pages[one.kind] != 1 || memcmp(&one, two, sizeof(one))))
			fail("page %" PRIu64 ": kind %u pa 0x%llx, not kind %u pa 0x%llx",
			     (at - page) / PAGE, one.kind, one.pa, two[0].kind, two[0].pa);
	}
}

static void test_ioctl_number(void)
{
	struct verify_pte_run run;
	struct verify_pte_walk arg = walk_arg(0, some_page(), PAGE, &run, 1, 0);
	const unsigned long numbers[] = {
		0,
		VERIFY_PTE_IOC_WALK + 1,
		/* As 0.1 had it, and as other drivers number theirs */
		_IOWR(0xb7, 0x20, struct verify_pte_walk),
		_IO(0xb7, 0x20),
		_IO(0xd8, 0x20),
		_IOWR(0xd7, 0x20, struct verify_pte_walk),
		VERIFY_PTE_IOC_IOVA,
		VERIFY_PTE_IOC_WALK,
	};
	uint32_t *last = (uint32_t *)(ARENA + 8 * PAGE - sizeof(*last));
	int fd = walk_open(O_RDWR), err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		err = ioctl(fd, numbers[i], &arg) ? errno : 0;
		if (err != (numbers[i] == VERIFY_PTE_IOC_WALK ? 0 : ENOTTY))
			fail("ioctl 0x%lx: %s", numbers[i], error_name(err));
	}
	if (!ioctl(fd, VERIFY_PTE_IOC_WALK, NULL) || errno != EFAULT)
		fail("no argument: not EFAULT");
	/* The last word of our memory there is its size, and nothing follows. */
	*last = sizeof(arg);
	if (!ioctl(fd, VERIFY_PTE_IOC_WALK, last) || errno != EFAULT)
		fail("an argument that ends in nothing: not EFAULT");
	mprotect((void *)(ARENA + 7 * PAGE), PAGE, PROT_READ);
	if (!ioctl(fd, VERIFY_PTE_IOC_WALK, ARENA + 7 * PAGE) || errno != EFAULT)
		fail("an argument that cannot be written to: not EFAULT");
	close(fd);
}

/* Fewer records than levels could never get past the tables. */
static void test_ioctl_raw_nr(void)
{
	struct verify_pte_entry e[PT_MAX_LEVELS];
	const uint64_t page = some_page();
	unsigned int nr;

	for (nr = 1; nr <= PT_MAX_LEVELS; nr++) {
		struct verify_pte_walk arg = walk_arg(0, page, PAGE, e, nr, VERIFY_PTE_RAW);
		int err = walk_call(&arg);

		if (nr < PT_MAX_LEVELS ? err != EINVAL : err)
			fail("nr %u: %s", nr, error_name(err));
		if (!err && arg.next == page)
			fail("nr %u: got nowhere", nr);
	}
}

static void test_dead(void)
{
	struct verify_pte_run run;
	pid_t pid = spawn(NULL);
	struct verify_pte_walk arg = walk_arg(pid, 0, 1ULL << 47, &run, 1, 0);
	char request[40], *text;
	siginfo_t info;
	int fd = walk_open(O_RDWR), err;

	err = walk_call(&arg);
	if (err)
		fail("alive: %s", error_name(err));
	snprintf(request, sizeof(request), "%d 0x1000", pid);
	err = walk_request(fd, request);
	if (err)
		fail("alive, \"%s\": %s", request, error_name(err));
	kill(pid, SIGKILL);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	arg = walk_arg(pid, 0, 1ULL << 47, &run, 1, 0);
	err = walk_call(&arg);
	if (err != ESRCH)
		fail("a zombie: %s, not ESRCH", error_name(err));
	waitpid(pid, NULL, 0);
	arg = walk_arg(pid, 0, 1ULL << 47, &run, 1, 0);
	err = walk_call(&arg);
	if (err != ESRCH)
		fail("reaped: %s, not ESRCH", error_name(err));
	text = ask_text_once(request, &err);
	if (text || err != ESRCH)
		fail("reaped, \"%s\": %s, not ESRCH", request, error_name(err));
	free(text);
	/* Asked while it lived, read when it does not */
	text = read_all(fd, 4096, NULL, &err);
	if (*text || err != ESRCH)
		fail("died before the read: %s, \"%s\"", error_name(err), text);
	free(text);
	close(fd);
}

/* Requests as text: P is our pid, V a page of ours, in hexadecimal */

static const struct {
	const char *text;
	int err;
} requests[] = {
	{ "P V", 0 },
	{ "P V\n", 0 },
	{ "P V 0x2000", 0 },
	{ "P V 8192", 0 },
	{ "P V 8192\n", 0 },
	{ "  P \t V   0x1000  \n", 0 },
	{ "P:V", 0 },
	{ "P:V\n", 0 },
	{ "P:V+0x2000", 0 },
	{ "P:V+4096", 0 },
	{ "V", 0 },
	{ " V \n", 0 },
	{ "", EINVAL },
	{ " ", EINVAL },
	{ "\n", EINVAL },
	{ ":", EINVAL },
	{ "abc", EINVAL },
	{ "P", EINVAL }, /* a pid is no page's address */
	{ "P abc", EINVAL },
	{ "P Vx", EINVAL },
	{ "Px V", EINVAL },
	{ "1 2 3 4", EINVAL },
	{ "P V 0x1000 0x1000", EINVAL },
	{ "0 0x1000", EINVAL },
	{ "-1 0x1000", EINVAL },
	{ "-P V", EINVAL },
	{ "0x1 V", EINVAL },
	{ "P -0x1000", EINVAL },
	{ "P V -4096", EINVAL },
	{ "99999999999 V", EINVAL },
	{ "P 0x10000000000001000", EINVAL },
	{ "P V 0x10000000000001000", EINVAL },
	{ "P:", EINVAL },
	{ ":V", EINVAL },
	{ "P:V+", EINVAL },
	{ "P:V+0x1000+0x1000", EINVAL },
	{ "P:P:V", EINVAL },
	{ "P V+0x1000", EINVAL },
	{ "P,V", EINVAL },
	{ "P 0x1001", EINVAL },
	{ "P V 0x1001", EINVAL },
	{ "P V 1", EINVAL },
	{ "P V 0", EINVAL },
	{ "P:V+0", EINVAL },
	{ "P 0xfffffffffffff000", EINVAL },
	{ "P 0xffffffffffffe000 0x2000", EINVAL },
	{ "P V 0xfffffffffffff000", EINVAL },
	{ "P 0xffff888000000000", ERANGE },
	{ "P 0x4000000000000000", ERANGE },
	{ "P 0x100000000000000", ERANGE },
	{ "P 0xfffffffffff000 0x2000", ERANGE },
	{ "2 V", ESRCH },
	{ "2:V+0x1000", ESRCH },
	{ "4194305 V", ESRCH },
};

static void fill_in(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (out[0] = '\0'; *text && n < size; text++) {
		if (*text == 'P')
			n += snprintf(out + n, size - n, "%d", getpid());
		else if (*text == 'V')
			n += snprintf(out + n, size - n, "0x%" PRIx64, ARENA);
		else
			n += snprintf(out + n, size - n, "%c", *text);
	}
}

static void check_request(int fd, const char *text, size_t size, int want_err, const char *what)
{
	ssize_t n = write(fd, text, size);
	int err = n < 0 ? errno : 0;

	if (err != want_err || (n >= 0 && n != (ssize_t)size))
		fail("\"%s\": %s (%zd), not %s", what, error_name(err), n, error_name(want_err));
}

static void test_requests(void)
{
	char text[201];
	int fd = walk_open(O_RDWR), err;
	size_t i;

	some_page();
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		fill_in(text, sizeof(text), requests[i].text);
		check_request(fd, text, strlen(text), requests[i].err, requests[i].text);
	}
	check_request(fd, "1\0 0x1000", 9, EINVAL, "NUL in the middle");
	check_request(fd, "1 0x1000\0", 9, EINVAL, "NUL at the end");
	memset(text, ' ', 200);
	memcpy(text, "1 0x1000", 8);
	check_request(fd, text, 200, EINVAL, "200 characters");
	check_request(fd, text, 127, 0, "127 characters");
	check_request(fd, text, 128, EINVAL, "128 characters");
	memset(text, '1', 200);
	check_request(fd, text, 200, EINVAL, "200 digits");
	err = write(fd, (void *)PAGE, 8) < 0 ? errno : 0;
	if (err != EFAULT)
		fail("no memory behind it: %s, not EFAULT", error_name(err));
	close(fd);
}

static char request_buf[200];

/* Until the next good one, a request that is refused is what is read: by whoever reads then. */
static void check_refused(int fd, const char *what, int want)
{
	const int reader = walk_open(O_RDONLY);
	int err, n;
	char *text;

	for (n = 0; n < 2; n++) {
		text = read_all(n ? reader : fd, 4096, NULL, &err);
		if (*text || err != want)
			fail("%s%s: %s, not %s:\n%s", what, n ? ", read only" : "", error_name(err),
			     error_name(want), text);
		free(text);
	}
	close(reader);
	if (pread(fd, request_buf, sizeof(request_buf), 100) >= 0 || errno != want)
		fail("%s: not from its middle either: %s", what, error_name(errno));
}

static void test_refused(void)
{
	static const struct {
		const char *text;
		int err;
	} refused[] = {
		{ "abc", EINVAL },	{ "4194305 0x1000", ESRCH },
		{ "2 0x1000", ESRCH },	{ "0xffff888000000000", ERANGE },
		{ "1 0x1001", EINVAL },
	};
	int fd = walk_open(O_RDWR), err;
	char *before, *after, request[40];
	size_t i;

	before = read_all(fd, 4096, NULL, &err);
	if (*before || err != ENODATA)
		fail("before any request: %s, not ENODATA", error_name(err));
	free(before);
	snprintf(request, sizeof(request), "0x%" PRIx64, some_page());
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		walk_request(fd, request);
		before = read_all(fd, 4096, NULL, &err);
		walk_request(fd, refused[i].text);
		check_refused(fd, refused[i].text, refused[i].err);
		/* And a good one is answered again. */
		walk_request(fd, request);
		after = read_all(fd, 4096, NULL, &err);
		if (!*before || err || strcmp(before, after))
			fail("after \"%s\": %s:\n%s", refused[i].text, error_name(err), after);
		free(before);
		free(after);
	}
	/* However it is refused */
	if (write(fd, (void *)PAGE, 8) >= 0)
		fail("no memory behind it: taken");
	check_refused(fd, "no memory behind it", EFAULT);
	walk_request(fd, request);
	memset(request_buf, ' ', sizeof(request_buf));
	if (write(fd, request_buf, sizeof(request_buf)) >= 0)
		fail("too long: taken");
	check_refused(fd, "too long", EINVAL);
	close(fd);
}

/* A request without LEN, with each form of naming: one and the same answer */
static void test_forms(void)
{
	static const char *const one[] = { "P V", "P:V", "V" };
	static const char *const range[] = { "P V 0x3000", "P:V+0x3000", "P:V+12288" };
	char text[64], *first, *other;
	unsigned int i;
	int err;

	some_page();
	for (i = 0; i < 2 * ARRAY_SIZE(one); i++) {
		const char *const *form = i < ARRAY_SIZE(one) ? one : range;

		fill_in(text, sizeof(text), form[0]);
		first = ask_text_once(text, &err);
		fill_in(text, sizeof(text), form[i % ARRAY_SIZE(one)]);
		other = ask_text_once(text, &err);
		if (!first || !other || strcmp(first, other))
			fail("\"%s\": %s:\n%s", text, error_name(err), other ? other : "");
		else if (!strstr(other, form == one ? "\neffective: " : "\ncomplete: "))
			fail("\"%s\": not that form:\n%s", text, other);
		free(first);
		free(other);
	}
}

static void test_no_vma(void)
{
	char request[64], *text;
	int err;

	snprintf(request, sizeof(request), "%d 0x%" PRIx64, getpid(), ARENA + GIB);
	text = ask_text_once(request, &err);
	if (!text || !strstr(text, "\neffective: not mapped: the address is in no VMA\n"
				   "_PAGE_USER: none\n"))
		fail("\"%s\": %s:\n%s", request, error_name(err), text ? text : "");
	free(text);
	snprintf(request, sizeof(request), "%d 0x%" PRIx64 " 0x2000", getpid(), ARENA + GIB);
	text = ask_text_once(request, &err);
	if (!text || !strstr(text, "\nnot mapped: the range is in no VMA\ncomplete: none 0 page 0 "
				   "protnone 0 invalid 0 absent 0 (4K pages)\n"))
		fail("\"%s\": %s:\n%s", request, error_name(err), text ? text : "");
	free(text);
}

/* Runs for several of the module's buffers (16 KiB each), each with a line */
#define FRAGMENTS 1600

static void fragment(void)
{
	struct mem m = { 0 };

	every_other(&m, FRAGMENTS);
}

static void fragment_request(char *out, size_t size, pid_t pid)
{
	snprintf(out, size, "%d 0x%" PRIx64 " 0x%" PRIx64, pid, ARENA, FRAGMENTS * PAGE);
}

static void test_pieces(void)
{
	static const size_t chunks[] = { 1, 13, 4096, 1 << 20 };
	char request[64], *whole, *text;
	int fd = walk_open(O_RDWR), err;
	size_t i, size;

	fragment();
	fragment_request(request, sizeof(request), getpid());
	whole = ask_text_once(request, &err);
	if (!whole || !strstr(whole, "\ncomplete: none 800 page 800 ")) {
		fail("\"%s\": %s", request, error_name(err));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		walk_request(fd, request);
		text = read_all(fd, chunks[i], &size, &err);
		if (err || strcmp(text, whole))
			fail("in pieces of %zu: %s, %zu bytes of %zu", chunks[i], error_name(err),
			     size, strlen(whole));
		free(text);
	}
	/* From somewhere in it, and from the start once more */
	for (i = 0; i < 4; i++) {
		size_t at = i & 1 ? strlen(whole) * i / 4 : 0;

		if (lseek(fd, at, SEEK_SET) != (off_t)at)
			fail("lseek: %s", strerror(errno));
		text = read_all(fd, 4096, NULL, &err);
		if (err || strcmp(text, whole + at))
			fail("from byte %zu: %s", at, error_name(err));
		free(text);
	}
	free(whole);
	close(fd);
}

/* A new request, whatever has been read of the last answer: from the start */
static void test_second_request(void)
{
	static const size_t before[] = { 0, 1, 100, 5000, 60000 };
	char request[64], second[64], *want_text, *text;
	static char some[60000];
	int fd = walk_open(O_RDWR), err;
	size_t i, n;

	fragment();
	fragment_request(request, sizeof(request), getpid());
	snprintf(second, sizeof(second), "%d:0x%" PRIx64, getpid(), ARENA);
	want_text = ask_text_once(second, &err);
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		walk_request(fd, request);
		for (n = 0; n < before[i];) {
			ssize_t got = read(fd, some, before[i] - n);

			if (got <= 0)
				break;
			n += got;
		}
		if (n != before[i])
			fail("only %zu bytes to read", n);
		walk_request(fd, second);
		text = read_all(fd, 4096, NULL, &err);
		if (err || strcmp(text, want_text))
			fail("after %zu bytes of another: %s:\n%s", before[i], error_name(err),
			     text);
		free(text);
	}
	free(want_text);
	close(fd);
}

/* Requests, reads and calls of one opener are nothing to another. */
static void test_two_files(void)
{
	char request[64], second[64], *whole, *rest, *text, some[1000];
	int a = walk_open(O_RDWR), b = walk_open(O_RDWR), err;
	struct verify_pte_run run;
	struct verify_pte_walk arg;

	fragment();
	fragment_request(request, sizeof(request), getpid());
	whole = ask_text_once(request, &err);
	snprintf(second, sizeof(second), "%d:0x%" PRIx64, getpid(), ARENA + PAGE);
	walk_request(a, request);
	if (read(a, some, sizeof(some)) != sizeof(some) || memcmp(some, whole, sizeof(some)))
		fail("the first read");
	walk_request(b, second);
	arg = walk_arg(0, ARENA, PAGE, &run, 1, 0);
	if (ioctl(b, VERIFY_PTE_IOC_WALK, &arg))
		fail("ioctl: %s", strerror(errno));
	rest = read_all(a, 4096, NULL, &err);
	if (err || strcmp(rest, whole + sizeof(some)))
		fail("the rest, with another file at work: %s", error_name(err));
	text = read_all(b, 4096, NULL, &err);
	free(rest);
	rest = ask_text_once(second, &err);
	if (err || strcmp(text, rest))
		fail("the other file: %s:\n%s", error_name(err), text);
	free(text);
	free(rest);

	/* On the same file a call ends the text; it starts again, or fails. */
	lseek(a, 0, SEEK_SET);
	if (read(a, some, sizeof(some)) != sizeof(some) || ioctl(a, VERIFY_PTE_IOC_WALK, &arg))
		fail("read, then ioctl: %s", strerror(errno));
	rest = read_all(a, 4096, NULL, &err);
	if (err ? !!strstr(rest, "complete:") : !!strcmp(rest, whole + sizeof(some)))
		fail("after an ioctl: %s, %zu bytes", error_name(err), strlen(rest));
	free(rest);
	lseek(a, 0, SEEK_SET);
	rest = read_all(a, 4096, NULL, &err);
	if (err || strcmp(rest, whole))
		fail("after an ioctl, from the start: %s", error_name(err));
	free(rest);
	free(whole);
	close(a);
	close(b);
}

static void test_read_only(void)
{
	char request[64], want_head[40], *text, *asked;
	pid_t pid = spawn(other_setup);
	int fd, err;

	snprintf(request, sizeof(request), "%d:0x%" PRIx64, pid, ARENA + 6 * PAGE);
	asked = ask_text_once(request, &err);
	fd = walk_open(O_RDONLY);
	text = read_all(fd, 4096, NULL, &err);
	snprintf(want_head, sizeof(want_head), "pid %d ", pid);
	if (!asked || err || strcmp(text, asked) || strncmp(text, want_head, strlen(want_head)))
		fail("the last request: %s:\n%s", error_name(err), text);
	free(text);
	if (!write(fd, "1 0x1000", 8) || errno != EBADF)
		fail("written to: %s", strerror(errno));
	/* What it is about is settled when it is opened. */
	free(ask_text_once("1 0x1000", &err));
	lseek(fd, 0, SEEK_SET);
	text = read_all(fd, 4096, NULL, &err);
	if (!asked || strcmp(text, asked))
		fail("another request later: %s:\n%s", error_name(err), text);
	free(text);
	free(asked);
	close(fd);

	/* The last request, of a process that is gone */
	fd = walk_open(O_RDWR);
	walk_request(fd, request);
	close(fd);
	reap(pid);
	fd = walk_open(O_RDONLY);
	text = read_all(fd, 4096, NULL, &err);
	if (*text || err != ESRCH)
		fail("of a dead process: %s, not ESRCH:\n%s", error_name(err), text);
	free(text);
	close(fd);
}

/* Half an answer never ends as if it were whole. */
static void test_dies_half_read(void)
{
	static const size_t before[] = { 1, 100, 4096 };
	char request[64], some[4096], *rest;
	size_t i, n;
	int fd, err;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		pid_t pid = spawn(fragment);
		ssize_t got;

		fd = walk_open(O_RDWR);
		fragment_request(request, sizeof(request), pid);
		walk_request(fd, request);
		for (n = 0; n < before[i]; n += got) {
			got = read(fd, some, before[i] - n);
			if (got <= 0)
				break;
		}
		if (n != before[i])
			fail("only %zu bytes to read", n);
		reap(pid);
		rest = read_all(fd, 512, NULL, &err);
		if (err != ESRCH || strstr(rest, "complete:"))
			fail("after %zu bytes: %s, and \"complete:\" %s there", before[i],
			     error_name(err), strstr(rest, "complete:") ? "is" : "is not");
		free(rest);
		/* Nor does another try go on from there. */
		rest = read_all(fd, 512, NULL, &err);
		if (*rest || !err)
			fail("after %zu bytes, once more: %s, \"%s\"", before[i], error_name(err),
			     rest);
		free(rest);
		close(fd);
	}
}

static const struct test {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "the file is root's alone", test_file },
	{ "open needs CAP_SYS_ADMIN", test_open },
	{ "root, levels, PTI, mask", test_root },
	{ "root entry of an executable page", test_exec_root },
	{ "ioctl: each field", test_ioctl_fields },
	{ "ioctl: argsz larger than known", test_ioctl_argsz },
	{ "ioctl: numbers", test_ioctl_number },
	{ "ioctl: one page", test_ioctl_one_page },
	{ "ioctl: raw with little room", test_ioctl_raw_nr },
	{ "dead processes", test_dead },
	{ "requests as text", test_requests },
	{ "a refused request leaves no answer", test_refused },
	{ "forms of one request", test_forms },
	{ "text about no VMA", test_no_vma },
	{ "text read in pieces", test_pieces },
	{ "a second request on the same file", test_second_request },
	{ "two open files", test_two_files },
	{ "a read-only file", test_read_only },
	{ "dies while half read", test_dies_half_read },
};

int main(void)
{
	size_t i;

	close(walk_open(O_RDWR));
	printf("KTAP version 1\n1..%zu\n",
	       ARRAY_SIZE(kinds) * (ARRAY_SIZE(ways) + 1) + 1 + ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		run_kind(&kinds[i]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		run_process(&kinds[i]);
	run_shell();
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		test_begin();
		tests[i].run();
		munmap((void *)ARENA, ARENA_SIZE);
		test_end(tests[i].name, NULL);
	}
	return nr_failed ? 1 : 0;
}
