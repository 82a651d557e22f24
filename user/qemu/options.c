// SPDX-License-Identifier: GPL-2.0
/* The command line of qemu_verify_pte. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/args.h"
#include "lib/out.h"
#include "lib/parse.h"
#include "lib/status.h"
#include "qemu/job.h"
#include "lib/text.h"
#include "lib/version.h"

static const char usage[] =
	"Usage: " PROG " [OPTIONS] PORT VADDR\n"
	"       " PROG " [OPTIONS] --qmp SOCKET --root PA VADDR\n"
	"       " PROG " [OPTIONS] --qmp SOCKET --report FILE\n"
	"\n"
	"Reads page tables of a VM through QEMU's monitor. PORT is that of\n"
	"-monitor tcp:127.0.0.1:PORT,server=on,wait=off, SOCKET that of\n"
	"-qmp unix:SOCKET,server=on,wait=off.\n"
	"\n"
	"  --qmp SOCKET      ask over QMP\n"
	"  --root PA         physical address of the root table (root_pa of vfio_test);\n"
	"                    without it, the one in CR3, of an unknown process\n"
	"  --levels 4|5      levels of the page table (default: as CR4 says)\n"
	"  --report FILE     compare with a report of vfio_test --json, bit by bit;\n"
	"                    - is standard input\n"
	"  --join OUT        write the report with witnesses.qemu filled in and a joined verdict;\n"
	"                    - is standard output, and nothing else is written there\n"
	"  --expect user|supervisor\n"
	"                    what _PAGE_USER has to be (default: user for VADDR, not\n"
	"                    judged with --report)\n"
	"  --monitor         read the VM's memory through the monitor, the only way so far\n"
	"  --no-stop         do not stop the VM while reading\n"
	"  --exact           with --report: ACCESSED, DIRTY and SOFT_DIRTY, which the CPU and\n"
	"                    the kernel change in passing, are compared as well\n"
	"  --timeout SECONDS of each command to the monitor (10)\n"
	"  --json            one JSON object on standard output\n"
	"  --quiet           print only the result\n"
	"  --no-color        no colours; NO_COLOR does the same\n"
	"  --version, --help\n"
	"\n"
	"Examples:\n"
	"  " PROG " --qmp /tmp/qmp --report report.json\n"
	"  " PROG " --qmp /tmp/qmp --report report.json --join joined.json\n"
	"  " PROG " --qmp /tmp/qmp --root 0x282e000 0x7f64e8543000\n"
	"  " PROG " 1334 0x7f64e8543000\n"
	"\n"
	"Exit status: 0 verified; 1 a check failed; 2 usage or environment;\n"
	"4 nothing failed, but it could not be verified.\n";

static int bad_usage(struct err *e, const char *what, const char *why)
{
	err_set(e, EINVAL, what, why, "see " PROG " --help");
	e->id = "usage";
	return -EINVAL;
}

enum {
	QMP = 256,
	ROOT,
	LEVELS,
	REPORT,
	JOIN,
	EXPECT,
	MONITOR,
	NO_STOP,
	EXACT,
	TIMEOUT,
	JSON,
	QUIET,
	NO_COLOR,
	VERSION,
	HELP
};

static const struct option longopts[] = {
	{ "qmp", required_argument, NULL, QMP },
	{ "root", required_argument, NULL, ROOT },
	{ "levels", required_argument, NULL, LEVELS },
	{ "report", required_argument, NULL, REPORT },
	{ "join", required_argument, NULL, JOIN },
	{ "expect", required_argument, NULL, EXPECT },
	{ "monitor", no_argument, NULL, MONITOR },
	{ "no-stop", no_argument, NULL, NO_STOP },
	{ "exact", no_argument, NULL, EXACT },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "json", no_argument, NULL, JSON },
	{ "quiet", no_argument, NULL, QUIET },
	{ "no-color", no_argument, NULL, NO_COLOR },
	{ "version", no_argument, NULL, VERSION },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

/* Explains the word for which getopt_long() returned '?' or ':' (@c). */
static int option_error(struct err *e, int c, const char *word)
{
	const struct cmd self = { .name = PROG, .long_options = longopts };
	const char *why = args_why_bad(c, word, &self), *near = NULL;
	char buf[32];

	if (c == '?' && !strcmp(why, "no such option"))
		near = args_nearest_option(word, &self, buf, sizeof(buf));
	bad_usage(e, word, why);
	if (near)
		err_why(e, "%s: did you mean %s?", why, near);
	return -EINVAL;
}

/* --help or --version, which end the program. */
static _Noreturn void tell_about(const struct options *o, bool help)
{
	struct json_object *root, *list = json_object_new_array();
	size_t i;

	if (o->json) {
		root = json_answer(PROG, status_name(STATUS_PASS));
		for (i = 0; longopts[i].name; i++)
			json_object_array_add(list, json_text(longopts[i].name));
		if (help)
			json_object_object_add(root, "options", json_object_get(list));
		json_print(root, false);
	} else {
		fputs(help ? usage : PROG " " VFIO_VERIFY_VERSION "\n", stdout);
	}
	json_object_put(list);
	exit(out_finish(PROG, EXIT_OK));
}

static int set_root(struct options *o, const char *arg, struct err *e)
{
	if (parse_address(arg, &o->root_pa) || o->root_pa & 0xfff || o->root_pa >> 52)
		return bad_usage(
			e, arg,
			"--root is the physical address of a table, a multiple of 4096 below 2^52");
	o->has_root = true;
	return 0;
}

static int set_expect(struct options *o, const char *arg, struct err *e)
{
	bool user;

	if (parse_expect(arg, &user))
		return bad_usage(e, arg, "--expect is user or supervisor (or set, cleared)");
	o->expect = user ? EXPECT_USER : EXPECT_SUPERVISOR;
	return 0;
}

static int set_timeout(struct options *o, const char *arg, struct err *e)
{
	uint64_t ms;

	if (parse_duration(arg, 1000, &ms) || !ms || ms > 3600000)
		return bad_usage(e, arg, "--timeout is 1 to 3600 seconds");
	o->timeout_s = (int)((ms + 999) / 1000);
	return 0;
}

/* Sets an option that takes any word, or none; false if it is another one. */
static bool set_simple(struct options *o, int opt, const char *arg)
{
	const char **word = opt == QMP	    ? &o->qmp
			    : opt == REPORT ? &o->report
			    : opt == JOIN   ? &o->join
					    : NULL;
	bool *flag = opt == NO_STOP    ? &o->no_stop
		     : opt == EXACT    ? &o->exact
		     : opt == JSON     ? &o->json
		     : opt == QUIET    ? &o->quiet
		     : opt == NO_COLOR ? &o->no_color
				       : NULL;

	if (word)
		*word = arg;
	if (flag)
		*flag = true;
	return word || flag;
}

static int set_option(struct options *o, int opt, char **argv, struct err *e)
{
	int n = 0;

	if (set_simple(o, opt, optarg))
		return 0;
	switch (opt) {
	case ROOT:
		return set_root(o, optarg, e);
	case LEVELS:
		if (parse_int(optarg, 4, 5, &n))
			return bad_usage(e, optarg, "--levels is 4 or 5");
		o->levels = (uint32_t)n;
		return 0;
	case EXPECT:
		return set_expect(o, optarg, e);
	case MONITOR:
		return 0; /* there is no other way to choose from yet */
	case TIMEOUT:
		return set_timeout(o, optarg, e);
	case VERSION:
	case HELP:
		tell_about(o, opt == HELP);
	default:
		return option_error(e, opt, argv[optind - 1]);
	}
}

/* The arguments: PORT unless --qmp is given, VADDR unless --report is. */
static int take_arguments(struct options *o, int argc, char **argv, struct err *e)
{
	if (!o->qmp) {
		if (!argc)
			return bad_usage(e, "arguments", "no monitor given: PORT or --qmp SOCKET");
		if (parse_int(argv[0], 1, 65535, &o->port))
			return bad_usage(e, argv[0], "PORT is 1 to 65535");
		argv++;
		argc--;
	}
	if (!o->report) {
		if (!argc)
			return bad_usage(e, "arguments", "neither VADDR nor --report given");
		if (parse_address(argv[0], &o->va))
			return bad_usage(e, argv[0], "VADDR is an address, hexadecimal with 0x");
		argv++;
		argc--;
	}
	return argc ? bad_usage(e, argv[0], "one argument too many") : 0;
}

static int check_combination(const struct options *o, struct err *e)
{
	if (o->report && (o->has_root || o->levels))
		return bad_usage(
			e, "--report",
			"the report has the root and the levels; give neither --root nor --levels");
	if (o->join && !o->report)
		return bad_usage(e, "--join", "there is nothing to join without --report");
	if (o->join && !o->join[0])
		return bad_usage(e, "--join", "the name of the file is empty");
	if (o->join && !strcmp(o->join, "-") && o->json)
		return bad_usage(e, "--join -",
				 "only one object fits on standard output, and --json is another");
	return 0;
}

int options_parse(int argc, char **argv, struct options *o, struct err *e)
{
	int opt, ret = 0;

	o->json = args_have_json(argc, argv); /* --json counts even behind a bad option */
	opterr = 0;			      /* an error may have to be JSON */
	while (!ret && (opt = getopt_long(argc, argv, ":", longopts, NULL)) != -1)
		ret = set_option(o, opt, argv, e);
	if (!ret)
		ret = take_arguments(o, argc - optind, argv + optind, e);
	return ret ? ret : check_combination(o, e);
}
