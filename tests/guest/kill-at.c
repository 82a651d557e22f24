// SPDX-License-Identifier: GPL-2.0
/*
 * kill-at - ends a command at its Nth system call that changes something
 *
 *	kill-at KILL|TERM N COMMAND...
 *
 * Counted, where they begin: open that may create, write, rename, unlink, mkdir,
 * rmdir, loading and unloading a module; those of its children as well.  By KILL that call
 * is not made any more.  All others leave the same behind as the next of these.
 *
 * Exit: 0 the signal came and ended the command; 10 it came, and the command ended
 * with 0; 11 it came, and the command ended otherwise; 100 the command ended with 0
 * before its Nth call; 101 otherwise; 2 usage or environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "proc.h"

/* What is not done by then hangs: it takes a second or two. */
#define LIMIT_SECONDS 60

enum { ENDED_BY_SIGNAL = 0, ENDED_WELL = 10, ENDED_BADLY = 11, NOT_REACHED = 100 };

static int die(const char *what)
{
	perror(what);
	exit(2);
}

#define TRACE(call)                                            \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)

/* Has the kernel stop us at these calls alone: a stop at each takes far longer. */
static void stop_at_changes(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		TRACE(write),
		TRACE(rename),
		TRACE(renameat),
		TRACE(renameat2),
		TRACE(unlink),
		TRACE(unlinkat),
		TRACE(mkdir),
		TRACE(mkdirat),
		TRACE(rmdir),
		TRACE(init_module),
		TRACE(finit_module),
		TRACE(delete_module),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		die("PR_SET_SECCOMP");
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		stop_at_changes();
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC |
			    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)))
		die("ptrace");
	return pid;
}

int main(int argc, char **argv)
{
	int sig = argc > 3 && !strcmp(argv[1], "KILL")	 ? SIGKILL
		  : argc > 3 && !strcmp(argv[1], "TERM") ? SIGTERM
							 : 0;
	int n = argc > 3 ? atoi(argv[2]) : 0, nr = 0, status, pass;
	pid_t pid, one;

	if (!sig || n < 1) {
		fputs("usage: kill-at KILL|TERM N COMMAND...\n", stderr);
		return 2;
	}
	limit_time(LIMIT_SECONDS);
	pid = one = start(argv + 3);
	for (pass = 0;;) {
		if (ptrace(PTRACE_CONT, one, NULL, (void *)(long)pass) && errno != ESRCH)
			die("PTRACE_CONT");
		/* Its children are traced too, and come to a stop of their own first. */
		do {
			one = waitpid(-1, &status, __WALL);
			if (one < 0)
				die("waitpid");
		} while (!WIFSTOPPED(status) && one != pid);
		if (!WIFSTOPPED(status))
			break;
		/* A stop of the tracer's own making; a signal goes through. */
		pass = status >> 16 || (one != pid && WSTOPSIG(status) == SIGSTOP)
			       ? 0
			       : WSTOPSIG(status);
		if (status >> 16 != PTRACE_EVENT_SECCOMP || ++nr != n)
			continue;
		if (kill(pid, sig))
			die("kill");
		/* The call of a child whose parent is killed is not made either. */
		if (sig == SIGKILL && one != pid && kill(one, sig))
			die("kill");
	}
	if (WIFSIGNALED(status))
		return nr >= n && WTERMSIG(status) == sig ? ENDED_BY_SIGNAL : ENDED_BADLY;
	return (nr < n ? NOT_REACHED : ENDED_WELL) + !!WEXITSTATUS(status);
}
