// SPDX-License-Identifier: GPL-2.0
/*
 * What the host pays to read a guest's page table through QEMU's monitor.
 *
 * host SOCKET PA ENTRIES COMMAND...: by entry and by table at PA over QMP, the
 * VM stopped, and COMMAND, which compares ENTRIES of them.  As guest.c: a
 * measure a round, one JSON object on one line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/err.h"
#include "qemu/monitor.h"

#define ROUNDS	9
#define SINGLES 64 /* a round */
#define TABLES	32

enum { XP_ENTRY, XP_TABLE, REPORT, NR_MEASURES };

static const char *const what[NR_MEASURES][3] = {
	{ "xp_entry", "entry", "xp /1gx, the VM stopped" },
	{ "xp_table", "entry", "a table at once, the VM stopped" },
	{ "report", "entry", "qemu_verify_pte --report" },
};
static double ns_of[NR_MEASURES][ROUNDS];

__attribute__((noreturn)) static void fail(const char *why)
{
	fprintf(stderr, "host: %s\n", why);
	exit(2);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void through_monitor(const char *socket, uint64_t pa, int round)
{
	struct err error = { 0 };
	const struct monitor_conf conf = { MONITOR_TIMEOUT, -1, &error };
	uint64_t entries[MONITOR_TABLE];
	struct monitor *m;
	char cmd[48], *reply;
	double from;
	int i, ret;

	snprintf(cmd, sizeof(cmd), "xp /1gx 0x%" PRIx64, pa);
	ret = monitor_open_qmp(socket, &conf, &m);
	if (!ret)
		ret = monitor_stop(m);
	from = now();
	for (i = 0; i < SINGLES && !ret; i++) {
		ret = monitor_hmp(m, cmd, &reply);
		if (!ret)
			free(reply);
	}
	ns_of[XP_ENTRY][round] = (now() - from) / SINGLES;
	from = now();
	for (i = 0; i < TABLES && !ret; i++)
		ret = monitor_read_table(m, pa, entries);
	ns_of[XP_TABLE][round] = (now() - from) / TABLES / MONITOR_TABLE;
	if (!ret)
		ret = monitor_close(m);
	if (ret) {
		err_print(&error, "host", socket);
		exit(2);
	}
}

static double command(char **argv)
{
	double from = now();
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(127);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		fail("the command did not succeed; run it by hand");
	return now() - from;
}

int main(int argc, char **argv)
{
	uint64_t pa, nr;
	int round, i;

	if (argc < 5)
		fail("usage: host SOCKET PA ENTRIES COMMAND...");
	pa = strtoull(argv[2], NULL, 0);
	nr = strtoull(argv[3], NULL, 0);
	for (round = 0; round < ROUNDS; round++) {
		through_monitor(argv[1], pa, round);
		ns_of[REPORT][round] = command(argv + 4) / nr;
	}
	printf("{\"rounds\":%d,\"measures\":[", ROUNDS);
	for (i = 0; i < NR_MEASURES; i++) {
		printf("%s{\"name\":\"%s\",\"unit\":\"%s\",\"what\":\"%s\",\"ns\":[", i ? "," : "",
		       what[i][0], what[i][1], what[i][2]);
		for (round = 0; round < ROUNDS; round++)
			printf("%s%.1f", round ? "," : "", ns_of[i][round]);
		printf("]}");
	}
	printf("]}\n");
	return 0;
}
