// SPDX-License-Identifier: GPL-2.0
/*
 * qemu_verify_pte: page tables of a VM, read by the host through QEMU's monitor.
 *
 * The witness outside of the guest: what the module says in there is either
 * found in the memory that QEMU has, or it is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <json-c/json.h>

#include "args.h"
#include "cmd.h"
#include "err.h"
#include "monitor.h"
#include "out.h"
#include "parse.h"
#include "pt_x86.h"
#include "qemu_job.h"
#include "qemu_join.h"
#include "term.h"
#include "text.h"
#include "version.h"

#define REPORT_MAX (1UL << 30) /* bytes of a report */

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
	"                    without it that of CR3, whose process nobody knows\n"
	"  --levels 4|5      levels of the page table (default: as CR4 says)\n"
	"  --report FILE     compare with a report of vfio_test --json, bit by bit;\n"
	"                    - is standard input\n"
	"  --join OUT        write the report with witnesses.qemu filled in, and a verdict\n"
	"                    over all; - is standard output, and nothing else is on it\n"
	"  --expect user|supervisor\n"
	"                    what _PAGE_USER has to be (default: user for VADDR, not\n"
	"                    judged with --report)\n"
	"  --no-stop         do not stop the VM while reading\n"
	"  --exact           with --report: ACCESSED, DIRTY and SOFT_DIRTY, which the CPU and\n"
	"                    the kernel change in passing, are compared as well\n"
	"  --timeout SECONDS of each command to the monitor (10)\n"
	"  --json            one JSON object on standard output\n"
	"  --quiet           the result alone\n"
	"  --no-color        no colours; NO_COLOR does the same\n"
	"  --version, --help\n"
	"\n"
	"Exit status: 0 verified; 1 a check failed; 2 usage or environment;\n"
	"4 nothing failed, but it could not be verified.\n";

/* Signals: read from a descriptor, so that none comes between two steps. */

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* Blocks what would end the program; -1 and no harm where it cannot. */
static int signals_block(void)
{
	struct sigaction act;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(ending_signals) / sizeof(ending_signals[0]); i++) {
		/* nohup ignores SIGHUP: so do we */
		if (!sigaction(ending_signals[i], NULL, &act) && act.sa_handler != SIG_IGN)
			sigaddset(&set, ending_signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The signal that came, or 0. */
static int signals_pending(int fd)
{
	struct signalfd_siginfo info;

	if (fd < 0 || read(fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

static void die_of(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	signal(signo, SIG_DFL);
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Options */

static int bad_usage(struct err *e, const char *what, const char *why)
{
	err_set(e, EINVAL, what, why, "see " PROG " --help");
	e->id = "usage";
	return -EINVAL;
}

/* What getopt_long() gave '?' or ':' (@c) for. */
static int option_error(struct err *e, int c, const char *word, const struct option *longopts)
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

/* --help (@longopts) or --version (NULL), which end the program. */
static _Noreturn void tell_about(const struct options *o, const struct option *longopts)
{
	struct json_object *root, *list = NULL;

	if (o->json) {
		root = json_answer(PROG, "pass");
		for (; longopts && longopts->name; longopts++) {
			list = list ? list : json_object_new_array();
			json_object_array_add(list, json_text(longopts->name));
		}
		if (list)
			json_object_object_add(root, "options", list);
		json_print(root, false);
	} else {
		fputs(longopts ? usage : PROG " " VFIO_VERIFY_VERSION "\n", stdout);
	}
	exit(out_finish(PROG, VERDICT_PASS));
}

static int parse_options(int argc, char **argv, struct options *o, struct err *e)
{
	enum {
		QMP = 256,
		ROOT,
		LEVELS,
		REPORT,
		JOIN,
		EXPECT,
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
	int opt, n;
	uint64_t ms;
	bool user;

	opterr = 0; /* an error may have to be JSON */
	while ((opt = getopt_long(argc, argv, ":", longopts, NULL)) != -1) {
		switch (opt) {
		case QMP:
			o->qmp = optarg;
			break;
		case ROOT:
			if (parse_address(optarg, &o->root_pa) || o->root_pa & 0xfff ||
			    o->root_pa >> 52)
				return bad_usage(
					e, optarg,
					"--root is the physical address of a table, a multiple of 4096 below 2^52");
			o->has_root = true;
			break;
		case LEVELS:
			if (parse_int(optarg, 4, 5, &n))
				return bad_usage(e, optarg, "--levels is 4 or 5");
			o->levels = (uint32_t)n;
			break;
		case REPORT:
			o->report = optarg;
			break;
		case JOIN:
			o->join = optarg;
			break;
		case EXPECT:
			if (parse_expect(optarg, &user))
				return bad_usage(
					e, optarg,
					"--expect is user or supervisor (or set, cleared)");
			o->expect = user ? EXPECT_USER : EXPECT_SUPERVISOR;
			break;
		case NO_STOP:
			o->no_stop = true;
			break;
		case EXACT:
			o->exact = true;
			break;
		case TIMEOUT:
			if (parse_duration(optarg, 1000, &ms) || !ms || ms > 3600000)
				return bad_usage(e, optarg, "--timeout is 1 to 3600 seconds");
			o->timeout_s = (int)((ms + 999) / 1000);
			break;
		case JSON:
			o->json = true;
			break;
		case QUIET:
			o->quiet = true;
			break;
		case NO_COLOR:
			o->no_color = true;
			break;
		case VERSION:
			tell_about(o, NULL);
		case HELP:
			tell_about(o, longopts);
		default:
			return option_error(e, opt, argv[optind - 1], longopts);
		}
	}
	argv += optind;
	argc -= optind;
	if (!o->qmp) {
		if (!argc)
			return bad_usage(e, "arguments", "no monitor given: PORT or --qmp SOCKET");
		if (parse_int(argv[0], 1, 65535, &o->port))
			return bad_usage(e, argv[0], "PORT is 1 to 65535");
		argv++;
		argc--;
	}
	if (o->report) {
		if (o->has_root || o->levels)
			return bad_usage(e, "--report", "it brings its own --root and --levels");
	} else {
		if (!argc)
			return bad_usage(e, "arguments", "neither VADDR nor --report given");
		if (parse_address(argv[0], &o->va))
			return bad_usage(e, argv[0], "VADDR is an address, hexadecimal with 0x");
		argv++;
		argc--;
	}
	if (argc)
		return bad_usage(e, argv[0], "one argument too many");
	if (o->join && !o->report)
		return bad_usage(e, "--join", "there is nothing to join without --report");
	if (o->join && !o->join[0])
		return bad_usage(e, "--join", "it names no file");
	if (o->join && !strcmp(o->join, "-") && o->json)
		return bad_usage(e, "--join -",
				 "only one object fits on standard output, and --json is another");
	return 0;
}

/* The report */

/* All of a file; *text is the caller's to free. */
static int read_all(const char *path, char **text, size_t *len, struct err *e)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t size = 0, n = 0;
	char *buf = NULL, *more;
	int err = f ? 0 : errno;

	while (!err) {
		if (n == size) {
			size = size ? size * 2 : 65536;
			more = size > REPORT_MAX ? NULL : realloc(buf, size);
			if (!more) {
				err = size > REPORT_MAX ? EFBIG : ENOMEM;
				break;
			}
			buf = more;
		}
		errno = 0;
		n += fread(buf + n, 1, size - n, f);
		if (ferror(f))
			err = errno ? errno : EIO;
		else if (feof(f))
			break;
	}
	if (f && f != stdin)
		fclose(f);
	if (err) {
		free(buf);
		err_set(e, err, "", strerror(err), "give the output of vfio_test --json");
		e->id = "report-not-read";
		err_what(e, "%s: not read", path);
		return -err;
	}
	*text = buf;
	*len = n;
	return 0;
}

static int load_report(struct job *j)
{
	char why[256] = "out of memory", *text = NULL;
	size_t len = 0;
	int ret;

	ret = read_all(j->opt.report, &text, &len, &j->err);
	if (ret)
		return ret;
	ret = qemu_report_parse(j->fmt, text, len, &j->report, why, sizeof(why));
	if (!ret)
		j->fmt = j->tables.fmt = &j->report.fmt; /* with the bits as the guest has them */
	free(text);
	if (!ret && j->opt.join)
		ret = qemu_join_verdict(j->report.json, &j->guest, why, sizeof(why));
	if (ret) {
		err_set(&j->err, -ret, "", why,
			"give the output of vfio_test --json, run with the module loaded");
		j->err.id = "report-unusable";
		err_what(&j->err, "%s: not a report to verify", j->opt.report);
	}
	return ret;
}

/* The work, with the VM stopped */

__attribute__((format(printf, 3, 4))) static void conclude(struct job *j, enum verdict verdict,
							   const char *fmt, ...)
{
	va_list ap;

	j->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(j->detail, sizeof(j->detail), fmt, ap);
	va_end(ap);
}

static int read_table(void *ctx, uint64_t pa, uint64_t entries[QEMU_TABLE])
{
	return monitor_read_table(ctx, pa, entries);
}

/* Root and levels, from the options or else from the vCPU. */
static int find_root(struct job *j, struct monitor *m)
{
	const struct options *o = &j->opt;
	struct qemu_tables *t = &j->tables;
	const char *half = "the kernel half if PTI is on";
	struct monitor_regs regs = { 0 };
	bool ask = !o->has_root || !o->levels;
	uint64_t user_end;
	int ret;

	if (ask) {
		ret = monitor_read_registers(m, &regs);
		if (ret)
			return ret;
		if (!(regs.efer & X86_EFER_LMA)) {
			err_set(&j->err, EAGAIN, "vCPU 0", "it is not in 64-bit mode",
				"wait until the guest has booted");
			j->err.id = "not-64-bit";
			return -EAGAIN;
		}
	}
	t->pa_mask = ~0ULL;
	t->levels = o->levels ? o->levels : regs.cr4 & X86_CR4_LA57 ? 5 : 4;
	if (o->has_root) {
		t->root_pa = o->root_pa;
		snprintf(j->root_from, sizeof(j->root_from), "as given");
	} else {
		t->root_pa = regs.cr3 & X86_CR3_TABLE;
		if (regs.cpl == 3)
			half = regs.cr3 & X86_CR3_PTI_USER ? "the user half if PTI is on"
							   : "PTI is off";
		snprintf(j->root_from, sizeof(j->root_from),
			 "of vCPU 0, CR3 0x%016" PRIx64 " at CPL %u: %s", regs.cr3, regs.cpl, half);
	}
	user_end = pt_user_end(j->fmt, t->levels);
	if (o->va >= user_end && o->va < -user_end) {
		err_set(&j->err, ERANGE, "", "", "give an address of the process");
		j->err.id = "beyond-user-half";
		err_what(&j->err, "0x%" PRIx64, o->va);
		err_why(&j->err, "no address of %u-level paging", t->levels);
		return -ERANGE;
	}
	return 0;
}

static void judge_walk(struct job *j)
{
	const struct qemu_walk *w = &j->walk;
	const char *last = pt_level_name(j->tables.levels, qemu_walk_last(w)->level);
	bool user = w->eff.rights & PT_USER;
	bool want = j->opt.expect != EXPECT_SUPERVISOR;
	char at[32] = "";

	if (!j->opt.has_root)
		conclude(
			j, VERDICT_UNVERIFIED,
			"nobody knows whose page table CR3 points to; give --root, which vfio_test prints as root_pa");
	else if (w->kind == PT_TABLE)
		conclude(j, VERDICT_FAIL,
			 "the %s entry points to 0x%" PRIx64 ", where the VM has no memory", last,
			 w->lost_pa);
	else if (w->kind != PT_LEAF)
		conclude(j, VERDICT_FAIL, "not mapped: %s at %s", pt_kind_name(w->kind), last);
	else {
		qemu_levels_text(j->tables.levels, w->eff.no_user_levels, at, sizeof(at));
		conclude(j, user == want ? VERDICT_PASS : VERDICT_FAIL, "_PAGE_USER is %s%s, %s",
			 user ? "set at every level" : "clear at ", at,
			 user == want ? "as expected"
			 : want	      ? "expected user"
				      : "expected supervisor");
	}
}

static int run_walk(struct job *j, struct monitor *m)
{
	int ret;

	ret = find_root(j, m);
	if (ret)
		return ret;
	ret = qemu_walk(&j->tables, j->opt.va, &j->walk);
	if (ret)
		return ret;
	judge_walk(j);
	return 0;
}

static void judge_compare(struct job *j)
{
	const struct qemu_compare *c = &j->compare;
	bool want_user = j->opt.expect == EXPECT_USER;
	uint64_t against = want_user ? c->supervisor : c->user;
	uint64_t first = want_user ? c->first_supervisor : c->first_user;
	char at[32];

	if (c->findings.nr)
		conclude(j, VERDICT_FAIL, "%s", c->findings.line[0]);
	else if (c->unverified)
		conclude(j, VERDICT_UNVERIFIED,
			 "%" PRIu64 " of %" PRIu64 " pages are not verified: %s", c->unverified,
			 c->pages, c->unverified_first);
	else if (!qemu_compare_agrees(c))
		conclude(j, VERDICT_UNVERIFIED, "nothing was compared");
	else
		conclude(j, VERDICT_PASS, "every entry agrees");

	if (j->opt.expect == EXPECT_DEFAULT || j->verdict == VERDICT_FAIL)
		return;
	if (against && want_user) {
		qemu_levels_text(j->report.levels, c->first_no_user_levels, at, sizeof(at));
		conclude(j, VERDICT_FAIL,
			 "page 0x%" PRIx64 ": _PAGE_USER is clear at %s, expected user", first, at);
	} else if (against) {
		conclude(j, VERDICT_FAIL,
			 "page 0x%" PRIx64 ": _PAGE_USER is set, expected supervisor", first);
	} else if (c->absent) {
		conclude(j, VERDICT_FAIL, "page 0x%" PRIx64 ": not mapped, expected %s",
			 c->first_absent, want_user ? "user" : "supervisor");
	}
}

static int run_compare(struct job *j, struct monitor *m)
{
	struct monitor_regs regs;
	uint32_t levels;
	int ret;

	ret = monitor_read_registers(m, &regs);
	if (ret)
		return ret;
	j->tables.root_pa = j->report.root_pa;
	j->tables.levels = j->report.levels;
	levels = regs.cr4 & X86_CR4_LA57 ? 5 : 4;
	if (levels != j->report.levels) {
		conclude(j, VERDICT_FAIL,
			 "the report is of %u levels, the VM has %u: not the same VM",
			 j->report.levels, levels);
		return 0;
	}
	ret = qemu_compare(&j->report, &j->tables, j->opt.exact, &j->compare);
	if (ret)
		return ret;
	judge_compare(j);
	return 0;
}

static int run(struct job *j)
{
	struct monitor_conf conf = {
		.timeout_ms = j->opt.timeout_s * 1000,
		.err = &j->err,
	};
	struct err first;
	struct monitor *m;
	int ret, closed, signo;

	conf.cancel_fd = signals_block();
	if (j->opt.qmp)
		ret = monitor_open_qmp(j->opt.qmp, &conf, &m);
	else
		ret = monitor_open_hmp(j->opt.port, &conf, &m);
	if (!ret) {
		j->tables.read = read_table;
		j->tables.ctx = m;
		ret = j->opt.no_stop ? 0 : monitor_stop(m);
		if (!ret)
			ret = j->opt.report ? run_compare(j, m) : run_walk(j, m);
		first = j->err;
		closed = monitor_close(m);
		if (closed)
			err_fix(&j->err, "the VM may still be stopped: type cont in its monitor");
		else
			j->err = first;
		ret = ret ? ret : closed;
	}
	signo = signals_pending(conf.cancel_fd);
	if (conf.cancel_fd >= 0)
		close(conf.cancel_fd);
	if (ret)
		j->verdict = VERDICT_ERROR;
	return signo;
}

/* Where the joined report cannot be written, the run ends as an error. */
static void join(struct job *j)
{
	j->joined = qemu_join(j->report.json, qemu_witness_json(j), j->guest, j->verdict);
	if (qemu_join_write(j->opt.join, j->report.json, &j->err))
		j->verdict = VERDICT_ERROR;
}

int main(int argc, char **argv)
{
	static struct job j = { .verdict = VERDICT_ERROR, .fmt = &pt_x86 };
	int signo = 0, code;

	out_init(PROG);
	j.opt.json = args_have_json(argc, argv); /* a bad option may come before it */
	j.opt.timeout_s = MONITOR_TIMEOUT / 1000;
	j.tables.fmt = j.fmt;
	if (!parse_options(argc, argv, &j.opt, &j.err)) {
		term_init(j.opt.no_color);
		if (!j.opt.report || !load_report(&j))
			signo = run(&j);
		if (j.opt.join && j.verdict != VERDICT_ERROR)
			join(&j);
	}
	if (j.opt.json)
		qemu_print_json(&j);
	else if (j.verdict == VERDICT_ERROR)
		err_print(&j.err, PROG, NULL);
	else if (!j.opt.join || strcmp(j.opt.join, "-"))
		qemu_print_text(&j);
	qemu_report_free(&j.report);
	code = j.opt.join && j.verdict != VERDICT_ERROR ? j.joined : j.verdict;
	code = out_finish(PROG, code);
	if (signo)
		die_of(signo);
	return code;
}
