// SPDX-License-Identifier: GPL-2.0
#include "env/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BASE_PAGE     4096ULL
#define KIB	      UINT64_C(1024)
#define MIB	      (KIB * KIB)
/* A version 1 group without a limit shows the largest value of its counter. */
#define NO_GROUP_LIMIT (1ULL << 62)

/* --- judging --------------------------------------------------------------- */

/*
 * A JSON report is built in memory as a whole.  Where no frame follows the one before it, each page
 * is a record of its own, once for the process and once for each mapping.
 */
static uint64_t json_overhead(const struct memory_need *need)
{
	const unsigned int records = 1 + (need->mappings ? need->mappings : 1);

	return need->json ? need->size / need->page_size * records * 1664 : 0;
}

uint64_t memory_overhead(const struct memory_need *need)
{
	/* About 128 bytes for the entries, runs and tables of a page, and what every run needs. */
	return need->size / BASE_PAGE * 128 + json_overhead(need) + 8 * MIB;
}

uint64_t memory_ordinary(const struct memory_need *need)
{
	return memory_overhead(need) + (need->page_size > BASE_PAGE ? 0 : need->size);
}

uint64_t memory_huge_room(const struct memory *mem)
{
	uint64_t idle =
		mem->huge_free > mem->huge_reserved ? mem->huge_free - mem->huge_reserved : 0;

	return idle + (mem->huge_overcommit > mem->huge_surplus
			       ? mem->huge_overcommit - mem->huge_surplus
			       : 0);
}

static uint64_t huge_needed(const struct memory_need *need)
{
	return (need->size + need->page_size - 1) / need->page_size;
}

uint64_t memory_huge_goal(const struct memory *mem, const struct memory_need *need)
{
	uint64_t room = memory_huge_room(mem), wanted = huge_needed(need);

	return mem->huge_total + (wanted > room ? wanted - room : 0);
}

uint64_t memory_charged(const struct memory *mem, enum memory_account account)
{
	return account == ACCOUNT_USER ? mem->pinned_by_user : mem->locked;
}

static bool exceeds(uint64_t need, uint64_t room)
{
	return room != MEMORY_NO_LIMIT && need > room;
}

bool memory_lacks(const struct memory *mem, const struct memory_need *need, enum memory_kind kind)
{
	/* The kernel does not count mappings of hugetlb as data or as committed memory. */
	const bool huge = need->page_size > BASE_PAGE;
	const uint64_t charged = memory_charged(mem, need->account);
	const unsigned int mappings = need->mappings ? need->mappings : 1;

	if (!mem->read || !need->size)
		return false;
	switch (kind) {
	case MEMORY_ADDRESS_SPACE:
		return exceeds(need->size, mem->address_space);
	case MEMORY_DATA:
		return !huge && exceeds(need->size, mem->data);
	case MEMORY_COMMIT:
		return !huge && exceeds(need->size, mem->commit);
	case MEMORY_HUGE:
		return huge && mem->huge_known && huge_needed(need) > memory_huge_room(mem);
	case MEMORY_HUGETLB_GROUP:
		return huge && exceeds(need->size, mem->hugetlb);
	case MEMORY_GROUP:
		return exceeds(memory_ordinary(need), mem->cgroup);
	case MEMORY_AVAILABLE:
		return exceeds(memory_ordinary(need), mem->available);
	case MEMORY_MEMLOCK:
		return mem->memlock != MEMORY_NO_LIMIT &&
		       (mem->memlock < charged || need->size > (mem->memlock - charged) / mappings);
	default:
		return false;
	}
}

enum memory_kind memory_short(const struct memory *mem, const struct memory_need *need,
			      enum memory_kind end)
{
	enum memory_kind kind;

	for (kind = MEMORY_ENOUGH + 1; kind < end; kind++)
		if (memory_lacks(mem, need, kind))
			return kind;
	return MEMORY_ENOUGH;
}

/* --- reading --------------------------------------------------------------- */

static void not_known(struct memory *mem, const char *path)
{
	if (mem->unknown)
		return;
	snprintf(mem->unknown_file, sizeof(mem->unknown_file), "%.*s", MEMORY_FILE - 1, path);
	mem->unknown = mem->unknown_file;
}

/* Opens a file; NULL with errno.  Any error but ENOENT leaves a limit unknown. */
static FILE *open_file(struct memory *mem, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f && errno != ENOENT && errno != ENOTDIR)
		not_known(mem, path);
	return f;
}

/* Reads a file that has a number or "max": 0, -ENOENT, or another negative errno. */
static int read_number(struct memory *mem, const char *dir, const char *name, uint64_t *v)
{
	char path[PATH_MAX], word[32] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = open_file(mem, path);
	if (!f)
		return -errno;
	if (!fgets(word, sizeof(word), f))
		word[0] = '\0';
	fclose(f);
	*v = MEMORY_NO_LIMIT;
	if (!strncmp(word, "max", 3))
		return 0;
	errno = 0;
	*v = strtoull(word, &end, 10);
	if (end != word && !errno)
		return 0;
	not_known(mem, path);
	return -EINVAL;
}

/* Reads the number behind "KEY" or "KEY:" at the start of a line; false: there is none. */
static bool read_field(struct memory *mem, const char *path, const char *key, uint64_t *v)
{
	FILE *f = open_file(mem, path);
	const size_t n = strlen(key);
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, n) || !(line[n] == ':' || isspace((unsigned char)line[n])))
			continue;
		found = sscanf(line + n + (line[n] == ':'), "%" SCNu64, v) == 1;
	}
	if (f)
		fclose(f);
	return found;
}

/* Reads a number in KiB as bytes.  If it is missing, the limit is not known. */
static bool read_kib(struct memory *mem, const char *path, const char *key, uint64_t *v)
{
	if (!read_field(mem, path, key, v)) {
		not_known(mem, path);
		return false;
	}
	*v *= KIB;
	return true;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void read_machine(struct memory *mem, const char *root)
{
	char path[PATH_MAX], dir[PATH_MAX];
	uint64_t mode = 0, limit, committed;

	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	if (!read_kib(mem, path, "MemAvailable", &mem->available))
		mem->available = MEMORY_NO_LIMIT;
	snprintf(dir, sizeof(dir), "%s/proc/sys/vm", root);
	/* 2: the kernel does not overcommit (Documentation/mm/overcommit-accounting.rst). */
	if (!read_number(mem, dir, "overcommit_memory", &mode) && mode == 2 &&
	    read_kib(mem, path, "CommitLimit", &limit) &&
	    read_kib(mem, path, "Committed_AS", &committed))
		mem->commit = minus(limit, committed);
}

static uint64_t limit_of(int resource)
{
	struct rlimit lim;

	if (getrlimit(resource, &lim) || lim.rlim_cur == RLIM_INFINITY)
		return MEMORY_NO_LIMIT;
	return lim.rlim_cur;
}

/* The sum of VmPin of our real user's processes: iommufd charges the user (current_user()). */
static uint64_t pinned_by_user(struct memory *mem, const char *root)
{
	char path[PATH_MAX];
	uint64_t sum = 0, uid, kib;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc", root);
	dir = opendir(path);
	if (!dir)
		not_known(mem, path);
	while (dir && (e = readdir(dir))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/proc/%.20s/status", root, e->d_name);
		if (read_field(mem, path, "Uid", &uid) && uid == getuid() &&
		    read_field(mem, path, "VmPin", &kib))
			sum += kib * KIB;
	}
	if (dir)
		closedir(dir);
	return sum;
}

/* CAP_IPC_LOCK lifts the limit, but not if a user namespace gave it. */
static bool may_lock_all(struct memory *mem, const char *root)
{
	char path[PATH_MAX], line[128];
	uint64_t caps = 0, in = 1, out = 1, count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/self/status", root);
	f = open_file(mem, path);
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "CapEff: %" SCNx64, &caps);
	if (f)
		fclose(f);
	if (!(caps >> 14 & 1))
		return false;
	snprintf(path, sizeof(path), "%s/proc/self/uid_map", root);
	f = open_file(mem, path);
	/* If there is no such file, the kernel has no user namespaces. */
	if (!f)
		return true;
	if (fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64, &in, &out, &count) != 3)
		count = 0;
	fclose(f);
	return !in && !out && count == UINT32_MAX;
}

static void read_process(struct memory *mem, const char *root)
{
	const uint64_t as = limit_of(RLIMIT_AS), data = limit_of(RLIMIT_DATA);
	char path[PATH_MAX];
	uint64_t v;

	snprintf(path, sizeof(path), "%s/proc/self/status", root);
	if (as != MEMORY_NO_LIMIT && read_kib(mem, path, "VmSize", &v))
		mem->address_space = minus(as, v);
	if (data != MEMORY_NO_LIMIT && read_kib(mem, path, "VmData", &v))
		mem->data = minus(data, v);
	mem->memlock = may_lock_all(mem, root) ? MEMORY_NO_LIMIT : limit_of(RLIMIT_MEMLOCK);
	if (mem->memlock == MEMORY_NO_LIMIT)
		return;
	read_kib(mem, path, "VmLck", &mem->locked);
	mem->pinned_by_user = pinned_by_user(mem, root);
}

static void read_huge(struct memory *mem, const char *root, uint64_t page_size)
{
	const struct {
		const char *name;
		uint64_t *v;
	} files[] = {
		{ "nr_hugepages", &mem->huge_total },
		{ "free_hugepages", &mem->huge_free },
		{ "resv_hugepages", &mem->huge_reserved },
		{ "surplus_hugepages", &mem->huge_surplus },
		{ "nr_overcommit_hugepages", &mem->huge_overcommit },
	};
	char dir[PATH_MAX];
	size_t i;

	snprintf(dir, sizeof(dir), "%s/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", root,
		 page_size / KIB);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		*files[i].v = 0;
		/* The kernel never makes 1 GiB pages on demand, so they lack this file. */
		if (read_number(mem, dir, files[i].name, files[i].v) && i < 4)
			return;
	}
	mem->huge_known = true;
}

/* --- control groups -------------------------------------------------------- */

/* The files with a group's limits and usage; %s is a size of hugetlb, as "2MB". */
static const struct group_file {
	bool v1, huge;
	const char *limit, *usage;
	const char *reclaim[2]; /* fields of memory.stat that it counts but can reclaim */
} group_files[] = {
	{ false, false, "memory.max", "memory.current", { "inactive_file", "active_file" } },
	{ false, false, "memory.high", "memory.current", { "inactive_file", "active_file" } },
	{ false, true, "hugetlb.%s.max", "hugetlb.%s.current", { NULL } },
	{ false, true, "hugetlb.%s.rsvd.max", "hugetlb.%s.rsvd.current", { NULL } },
	{ true,
	  false,
	  "memory.limit_in_bytes",
	  "memory.usage_in_bytes",
	  { "total_inactive_file", "total_active_file" } },
	{ true, true, "hugetlb.%s.limit_in_bytes", "hugetlb.%s.usage_in_bytes", { NULL } },
	{ true,
	  true,
	  "hugetlb.%s.rsvd.limit_in_bytes",
	  "hugetlb.%s.rsvd.usage_in_bytes",
	  { NULL } },
};

/* Names a size as mem_fmt() of mm/hugetlb_cgroup.c does: "2MB". */
static void huge_name(uint64_t page_size, char *buf, size_t len)
{
	if (page_size >= KIB * MIB)
		snprintf(buf, len, "%" PRIu64 "GB", page_size / (KIB * MIB));
	else if (page_size >= MIB)
		snprintf(buf, len, "%" PRIu64 "MB", page_size / MIB);
	else
		snprintf(buf, len, "%" PRIu64 "KB", page_size / KIB);
}

static void put_name(const char *format, const char *size, char *buf, size_t len)
{
	const char *mark = strstr(format, "%s");

	if (mark)
		snprintf(buf, len, "%.*s%s%s", (int)(mark - format), format, size, mark + 2);
	else
		snprintf(buf, len, "%s", format);
}

/* Reads one limit of a group, and keeps it if it is the tightest so far. */
static void read_limit(struct memory *mem, const char *dir, const struct group_file *file,
		       const char *size)
{
	uint64_t *room = file->huge ? &mem->hugetlb : &mem->cgroup;
	char *where = file->huge ? mem->hugetlb_file : mem->cgroup_file;
	char name[192], stat[PATH_MAX];
	uint64_t limit = MEMORY_NO_LIMIT, usage = 0, part;
	size_t i;

	put_name(file->limit, size, name, sizeof(name));
	/* The root of a hierarchy has no limit and no such file. */
	if (read_number(mem, dir, name, &limit) || limit >= NO_GROUP_LIMIT)
		return;
	put_name(file->usage, size, name, sizeof(name));
	if (read_number(mem, dir, name, &usage))
		return;
	snprintf(stat, sizeof(stat), "%.*s/memory.stat", PATH_MAX - 16, dir);
	for (i = 0; i < ARRAY_SIZE(file->reclaim) && file->reclaim[i]; i++)
		if (read_field(mem, stat, file->reclaim[i], &part))
			usage = minus(usage, part);
	if (minus(limit, usage) >= *room)
		return;
	*room = minus(limit, usage);
	put_name(file->limit, size, name, sizeof(name));
	snprintf(where, MEMORY_FILE, "%.190s/%.60s", dir, name);
}

/* Reads the limits of our group and of all groups above it, up to the mount point. */
static void read_groups(struct memory *mem, char *dir, size_t stop, bool v1, const char *size)
{
	size_t i;

	for (;;) {
		for (i = 0; i < ARRAY_SIZE(group_files); i++)
			if (group_files[i].v1 == v1 && (!group_files[i].huge || size[0]))
				read_limit(mem, dir, &group_files[i], size);
		if (strlen(dir) <= stop)
			return;
		*strrchr(dir, '/') = '\0';
	}
}

/* Finds our group for this controller ("" is version 2) in /proc/self/cgroup. */
static bool find_group(struct memory *mem, const char *root, const char *controller, char *group,
		       size_t len)
{
	char path[PATH_MAX], line[PATH_MAX], *names, *at;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	f = open_file(mem, path);
	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		names = strchr(line, ':');
		at = names ? strchr(names + 1, ':') : NULL;
		if (!at)
			continue;
		*at = '\0';
		for (names = strtok(names + 1, ","); names && !found; names = strtok(NULL, ","))
			found = controller[0] && !strcmp(names, controller);
		found = found || (!controller[0] && !strncmp(line, "0:", 2) && !line[2]);
		if (found)
			snprintf(group, len, "%s", at + 1);
	}
	if (f)
		fclose(f);
	return found;
}

/* Is this line of mountinfo a hierarchy of @controller?  Gets its root and mount point. */
static bool is_mount(char *line, const char *controller, char *part, char *where)
{
	char type[32], options[512], *mark = strstr(line, " - "), *word;

	if (!mark || sscanf(mark, " - %31s %*s %511s", type, options) != 2 ||
	    strcmp(type, controller[0] ? "cgroup" : "cgroup2") != 0)
		return false;
	for (word = strtok(options, ","); word && controller[0]; word = strtok(NULL, ","))
		if (!strcmp(word, controller))
			break;
	if (controller[0] && !word)
		return false;
	*mark = '\0';
	return sscanf(line, "%*s %*s %*s %1023s %1023s", part, where) == 2;
}

static bool is_below(const char *group, const char *part)
{
	const size_t n = strlen(part);

	return !strncmp(group, part, n) && (!group[n] || group[n] == '/');
}

static void read_hierarchy(struct memory *mem, const char *root, const char *controller,
			   const char *size)
{
	char path[PATH_MAX], line[4096], group[1024], part[1024], where[1024];
	const char *below = group;
	FILE *f;

	if (!find_group(mem, root, controller, group, sizeof(group)))
		return;
	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root);
	f = open_file(mem, path);
	while (f && fgets(line, sizeof(line), f)) {
		if (!is_mount(line, controller, part, where))
			continue;
		/* In a container only a part of the hierarchy may be mounted. */
		if (strcmp(part, "/") != 0)
			below = is_below(group, part) ? group + strlen(part) : "";
		snprintf(path, sizeof(path), "%.1000s%.1000s%.1000s", root, where,
			 strcmp(below, "/") != 0 ? below : "");
		read_groups(mem, path, strlen(root) + strlen(where), controller[0], size);
		break;
	}
	if (f)
		fclose(f);
}

void memory_read(struct memory *mem, const char *root, uint64_t page_size)
{
	char size[32] = "";

	memset(mem, 0, sizeof(*mem));
	mem->available = mem->address_space = mem->data = mem->commit = MEMORY_NO_LIMIT;
	mem->cgroup = mem->hugetlb = mem->memlock = MEMORY_NO_LIMIT;
	mem->read = true;
	read_machine(mem, root);
	read_process(mem, root);
	if (page_size > BASE_PAGE) {
		read_huge(mem, root, page_size);
		huge_name(page_size, size, sizeof(size));
	}
	read_hierarchy(mem, root, "", size);
	read_hierarchy(mem, root, "memory", "");
	if (size[0])
		read_hierarchy(mem, root, "hugetlb", size);
}
