/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* One run of qemu_verify_pte: what was asked, what was found, what is printed. */
#ifndef QEMU_JOB_H
#define QEMU_JOB_H

#include "lib/err.h"
#include "qemu/compare.h"
#include "qemu/guest.h"
#include "qemu/report.h"
#include "lib/status.h"
#include "qemu/vm.h"
#include "qemu/walk.h"

#define PROG "qemu_verify_pte"

struct options {
	const char *qmp; /* NULL: the monitor at port */
	int port;
	const char *report; /* NULL: one address */
	const char *join;   /* where the joined report goes, or NULL */
	uint64_t va;
	uint64_t root_pa;
	bool has_root;
	uint32_t levels; /* 0: as CR4 says */
	enum expect expect;
	bool json;
	bool no_stop;
	bool exact; /* bits that are set in passing count as differences */
	bool no_color;
	bool quiet;
	int timeout_s;
};

/* 0, or -EINVAL with @e.  --help and --version end the program. */
int options_parse(int argc, char **argv, struct options *o, struct err *e);

/* Everything about one run. */
struct job {
	struct options opt;
	const struct pt_fmt *fmt;
	struct qemu_report report;
	struct qemu_tables tables;
	struct qemu_walk walk;
	struct qemu_compare compare;
	char root_from[128];
	enum status verdict;
	char detail[320]; /* why it is this verdict */
	struct err err;	  /* of STATUS_ERROR */
	struct qemu_vm vm;
	struct qemu_guest guest;	  /* judged with --join, or if the report says pass */
	enum status joined;		  /* --join: the worst of that and of ours */
	struct json_object *not_compared; /* names of what no VM can confirm */
};

/* Set verdict and detail, for one address and for a report.  Pure. */
void qemu_judge_walk(struct job *j);
void qemu_judge_compare(struct job *j);

/* Turns a pass into unverified, with the reason; any other verdict stays. */
__attribute__((format(printf, 2, 3))) void qemu_judge_doubt(struct job *j, const char *fmt, ...);

/* On standard output; text not for STATUS_ERROR. */
void qemu_print_text(const struct job *j);
void qemu_print_json(const struct job *j);

/* witnesses.qemu, of a report that was compared. */
struct json_object *qemu_witness_json(const struct job *j);

#endif /* QEMU_JOB_H */
