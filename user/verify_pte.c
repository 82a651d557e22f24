// SPDX-License-Identifier: GPL-2.0
#include "verify_pte.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEBUGFS "/sys/kernel/debug"
#define WALK	DEBUGFS "/" VERIFY_PTE_DIR "/" VERIFY_PTE_WALK

static const struct {
	int no;
	const char *why, *fix;
} open_errors[] = {
	{ EACCES, "no permission", "run as root" },
	{ EPERM, "no CAP_SYS_ADMIN, or the kernel is locked down",
	  "run as root; boot without lockdown" },
};

int verify_pte_open(struct err *err)
{
	int fd = open(WALK, O_RDWR | O_CLOEXEC), no;
	size_t i;

	if (fd >= 0)
		return fd;
	no = errno;
	err->no = no;
	err_what(err, "could not open %s", WALK);
	err_why(err, "%s", strerror(no));
	err_fix(err, "see dmesg");
	for (i = 0; i < sizeof(open_errors) / sizeof(open_errors[0]); i++)
		if (open_errors[i].no == no) {
			err_why(err, "%s", open_errors[i].why);
			err_fix(err, "%s", open_errors[i].fix);
		}
	if (no == ENOENT && access(DEBUGFS "/kprobes", F_OK) && access(DEBUGFS "/bdi", F_OK)) {
		err_why(err, "debugfs is not mounted");
		err_fix(err, "mount -t debugfs none " DEBUGFS);
	} else if (no == ENOENT) {
		err_why(err, "the module is not loaded");
		err_fix(err, "insmod verify_pte.ko");
	}
	return -no;
}

int verify_pte_get(int fd, pid_t pid, uint64_t start, uint64_t len, int raw, void **records,
		   size_t *nr, struct verify_pte_walk *info)
{
	const size_t size = raw ? sizeof(struct verify_pte_entry) : sizeof(struct verify_pte_run);
	uint64_t at = start, end = start + len;
	size_t room = 1024, n = 0;
	char *buf = malloc(room * size);

	if (!buf)
		return -ENOMEM;
	do {
		memset(info, 0, sizeof(*info));
		info->argsz = sizeof(*info);
		info->flags = raw ? VERIFY_PTE_RAW : 0;
		info->pid = pid;
		info->start = at;
		info->len = end - at;
		info->buf = (uintptr_t)(buf + n * size);
		info->nr = room - n;
		if (ioctl(fd, VERIFY_PTE_IOC_WALK, info)) {
			int no = errno;

			/* The rest of the range is in no VMA any more. */
			if (no == EFAULT && at != start)
				no = EAGAIN;
			free(buf);
			return -no;
		}
		n += info->nr;
		at = info->next;
		if (room - n < room / 4) {
			char *bigger = realloc(buf, 2 * room * size);

			if (!bigger) {
				free(buf);
				return -ENOMEM;
			}
			buf = bigger;
			room *= 2;
		}
	} while (at < end);
	*records = buf;
	*nr = n;
	return 0;
}
