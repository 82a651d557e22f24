// SPDX-License-Identifier: GPL-2.0
/* Who asks: another pid namespace, a 32-bit caller; and what the kernel means by its bits */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind; no decoding */
#include "ktap.h"
#include "share.h"

/* What one pid namespace calls a process is nothing to another. */
static void test_pid_namespace(void)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(2);
		pid = fork();
		if (!pid) {
			int fd = module_open(WALK, O_RDONLY), err;
			char *text = read_rest(fd, 0, &err);

			/* The last request was of a process that is not there. */
			_exit(err || strncmp(text, "pid 0 ", 6));
		}
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 3);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		skipped = "no pid namespaces";
	else if (status)
		fail("the number of another pid namespace is shown");
}

void test_pid_namespace_asked(void)
{
	int fd = module_open(WALK, O_RDWR);

	request(fd, getpid(), 2);
	test_pid_namespace();
	close(fd);
}

/* A 32-bit caller, by its own way into the kernel: the structs are the same. */
static long ioctl32(int fd, unsigned int cmd, void *arg)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(54), "b"(fd), "c"(cmd), "d"(arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

void test_compat(void)
{
	static struct verify_pte_run runs[2];
	char *low = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct verify_pte_walk *ask = (struct verify_pte_walk *)low;
	int fd = module_open(WALK, O_RDWR);
	long ret;

	*ask = (struct verify_pte_walk){
		.argsz = sizeof(*ask),
		.nr = 2,
		.start = (uintptr_t)AREA,
		.len = 2 * PAGE,
		.buf = (uintptr_t)runs,
	};
	if (access("/proc/sys/abi/vsyscall32", F_OK)) {
		skipped = "no 32-bit system calls";
	} else {
		ret = ioctl32(fd, VERIFY_PTE_IOC_WALK, ask);
		if (ret || ask->nr != 2 || runs[0].kind != PT_LEAF)
			fail("ioctl: %s", error_name(-ret));
	}
	close(fd);
	munmap(low, PAGE);
}

/* A page that is written to and then shared with a child: what it is called is the kernel's. */
void test_soft_bits(void)
{
	struct verify_pte_info info = { .argsz = sizeof(info) };
	const uint64_t bit58 = UINT64_C(1) << 58;
	unsigned int major = 0, minor = 0;
	struct utsname uts;
	int fd = module_open(WALK, O_RDWR), err;
	char one[40], *pte;
	uint64_t entry;
	bool saved;
	pid_t pid;

	uname(&uts);
	sscanf(uts.release, "%u.%u", &major, &minor);
	saved = major > 6 || (major == 6 && minor >= 6);
	if (ioctl(fd, VERIFY_PTE_IOC_INFO, &info))
		fail("VERIFY_PTE_IOC_INFO: %s", error_name(errno));
	if (info.soft[PT_SOFT_SAVED_DIRTY] != (saved ? bit58 : 0) ||
	    !!(info.volatile_mask & bit58) != saved || info.soft[PT_SOFT_SPECIAL] != 1 << 9)
		fail("%s: saved-dirty 0x%llx, volatile 0x%llx", uts.release,
		     (unsigned long long)info.soft[PT_SOFT_SAVED_DIRTY],
		     (unsigned long long)info.volatile_mask);
	info.flags = 1;
	want(ioctl(fd, VERIFY_PTE_IOC_INFO, &info) ? errno : 0, EINVAL, "info, an unknown flag");
	info = (struct verify_pte_info){ .argsz = sizeof(info) - 1 };
	want(ioctl(fd, VERIFY_PTE_IOC_INFO, &info) ? errno : 0, EINVAL, "info, too short");
	if (info.argsz != sizeof(info))
		fail("info, too short: argsz %u", info.argsz);
	AREA[0]++;
	pid = spawn(stay, NULL);
	snprintf(one, sizeof(one), "0x%" PRIx64, (uint64_t)AREA);
	if (write(fd, one, strlen(one)) < 0)
		fail("\"%s\": %s", one, error_name(errno));
	pte = strstr(read_rest(fd, 0, &err), "PTE ");
	if (!pte || sscanf(pte, "PTE index %*u table %*s entry 0x%" SCNx64, &entry) != 1) {
		fail("no entry: %s", error_name(err));
	} else {
		pte[strcspn(pte, "\n")] = '\0';
		if (entry & 2 || !(entry & (bit58 | 0x40)))
			fail("it is not shared, or not dirty: %s", pte);
		if (!!(entry & bit58) != !!strstr(pte, " SAVED_DIRTY") || strstr(pte, "SOFTW"))
			fail("%s: %s", uts.release, pte);
	}
	reap(pid);
	close(fd);
}
