// SPDX-License-Identifier: GPL-2.0
/* The guest's own report with the host's word in it. */
#include "qemu_join.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* As vfio_test prints it, so that what is the same looks the same. */
#define LAYOUT (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/* The name of our own witness */
static const char own[] = "qemu";

/* A verdict in words; "skip", where it may be, says nothing and is a pass. */
static int parse_verdict(struct json_object *val, bool may_skip, enum verdict *out)
{
	const char *name;
	size_t i;

	if (!json_object_is_type(val, json_type_string))
		return -EINVAL;
	name = json_object_get_string(val);
	for (i = 0; i < QEMU_NR_VERDICTS; i++) {
		if (!strcmp(name, qemu_verdicts[i].name)) {
			*out = qemu_verdicts[i].verdict;
			return 0;
		}
	}
	*out = VERDICT_PASS;
	return may_skip && !strcmp(name, "skip") ? 0 : -EINVAL;
}

int qemu_join_verdict(struct json_object *report, enum verdict *out, char *why, size_t why_len)
{
	struct json_object *val = NULL, *witnesses = NULL;
	struct json_object_iterator at, end;
	enum verdict one;

	if (!json_object_object_get_ex(report, "verdict", &val)) {
		snprintf(why, why_len, "report.verdict is missing");
		return -EINVAL;
	}
	if (parse_verdict(val, false, out)) {
		snprintf(why, why_len,
			 "report.verdict is none of pass, unverified, fail and error");
		return -EINVAL;
	}
	if (!json_object_object_get_ex(report, "witnesses", &witnesses) ||
	    !json_object_is_type(witnesses, json_type_object)) {
		snprintf(why, why_len, "report.witnesses is %s",
			 witnesses ? "not an object" : "missing");
		return -EINVAL;
	}
	at = json_object_iter_begin(witnesses);
	end = json_object_iter_end(witnesses);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *name = json_object_iter_peek_name(&at);

		if (!strcmp(name, own))
			continue;
		if (!json_object_object_get_ex(json_object_iter_peek_value(&at), "status", &val) ||
		    parse_verdict(val, true, &one)) {
			snprintf(
				why, why_len,
				"witnesses.%s.status is none of pass, skip, unverified, fail and error",
				name);
			return -EINVAL;
		}
		*out = verdict_worst(*out, one);
	}
	return 0;
}

enum verdict qemu_join(struct json_object *report, struct json_object *qemu, enum verdict guest,
		       enum verdict host)
{
	enum verdict verdict = verdict_worst(guest, host);
	struct json_object *witnesses = NULL;

	/* A key that is there keeps its place. */
	json_object_object_get_ex(report, "witnesses", &witnesses);
	json_object_object_add(witnesses, own, qemu);
	json_object_object_add(report, "verdict", json_text(verdict_name(verdict)));
	return verdict;
}

static int fail(struct err *e, int no, const char *path, const char *why, const char *fix)
{
	err_set(e, no, "", why ? why : strerror(no), fix);
	err_what(e, "%s: joined report not written", path);
	e->id = "report-not-written";
	return -no;
}

/* 0 or errno */
static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Mode of a file that is there, or else what a new one gets. */
static mode_t file_mode(const struct stat *old)
{
	mode_t mask;

	if (old)
		return old->st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* 0 or errno; @path is the name proper, past all links */
static int replace(const char *path, const struct stat *old, const char *text, size_t len)
{
	char *temp = NULL;
	int fd, no;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		no = errno;
		free(temp);
		return no;
	}
	no = write_all(fd, text, len);
	if (!no)
		no = write_all(fd, "\n", 1);
	if (!no && (fchmod(fd, file_mode(old)) || fsync(fd)))
		no = errno;
	if (close(fd) && !no)
		no = errno;
	if (!no && rename(temp, path))
		no = errno;
	if (no)
		unlink(temp);
	free(temp);
	return no;
}

int qemu_join_write(const char *path, struct json_object *report, struct err *e)
{
	const char *fix = "give --join a file that may be written, with space for it";
	char real[PATH_MAX];
	bool there = false;
	const char *text;
	struct stat st;
	size_t len = 0;
	int no;

	text = json_object_to_json_string_length(report, LAYOUT, &len);
	if (!text)
		return fail(e, ENOMEM, path, NULL, "free some memory");
	if (!strcmp(path, "-")) {
		errno = 0;
		if (fwrite(text, 1, len, stdout) == len && putchar('\n') != EOF && !fflush(stdout))
			return 0;
		return fail(e, errno ? errno : EIO, "stdout", NULL,
			    "give it somewhere to go, with space for it");
	}
	/* A link is followed, not replaced. */
	if (realpath(path, real)) {
		there = true;
		path = real;
		if (stat(path, &st))
			return fail(e, errno, path, NULL, fix);
		if (!S_ISREG(st.st_mode))
			return fail(e, EINVAL, path,
				    "it is no regular file, and could not be replaced whole",
				    "name a file, or give --join - and redirect the output");
	} else if (errno != ENOENT) {
		return fail(e, errno, path, NULL, fix);
	}
	no = replace(path, there ? &st : NULL, text, len);
	return no ? fail(e, no, path, NULL, fix) : 0;
}
