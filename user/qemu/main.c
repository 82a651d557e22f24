// SPDX-License-Identifier: GPL-2.0
/*
 * qemu_verify_pte: page tables of a VM, read by the host through QEMU's monitor.
 *
 * This is the witness outside of the guest: it checks in QEMU's memory what the module says
 * inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/err.h"
#include "qemu/monitor.h"
#include "lib/out.h"
#include "fmt/pt_x86.h"
#include "qemu/job.h"
#include "qemu/join.h"
#include "lib/term.h"

/* Signals are read from a descriptor, so that none interrupts us between two steps. */

/* Every signal that ends or stops a program: the VM must not stay stopped because of one. */
static const int ending_signals[] = { SIGINT,  SIGTERM, SIGHUP,	 SIGQUIT,   SIGTSTP,
				      SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF,
				      SIGPOLL, SIGPWR,	SIGXCPU, SIGTTIN,   SIGTTOU };

/*
 * Blocks the signals that would end the program; *before is the mask as it was.  Returns a
 * descriptor to read them from, or -1, which is harmless.
 */
static int signals_block(sigset_t *before)
{
	struct sigaction act;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(ending_signals) / sizeof(ending_signals[0]); i++) {
		/* What was ignored before, as SIGHUP under nohup, stays ignored. */
		if (!sigaction(ending_signals[i], NULL, &act) && act.sa_handler != SIG_IGN)
			sigaddset(&set, ending_signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, before);
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
			more = size > QEMU_REPORT_MAX_TEXT ? NULL : realloc(buf, size);
			if (!more) {
				err = size > QEMU_REPORT_MAX_TEXT ? EFBIG : ENOMEM;
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
		err_what(e, "%s: could not be read", path);
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
	ret = qemu_report_parse(&pt_x86, text, len, &j->report, why, sizeof(why));
	free(text);
	if (!ret) {
		j->fmt = j->tables.fmt =
			&j->report.fmt; /* with the meaning that the guest gives its bits */
		j->not_compared = qemu_report_not_compared(&j->report, j->opt.join);
		if (j->opt.join || qemu_guest_claims_pass(&j->report))
			ret = qemu_guest_judge(&j->report, &j->guest, why, sizeof(why));
	}
	if (ret) {
		err_set(&j->err, -ret, "", why,
			"give the output of vfio_test --json, run with the module loaded");
		j->err.id = "report-unusable";
		err_what(&j->err, "%s: not a report to verify", j->opt.report);
	}
	return ret;
}

/* The work, while the VM is stopped */

static int read_table(void *ctx, uint64_t pa, uint64_t entries[QEMU_TABLE])
{
	return monitor_read_table(ctx, pa, entries);
}

/* Root and levels, from the options or else from the vCPU. */
static int find_root(struct job *j, size_t cpu, uint32_t levels)
{
	const struct monitor_regs *regs = &j->vm.cpu[cpu];
	const struct options *o = &j->opt;
	struct qemu_tables *t = &j->tables;
	const char *half = "the kernel half if PTI is on";
	uint64_t user_end;

	t->levels = o->levels ? o->levels : levels;
	if (o->has_root) {
		t->root_pa = o->root_pa;
		snprintf(j->root_from, sizeof(j->root_from), "as given");
	} else {
		t->root_pa = regs->cr3 & X86_CR3_TABLE;
		if (regs->cpl == 3)
			half = regs->cr3 & X86_CR3_PTI_USER ? "the user half if PTI is on"
							    : "PTI is off";
		snprintf(j->root_from, sizeof(j->root_from),
			 "of vCPU %zu, CR3 0x%016" PRIx64 " at CPL %u: %s", cpu, regs->cr3,
			 regs->cpl, half);
	}
	user_end = pt_user_end(j->fmt, t->levels);
	if (o->va >= user_end && o->va < -user_end) {
		err_set(&j->err, ERANGE, "", "", "give an address of the process");
		err_what(&j->err, "0x%" PRIx64, o->va);
		err_why(&j->err, "a process has no such address with %u-level paging", t->levels);
		j->err.id = "beyond-user-half";
		return -ERANGE;
	}
	return 0;
}

static int run_walk(struct job *j, size_t cpu, uint32_t levels)
{
	int ret;

	ret = find_root(j, cpu, levels);
	if (!ret)
		ret = qemu_vm_find_root(&j->vm, &j->tables);
	if (!ret)
		ret = qemu_walk(&j->tables, j->opt.va, &j->walk);
	if (!ret)
		qemu_judge_walk(j);
	return ret;
}

static int run_compare(struct job *j)
{
	int ret;

	j->tables.root_pa = j->report.root_pa;
	j->tables.levels = j->report.levels;
	if (!qemu_vm_has_levels(&j->vm, j->report.levels)) {
		j->verdict = STATUS_FAIL;
		snprintf(j->detail, sizeof(j->detail),
			 "the report is of %u levels, which no vCPU uses: it is of another VM",
			 j->report.levels);
		return 0;
	}
	ret = qemu_vm_find_root(&j->vm, &j->tables);
	if (!ret)
		ret = qemu_compare(&j->report, &j->tables, j->opt.exact, &j->compare);
	if (ret)
		return ret;
	qemu_vm_compare(&j->vm, &j->report, &j->compare);
	qemu_judge_compare(j);
	return 0;
}

/* With --no-stop the VM may have changed its tables meanwhile, so they are read once more. */
static int run_again(struct job *j)
{
	uint64_t first = 0;
	size_t changed = 0;
	int ret;

	ret = qemu_tables_reread(&j->tables, &changed, &first);
	if (!ret && changed)
		qemu_judge_doubt(j,
				 "%zu of %zu tables changed while the VM ran on: first 0x%" PRIx64,
				 changed, j->tables.nr_seen, first);
	return ret;
}

/* If another client let the VM go on, what was read is not of one moment and cannot pass. */
static int check_stopped(struct job *j, struct monitor *m)
{
	int ret = monitor_was_stopped(m);

	if (ret != -EBUSY)
		return ret;
	qemu_judge_doubt(j, "%s; %s", j->err.why, j->err.fix);
	j->err = (struct err){ 0 };
	return 0;
}

static int run_stopped(struct job *j, struct monitor *m)
{
	uint32_t levels = 0;
	size_t cpu = 0;
	int ret;

	ret = monitor_read_vcpus(m, &j->vm.cpu, &j->vm.nr);
	if (!ret)
		ret = qemu_vm_find_vcpu(&j->vm, &cpu, &levels, &j->err);
	if (!ret)
		ret = monitor_read_ram(m, &j->vm.ram);
	if (ret)
		return ret;
	j->tables.read = read_table;
	j->tables.ctx = m;
	j->tables.ram = &j->vm.ram;
	j->tables.keep = j->opt.no_stop;
	ret = j->opt.report ? run_compare(j) : run_walk(j, cpu, levels);
	if (!ret && j->opt.no_stop)
		ret = run_again(j);
	if (ret == -EFAULT && !j->err.no) {
		err_set(&j->err, EFAULT, "", "the VM has no memory there",
			"give the root of a process of this VM, as it runs now");
		err_what(&j->err, "root 0x%" PRIx64, j->tables.root_pa);
		j->err.id = "vm-no-memory";
	}
	return ret ? ret : check_stopped(j, m);
}

static int run(struct job *j, sigset_t *before)
{
	struct monitor_conf conf = {
		.timeout_ms = j->opt.timeout_s * 1000,
		.err = &j->err,
	};
	struct err first;
	struct monitor *m;
	int ret, closed, signo;

	conf.cancel_fd = signals_block(before);
	if (j->opt.qmp)
		ret = monitor_open_qmp(j->opt.qmp, &conf, &m);
	else
		ret = monitor_open_hmp(j->opt.port, &conf, &m);
	if (!ret) {
		ret = j->opt.no_stop ? 0 : monitor_stop(m);
		if (!ret)
			ret = run_stopped(j, m);
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
	if (ret) {
		j->verdict = STATUS_ERROR;
		j->err.id = j->err.id ? j->err.id : "monitor";
	}
	return signo;
}

/* Where the joined report cannot be written, the run ends as an error. */
static void join(struct job *j)
{
	j->joined =
		qemu_join(j->report.json, qemu_witness_json(j), &j->guest, j->verdict, j->detail);
	if (qemu_join_write(j->opt.join, j->report.json, &j->err))
		j->verdict = STATUS_ERROR;
}

static int work(struct job *j)
{
	const bool to_file = j->opt.join && strcmp(j->opt.join, "-");
	sigset_t before;
	int signo;

	if (j->opt.report && load_report(j))
		return 0;
	signo = run(j, &before);
	/*
	 * The VM runs again, so from here on a signal may end the program, for example while it
	 * waits for a reader of its output. A joined file is written first, so that it is replaced
	 * as a whole and no temporary file stays behind.
	 */
	if (!to_file)
		sigprocmask(SIG_SETMASK, &before, NULL);
	if (j->opt.join && j->verdict != STATUS_ERROR)
		join(j);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return signo;
}

int main(int argc, char **argv)
{
	static struct job j = { .verdict = STATUS_ERROR, .fmt = &pt_x86 };
	enum status verdict;
	int signo = 0, code;

	out_init(PROG);
	j.opt.timeout_s = MONITOR_TIMEOUT / 1000;
	j.tables.fmt = j.fmt;
	if (!options_parse(argc, argv, &j.opt, &j.err)) {
		term_init(j.opt.no_color);
		signo = work(&j);
	}
	if (j.opt.json)
		qemu_print_json(&j);
	else if (j.verdict == STATUS_ERROR)
		err_print(&j.err, PROG, NULL);
	else if (!j.opt.join || strcmp(j.opt.join, "-"))
		qemu_print_text(&j);
	verdict = j.opt.join && j.verdict != STATUS_ERROR ? j.joined : j.verdict;
	code = out_finish(PROG, status_exit_code(verdict));
	if (signo)
		die_of(signo);
	json_object_put(j.not_compared);
	qemu_report_free(&j.report);
	qemu_tables_free(&j.tables);
	free(j.vm.cpu);
	free(j.vm.ram.range);
	return code;
}
