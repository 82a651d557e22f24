// SPDX-License-Identifier: GPL-2.0
/* Joins what the host found to the guest's own report. */
#include "qemu/join.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"

/* The layout of vfio_test, so that both files can be compared with diff. */
#define LAYOUT (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/* Is this element of proven (a name) or of not_proven (an object) about QEMU? */
static bool is_own(struct json_object *one)
{
	struct json_object *name = one;

	if (json_object_is_type(one, json_type_object))
		json_object_object_get_ex(one, "witness", &name);
	return json_object_is_type(name, json_type_string) &&
	       !strcmp(json_object_get_string(name), QEMU_WITNESS);
}

/* Replaces what report.@key says about QEMU by @own, or by nothing if NULL; takes @own. */
static void retell(struct json_object *report, const char *key, struct json_object *own)
{
	struct json_object *old = NULL, *arr, *one;
	size_t nr, i;

	json_object_object_get_ex(report, key, &old);
	if (!json_object_is_type(old, json_type_array)) {
		json_object_put(own);
		return;
	}
	arr = json_object_new_array();
	nr = json_object_array_length(old);
	for (i = 0; i < nr; i++) {
		one = json_object_array_get_idx(old, i);
		if (!is_own(one))
			json_object_array_add(arr, json_object_get(one));
	}
	if (own)
		json_object_array_add(arr, own);
	json_object_object_add(report, key, arr);
}

static struct json_object *not_proven(const char *why)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "witness", json_text(QEMU_WITNESS));
	json_object_object_add(obj, "why", json_text(why));
	return obj;
}

enum status qemu_join(struct json_object *report, struct json_object *qemu,
		      const struct qemu_guest *guest, enum status host, const char *why)
{
	enum status verdict = status_worse(guest->verdict, host);
	struct json_object *witnesses = NULL;
	bool proven = host == STATUS_PASS;

	/* A key that the report has already keeps its place in it. */
	json_object_object_get_ex(report, "witnesses", &witnesses);
	json_object_object_add(witnesses, QEMU_WITNESS, qemu);
	retell(report, "proven", proven ? json_text(QEMU_WITNESS) : NULL);
	retell(report, "not_proven", proven ? NULL : not_proven(why));
	if (guest->held) {
		json_object_object_add(report, "so_far", json_text(status_name(verdict)));
		verdict = status_worse(verdict, STATUS_UNVERIFIED);
	}
	json_object_object_add(report, "verdict", json_text(status_name(verdict)));
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

/* The mode of the file that is replaced, or the one that a new file gets. */
static mode_t file_mode(const struct stat *old)
{
	mode_t mask;

	if (old)
		return old->st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* 0 or errno; @path is the real name, with all links resolved */
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
			    "redirect standard output to a file with enough space");
	}
	/* A symbolic link is followed and not replaced. */
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
