// SPDX-License-Identifier: GPL-2.0
/*
 * The module against the kernel's own reading of the same tables, in its debugfs: root, in
 * the guest of a kernel that has PTDUMP_DEBUGFS and INTEL_IOMMU_DEBUGFS, module loaded.
 *
 *	debugfs pages		page_tables/current_user: this process, which makes memory
 *				of many kinds; level and flags of every page
 *	debugfs iova BDF FILE	iommu/intel/BDF/domain_translation_struct against FILE, what
 *				"vfio_test iova BDF RANGE" printed: frame of every page
 *
 * Both go both ways: what one has and the other has not is a mismatch too. Nothing here
 * decodes an entry with the project's own code.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind and PT_*; no decoding */
#include "ktap.h"
#include "tally.h"

#define DEBUGFS	   "/sys/kernel/debug/"
#define PAGES_FILE DEBUGFS "page_tables/current_user"

/* Between two looks at the same tables they may change; then they are looked at again. */
#define TRIES	10
#define SAY_MAX 10

static unsigned int nr_said;

/* The first of what differs; more of it is noise. */
__attribute__((format(printf, 1, 2))) static void differs(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	if (nr_said++ >= SAY_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	comment("%s", line);
}

/* A file to its end, into @text, which is there already: nothing is allocated meanwhile. */
static size_t read_all(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		bail_out("%s: %s", path, strerror(errno));
	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	if (n < 0 || len == size - 1)
		bail_out("%s: %s", path, n < 0 ? strerror(errno) : "longer than expected");
	close(fd);
	text[len] = '\0';
	return len;
}

static char text[8 << 20];

/*
 * pages: one list of what is mapped from each witness, in order; both are cut into pages.
 *
 * The flags, as letters that x86's entry has by these numbers (Intel SDM, volume 3, 4.5); PAT is
 * bit 7 of an entry for 4K, bit 12 above.
 */
#define F_RW  (1U << 0)
#define F_USR (1U << 1)
#define F_PWT (1U << 2)
#define F_PCD (1U << 3)
#define F_PSE (1U << 4)
#define F_PAT (1U << 5)
#define F_GLB (1U << 6)
#define F_NX  (1U << 7)

struct range {
	uint64_t start, end;
	uint32_t flags;
	uint8_t level;	/* 0 = 4K */
	uint8_t rights; /* of the module's runs */
};

struct list {
	struct range *at;
	size_t nr, max;
};

static void list_add(struct list *l, struct range r)
{
	if (l->nr == l->max)
		bail_out("more than %zu ranges", l->max);
	l->at[l->nr++] = r;
}

static void list_init(struct list *l, size_t max)
{
	l->at = calloc(max, sizeof(*l->at));
	if (!l->at)
		bail_out("no memory");
	/* Touched, so that no page comes in later. */
	memset(l->at, 0xff, max * sizeof(*l->at));
	l->nr = 0;
	l->max = max;
}

/* "0xSTART-0xEND   4K USR RW PWT PCD PSE PAT GLB NX pte"; a hole has no USR, ro or RW */
static bool parse_line(const char *line, struct range *r)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} words[] = {
		{ "USR", F_USR }, { "RW", F_RW },   { "PWT", F_PWT }, { "PCD", F_PCD },
		{ "PSE", F_PSE }, { "PAT", F_PAT }, { "GLB", F_GLB }, { "NX", F_NX },
	};
	static const char *const levels[] = { "pte", "pmd", "pud", "p4d", "pgd" };
	char copy[256], *word, *save;
	bool present = false, leveled = false;
	unsigned int i;
	int end;

	memset(r, 0, sizeof(*r));
	if (sscanf(line, "0x%" SCNx64 "-0x%" SCNx64 " %*s%n", &r->start, &r->end, &end) != 2)
		return false;
	snprintf(copy, sizeof(copy), "%s", line + end);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (!strcmp(word, "ro") || !strcmp(word, "RW"))
			present = true;
		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (!strcmp(word, words[i].word))
				r->flags |= words[i].flag;
		for (i = 0; i < ARRAY_SIZE(levels); i++)
			if (!strcmp(word, levels[i])) {
				r->level = i;
				leveled = true;
			}
	}
	if (!leveled)
		bail_out("%s: not a line as this test knows them", line);
	return present;
}

/* What the kernel says of the user half, up to the line that ends it */
static void read_kernel(struct list *l)
{
	char *line, *save;
	bool user = false;

	read_all(PAGES_FILE, text, sizeof(text));
	l->nr = 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct range r;

		if (!strncmp(line, "---[", 4))
			user = strstr(line, "User Space");
		else if (user && parse_line(line, &r))
			list_add(l, r);
	}
}

static uint64_t user_end(int fd);

/* The module's raw entries of the user half that the CPU would use: leaves that are present */
static void read_raw(int fd, struct list *l)
{
	static struct verify_pte_entry e[4096];
	const uint64_t end = user_end(fd);
	struct verify_pte_walk ask;
	uint64_t at = 0;
	unsigned int i;

	for (l->nr = 0; at < end; at = ask.next) {
		ask = (struct verify_pte_walk){
			.argsz = sizeof(ask),
			.flags = VERIFY_PTE_RAW,
			.nr = ARRAY_SIZE(e),
			.start = at,
			.len = end - at,
			.buf = (uintptr_t)e,
		};
		if (ioctl(fd, VERIFY_PTE_IOC_WALK, &ask))
			bail_out("%s: raw walk: %s", WALK, strerror(errno));
		for (i = 0; i < ask.nr; i++) {
			uint64_t v = e[i].entry, size = PAGE << 9 * e[i].level;
			bool table = e[i].level && !(v & 0x80);

			if (!(v & 1) || table)
				continue;
			list_add(l,
				 (struct range){
					 .start = e[i].vaddr,
					 .end = (e[i].vaddr / size + 1) * size,
					 .level = e[i].level,
					 .flags = (v & 2 ? F_RW : 0) | (v & 4 ? F_USR : 0) |
						  (v & 8 ? F_PWT : 0) | (v & 0x10 ? F_PCD : 0) |
						  (e[i].level ? F_PSE : 0) |
						  (v & (e[i].level ? 0x1000 : 0x80) ? F_PAT : 0) |
						  (v & 0x100 ? F_GLB : 0) | (v >> 63 ? F_NX : 0),
				 });
		}
	}
}

/* The same as runs: what they say of rights over all levels */
static void read_runs(int fd, struct list *l)
{
	static struct verify_pte_run runs[4096];
	const uint64_t end = user_end(fd);
	struct verify_pte_walk ask;
	uint64_t at = 0;
	unsigned int i;

	for (l->nr = 0; at < end; at = ask.next) {
		ask = (struct verify_pte_walk){
			.argsz = sizeof(ask),
			.nr = ARRAY_SIZE(runs),
			.start = at,
			.len = end - at,
			.buf = (uintptr_t)runs,
		};
		if (ioctl(fd, VERIFY_PTE_IOC_WALK, &ask))
			bail_out("%s: walk: %s", WALK, strerror(errno));
		for (i = 0; i < ask.nr; i++)
			if (runs[i].kind == PT_LEAF)
				list_add(l, (struct range){ .start = runs[i].vaddr,
							    .end = runs[i].vaddr + runs[i].len,
							    .level = runs[i].level,
							    .rights = runs[i].rights });
	}
}

/* The end of the user half, by the number of levels that the module reports */
static uint64_t user_end(int fd)
{
	struct verify_pte_run run;
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.nr = 1,
		.start = (uintptr_t)text & -PAGE,
		.len = PAGE,
		.buf = (uintptr_t)&run,
	};

	if (ioctl(fd, VERIFY_PTE_IOC_WALK, &ask))
		bail_out("%s: %s", WALK, strerror(errno));
	return UINT64_C(1) << (ask.levels == 5 ? 56 : 47);
}

static uint64_t pages_of(const struct list *l)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < l->nr; i++)
		sum += (l->at[i].end - l->at[i].start) / PAGE;
	return sum;
}

/* Rights as one word of them gives: bits of the leaf, since no table of a user's takes any */
static uint8_t rights_of(uint32_t flags)
{
	return (flags & F_USR ? PT_USER : 0) | (flags & F_RW ? PT_WRITE : 0) |
	       (flags & F_NX ? 0 : PT_EXEC);
}

enum by { BY_FLAGS, BY_RIGHTS };

/* Pages in which they differ; a page that one alone has is one. Both are in order. */
static uint64_t differ(const struct list *kernel, const struct list *module, enum by by)
{
	size_t k = 0, m = 0;
	uint64_t at = 0, bad = 0;

	while (k < kernel->nr || m < module->nr) {
		const struct range *a = k < kernel->nr ? &kernel->at[k] : NULL;
		const struct range *b = m < module->nr ? &module->at[m] : NULL;
		uint64_t from_a = a ? (a->start > at ? a->start : at) : UINT64_MAX;
		uint64_t from_b = b ? (b->start > at ? b->start : at) : UINT64_MAX;
		uint64_t from = from_a < from_b ? from_a : from_b, to;
		bool in_a = from_a == from, in_b = from_b == from;

		/* As far as nothing begins or ends. */
		to = in_a ? a->end : from_a;
		if ((in_b ? b->end : from_b) < to)
			to = in_b ? b->end : from_b;
		if (in_a && in_b) {
			bool equal = a->level == b->level &&
				     (by == BY_FLAGS ? a->flags == b->flags
						     : rights_of(a->flags) == b->rights);

			if (!equal) {
				bad += (to - from) / PAGE;
				differs("0x%" PRIx64 "-0x%" PRIx64
					": kernel: level %u flags 0x%02x; module: level %u %s 0x%02x",
					from, to, a->level, a->flags, b->level,
					by == BY_FLAGS ? "flags" : "rights",
					by == BY_FLAGS ? b->flags : b->rights);
			}
		} else {
			bad += (to - from) / PAGE;
			differs("0x%" PRIx64 "-0x%" PRIx64 ": only the %s has it", from, to,
				in_a ? "kernel" : "module");
		}
		at = to;
		if (a && at >= a->end)
			k++;
		if (b && at >= b->end)
			m++;
	}
	return bad;
}

/* Memory of many kinds; what cannot be had is told */
static void make_memory(const char *device)
{
	const size_t big = 4 << 20;
	char *p;
	int fd;

	p = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED || mprotect(p + 8 * PAGE, 8 * PAGE, PROT_READ) ||
	    mprotect(p + 24 * PAGE, 8 * PAGE, PROT_NONE) ||
	    mprotect(p + 40 * PAGE, 8 * PAGE, PROT_READ | PROT_EXEC) ||
	    mprotect(p + 48 * PAGE, 8 * PAGE, RW | PROT_EXEC) || munmap(p + 60 * PAGE, PAGE))
		bail_out("memory: %s", strerror(errno));
	/* The page of zeros, and holes between. */
	p = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		bail_out("memory: %s", strerror(errno));
	for (unsigned int i = 0; i < 64; i += 3)
		*(volatile char *)(p + i * PAGE);
	/* Transparent huge pages, one of them of other rights. */
	p = mmap(NULL, 3 * big, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		bail_out("memory: %s", strerror(errno));
	p = (char *)(((uintptr_t)p + big - 1) / big * big);
	if (!madvise(p, 2 * big, MADV_HUGEPAGE))
		memset(p, 1, 2 * big);
	if (mprotect(p + big / 2, big / 2, PROT_READ))
		bail_out("memory: %s", strerror(errno));
	p = mmap(NULL, big / 2, RW,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		bail_out("no huge page of 2 MiB: %s", strerror(errno));
	/* Not cached: registers of a device. */
	fd = open(device, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		bail_out("%s: %s", device, strerror(errno));
	p = mmap(NULL, 16 * PAGE, RW, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		bail_out("%s: mmap: %s", device, strerror(errno));
	close(fd);
	fd = syscall(SYS_memfd_create, "debugfs", 0);
	if (fd < 0 || ftruncate(fd, 16 * PAGE) ||
	    mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0) == MAP_FAILED)
		bail_out("memfd: %s", strerror(errno));
}

static int pages_main(const char *bdf)
{
	struct list kernel, module, again, runs;
	uint64_t bad = 0, bad_runs = 0, nr[5] = { 0 }, none;
	unsigned int tries;
	char path[96];
	size_t i;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", bdf);
	ktap_plan(6);
	list_init(&kernel, 1 << 16);
	list_init(&module, 1 << 16);
	list_init(&again, 1 << 16);
	list_init(&runs, 1 << 16);
	make_memory(path);
	memset(text, 1, sizeof(text));
	if (mlockall(MCL_CURRENT))
		bail_out("mlockall: %s", strerror(errno));
	fd = open(WALK, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bail_out("%s: %s; load the module first: modprobe verify_pte", WALK,
			 strerror(errno));

	/* Twice by the module, around the kernel's: what changed in between says nothing. */
	for (tries = 1; tries <= TRIES; tries++) {
		read_raw(fd, &module);
		read_runs(fd, &runs);
		read_kernel(&kernel);
		read_raw(fd, &again);
		if (module.nr == again.nr &&
		    !memcmp(module.at, again.at, module.nr * sizeof(*module.at)))
			break;
	}
	result(tries <= TRIES, "pages: the tables stood still");
	bad = differ(&kernel, &module, BY_FLAGS);
	bad_runs = differ(&kernel, &runs, BY_RIGHTS);
	for (i = 0; i < module.nr; i++)
		nr[module.at[i].level]++;
	none = pages_of(&kernel);
	printf("# %" PRIu64 " pages of 4K by the kernel, %" PRIu64 " and %" PRIu64
	       " by the module; entries: 4K %" PRIu64 ", 2M %" PRIu64 "\n",
	       none, pages_of(&module), pages_of(&runs), nr[0], nr[1]);
	result(none > 4096 && nr[0] > 256 && nr[1] >= 3, "pages: there are many, of both sizes");
	result(pages_of(&module) == none && pages_of(&runs) == none, "pages: as many");
	result(!bad, "pages: level and USR RW PWT PCD PSE PAT GLB NX of every one");
	result(!bad_runs, "pages: rights over all levels of every one");
	for (i = 0; i < kernel.nr; i++)
		if (kernel.at[i].flags & F_PCD)
			break;
	result(i < kernel.nr, "pages: some of a device, not cached");
	return ktap_status();
}

/* iova */

struct page {
	uint64_t iova, pa;
};

struct pages {
	struct page *at;
	size_t nr, max;
};

static void pages_add(struct pages *p, uint64_t iova, uint64_t pa, uint64_t len)
{
	for (; len; iova += PAGE, pa += PAGE, len -= PAGE) {
		if (p->nr == p->max) {
			p->max = p->max ? 2 * p->max : 4096;
			p->at = realloc(p->at, p->max * sizeof(*p->at));
			if (!p->at)
				bail_out("no memory");
		}
		p->at[p->nr++] = (struct page){ iova, pa };
	}
}

/*
 * "0xPFN | 0xPML5E 0xPML4E 0xPDPE [0xPDE [0xPTE]]": the last entry is the leaf. Its frame is in
 * bits 51:12 (VT-d specification 9.8, second-stage paging entries).
 */
static void read_domain(const char *path, struct pages *p, unsigned int *large)
{
	char *line, *save;

	read_all(path, text, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t pfn, e[5];
		int n = sscanf(line,
			       "0x%" SCNx64 " | 0x%" SCNx64 " 0x%" SCNx64 " 0x%" SCNx64
			       " 0x%" SCNx64 " 0x%" SCNx64,
			       &pfn, &e[0], &e[1], &e[2], &e[3], &e[4]);

		if (n < 4)
			continue;
		*large += n < 6;
		pages_add(p, pfn * PAGE, e[n - 2] & UINT64_C(0x000ffffffffff000),
			  PAGE << 9 * (6 - n));
	}
}

static void read_answer(const char *path, struct pages *p)
{
	char *line, *save;

	read_all(path, text, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t start, end, pa;

		if (sscanf(line, "0x%" SCNx64 "-0x%" SCNx64 " pa 0x%" SCNx64, &start, &end, &pa) ==
		    3)
			pages_add(p, start, pa, end - start);
	}
}

static int iova_main(const char *bdf, const char *answer)
{
	struct pages kernel = { 0 }, module = { 0 };
	unsigned int large = 0;
	uint64_t bad = 0;
	char path[128];
	size_t k = 0, m = 0;

	ktap_plan(3);
	snprintf(path, sizeof(path), DEBUGFS "iommu/intel/%s/domain_translation_struct", bdf);
	read_domain(path, &kernel, &large);
	read_answer(answer, &module);
	while (k < kernel.nr || m < module.nr) {
		const struct page *a = k < kernel.nr ? &kernel.at[k] : NULL;
		const struct page *b = m < module.nr ? &module.at[m] : NULL;
		bool use_a = a && (!b || a->iova <= b->iova),
		     use_b = b && (!a || b->iova <= a->iova);

		if (!use_a || !use_b) {
			bad++;
			differs("IOVA 0x%" PRIx64 ": only the %s has it", use_a ? a->iova : b->iova,
				use_a ? "kernel" : "module");
		} else if (a->pa != b->pa) {
			bad++;
			differs("IOVA 0x%" PRIx64 ": kernel: pa 0x%" PRIx64
				"; module: pa 0x%" PRIx64,
				a->iova, a->pa, b->pa);
		}
		k += use_a;
		m += use_b;
	}
	printf("# %zu pages by the kernel, %zu by the module; %u large entries\n", kernel.nr,
	       module.nr, large);
	result(kernel.nr > 0, "iova: there are some");
	result(kernel.nr == module.nr, "iova: as many");
	result(!bad, "iova: the frame of every one");
	return ktap_status();
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "pages"))
		return pages_main(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "iova"))
		return iova_main(argv[2], argv[3]);
	fprintf(stderr, "usage: debugfs pages BDF | debugfs iova BDF FILE\n");
	return 2;
}
