// SPDX-License-Identifier: GPL-2.0
/* What is not about one kind of memory: the file, and its ioctl */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oracle.h"

/* A page of our own that is there, for questions about something else */
uint64_t some_page(void)
{
	touch(map_anon(0, 8 * PAGE, RW), 8 * PAGE);
	return ARENA;
}

void test_file(void)
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

void test_open(void)
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

void test_root(void)
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
void test_exec_root(void)
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

void test_ioctl_fields(void)
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

void test_ioctl_argsz(void)
{
	struct {
		struct verify_pte_walk arg;
		unsigned char more[40];
	} big = { .more = { 0 } };
	const uint64_t page = some_page();
	struct verify_pte_run run;
	size_t i;
	int fd = module_open(WALK, O_RDWR);

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
void test_ioctl_one_page(void)
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

void test_ioctl_number(void)
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
	int fd = module_open(WALK, O_RDWR), err;
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
void test_ioctl_raw_nr(void)
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

void test_dead(void)
{
	struct verify_pte_run run;
	pid_t pid = spawn(NULL);
	struct verify_pte_walk arg = walk_arg(pid, 0, 1ULL << 47, &run, 1, 0);
	char request[40], *text;
	siginfo_t info;
	int fd = module_open(WALK, O_RDWR), err;

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
