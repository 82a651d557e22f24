// SPDX-License-Identifier: GPL-2.0
/* Requests as text, and how their answers are read */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "oracle.h"

/* Requests as text: P is our pid, V a page of ours, in hexadecimal */

static const struct {
	const char *text;
	int err;
} requests[] = {
	{ "P V", 0 },
	{ "P V\n", 0 },
	{ "P V 0x2000", 0 },
	{ "P V 8192", 0 },
	{ "P V 8192\n", 0 },
	{ "  P \t V   0x1000  \n", 0 },
	{ "P:V", 0 },
	{ "P:V\n", 0 },
	{ "P:V+0x2000", 0 },
	{ "P:V+4096", 0 },
	{ "V", 0 },
	{ " V \n", 0 },
	{ "", EINVAL },
	{ " ", EINVAL },
	{ "\n", EINVAL },
	{ ":", EINVAL },
	{ "abc", EINVAL },
	{ "P", EINVAL }, /* a pid is no page's address */
	{ "P abc", EINVAL },
	{ "P Vx", EINVAL },
	{ "Px V", EINVAL },
	{ "1 2 3 4", EINVAL },
	{ "P V 0x1000 0x1000", EINVAL },
	{ "0 0x1000", EINVAL },
	{ "-1 0x1000", EINVAL },
	{ "-P V", EINVAL },
	{ "0x1 V", EINVAL },
	{ "P -0x1000", EINVAL },
	{ "P V -4096", EINVAL },
	{ "99999999999 V", EINVAL },
	{ "P 0x10000000000001000", EINVAL },
	{ "P V 0x10000000000001000", EINVAL },
	{ "P:", EINVAL },
	{ ":V", EINVAL },
	{ "P:V+", EINVAL },
	{ "P:V+0x1000+0x1000", EINVAL },
	{ "P:P:V", EINVAL },
	{ "P V+0x1000", EINVAL },
	{ "P,V", EINVAL },
	{ "P 0x1001", EINVAL },
	{ "P V 0x1001", EINVAL },
	{ "P V 1", EINVAL },
	{ "P V 0", EINVAL },
	{ "P:V+0", EINVAL },
	{ "P 0xfffffffffffff000", EINVAL },
	{ "P 0xffffffffffffe000 0x2000", EINVAL },
	{ "P V 0xfffffffffffff000", EINVAL },
	{ "P 0xffff888000000000", ERANGE },
	{ "P 0x4000000000000000", ERANGE },
	{ "P 0x100000000000000", ERANGE },
	{ "P 0xfffffffffff000 0x2000", ERANGE },
	{ "2 V", ESRCH },
	{ "2:V+0x1000", ESRCH },
	{ "4194305 V", ESRCH },
};

static void fill_in(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (out[0] = '\0'; *text && n < size; text++) {
		if (*text == 'P')
			n += snprintf(out + n, size - n, "%d", getpid());
		else if (*text == 'V')
			n += snprintf(out + n, size - n, "0x%" PRIx64, ARENA);
		else
			n += snprintf(out + n, size - n, "%c", *text);
	}
}

static void check_request(int fd, const char *text, size_t size, int want_err, const char *what)
{
	ssize_t n = write(fd, text, size);
	int err = n < 0 ? errno : 0;

	if (err != want_err || (n >= 0 && n != (ssize_t)size))
		fail("\"%s\": %s (%zd), not %s", what, error_name(err), n, error_name(want_err));
}

void test_requests(void)
{
	char text[201];
	int fd = module_open(WALK, O_RDWR), err;
	size_t i;

	some_page();
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		fill_in(text, sizeof(text), requests[i].text);
		check_request(fd, text, strlen(text), requests[i].err, requests[i].text);
	}
	check_request(fd, "1\0 0x1000", 9, EINVAL, "NUL in the middle");
	check_request(fd, "1 0x1000\0", 9, EINVAL, "NUL at the end");
	memset(text, ' ', 200);
	memcpy(text, "1 0x1000", 8);
	check_request(fd, text, 200, EINVAL, "200 characters");
	check_request(fd, text, 127, 0, "127 characters");
	check_request(fd, text, 128, EINVAL, "128 characters");
	memset(text, '1', 200);
	check_request(fd, text, 200, EINVAL, "200 digits");
	err = write(fd, (void *)PAGE, 8) < 0 ? errno : 0;
	if (err != EFAULT)
		fail("no memory behind it: %s, not EFAULT", error_name(err));
	close(fd);
}

static char request_buf[200];

/* Until the next good one, a request that is refused is what is read: by whoever reads then. */
static void check_refused(int fd, const char *what, int want)
{
	const int reader = module_open(WALK, O_RDONLY);
	int err, n;
	char *text;

	for (n = 0; n < 2; n++) {
		text = read_all(n ? reader : fd, 4096, NULL, &err);
		if (*text || err != want)
			fail("%s%s: %s, not %s:\n%s", what, n ? ", read only" : "", error_name(err),
			     error_name(want), text);
		free(text);
	}
	close(reader);
	if (pread(fd, request_buf, sizeof(request_buf), 100) >= 0 || errno != want)
		fail("%s: not from its middle either: %s", what, error_name(errno));
}

void test_refused(void)
{
	static const struct {
		const char *text;
		int err;
	} refused[] = {
		{ "abc", EINVAL },	{ "4194305 0x1000", ESRCH },
		{ "2 0x1000", ESRCH },	{ "0xffff888000000000", ERANGE },
		{ "1 0x1001", EINVAL },
	};
	int fd = module_open(WALK, O_RDWR), err;
	char *before, *after, request[40];
	size_t i;

	before = read_all(fd, 4096, NULL, &err);
	if (*before || err != ENODATA)
		fail("before any request: %s, not ENODATA", error_name(err));
	free(before);
	snprintf(request, sizeof(request), "0x%" PRIx64, some_page());
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		walk_request(fd, request);
		before = read_all(fd, 4096, NULL, &err);
		walk_request(fd, refused[i].text);
		check_refused(fd, refused[i].text, refused[i].err);
		/* And a good one is answered again. */
		walk_request(fd, request);
		after = read_all(fd, 4096, NULL, &err);
		if (!*before || err || strcmp(before, after))
			fail("after \"%s\": %s:\n%s", refused[i].text, error_name(err), after);
		free(before);
		free(after);
	}
	/* However it is refused */
	if (write(fd, (void *)PAGE, 8) >= 0)
		fail("no memory behind it: taken");
	check_refused(fd, "no memory behind it", EFAULT);
	walk_request(fd, request);
	memset(request_buf, ' ', sizeof(request_buf));
	if (write(fd, request_buf, sizeof(request_buf)) >= 0)
		fail("too long: taken");
	check_refused(fd, "too long", EINVAL);
	close(fd);
}

/* A request without LEN, with each form of naming: one and the same answer */
void test_forms(void)
{
	static const char *const one[] = { "P V", "P:V", "V" };
	static const char *const range[] = { "P V 0x3000", "P:V+0x3000", "P:V+12288" };
	char text[64], *first, *other;
	unsigned int i;
	int err;

	some_page();
	for (i = 0; i < 2 * ARRAY_SIZE(one); i++) {
		const char *const *form = i < ARRAY_SIZE(one) ? one : range;

		fill_in(text, sizeof(text), form[0]);
		first = ask_text_once(text, &err);
		fill_in(text, sizeof(text), form[i % ARRAY_SIZE(one)]);
		other = ask_text_once(text, &err);
		if (!first || !other || strcmp(first, other))
			fail("\"%s\": %s:\n%s", text, error_name(err), other ? other : "");
		else if (!strstr(other, form == one ? "\neffective: " : "\ncomplete: "))
			fail("\"%s\": not that form:\n%s", text, other);
		free(first);
		free(other);
	}
}

void test_no_vma(void)
{
	char request[64], *text;
	int err;

	snprintf(request, sizeof(request), "%d 0x%" PRIx64, getpid(), ARENA + GIB);
	text = ask_text_once(request, &err);
	if (!text || !strstr(text, "\neffective: not mapped: the address is in no VMA\n"
				   "_PAGE_USER: none\n"))
		fail("\"%s\": %s:\n%s", request, error_name(err), text ? text : "");
	free(text);
	snprintf(request, sizeof(request), "%d 0x%" PRIx64 " 0x2000", getpid(), ARENA + GIB);
	text = ask_text_once(request, &err);
	if (!text || !strstr(text, "\nnot mapped: the range is in no VMA\ncomplete: none 0 page 0 "
				   "protnone 0 invalid 0 absent 0 (4K pages)\n"))
		fail("\"%s\": %s:\n%s", request, error_name(err), text ? text : "");
	free(text);
}

/* Runs for several of the module's buffers (16 KiB each), each with a line */
#define FRAGMENTS 1600

static void fragment(void)
{
	struct mem m = { 0 };

	every_other(&m, FRAGMENTS);
}

static void fragment_request(char *out, size_t size, pid_t pid)
{
	snprintf(out, size, "%d 0x%" PRIx64 " 0x%" PRIx64, pid, ARENA, FRAGMENTS * PAGE);
}

void test_pieces(void)
{
	static const size_t chunks[] = { 1, 13, 4096, 1 << 20 };
	char request[64], *whole, *text;
	int fd = module_open(WALK, O_RDWR), err;
	size_t i, size;

	fragment();
	fragment_request(request, sizeof(request), getpid());
	whole = ask_text_once(request, &err);
	if (!whole || !strstr(whole, "\ncomplete: none 800 page 800 ")) {
		fail("\"%s\": %s", request, error_name(err));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		walk_request(fd, request);
		text = read_all(fd, chunks[i], &size, &err);
		if (err || strcmp(text, whole))
			fail("in pieces of %zu: %s, %zu bytes of %zu", chunks[i], error_name(err),
			     size, strlen(whole));
		free(text);
	}
	/* From somewhere in it, and from the start once more */
	for (i = 0; i < 4; i++) {
		size_t at = i & 1 ? strlen(whole) * i / 4 : 0;

		if (lseek(fd, at, SEEK_SET) != (off_t)at)
			fail("lseek: %s", strerror(errno));
		text = read_all(fd, 4096, NULL, &err);
		if (err || strcmp(text, whole + at))
			fail("from byte %zu: %s", at, error_name(err));
		free(text);
	}
	free(whole);
	close(fd);
}

/* A new request, whatever has been read of the last answer: from the start */
void test_second_request(void)
{
	static const size_t before[] = { 0, 1, 100, 5000, 60000 };
	char request[64], second[64], *want_text, *text;
	static char some[60000];
	int fd = module_open(WALK, O_RDWR), err;
	size_t i, n;

	fragment();
	fragment_request(request, sizeof(request), getpid());
	snprintf(second, sizeof(second), "%d:0x%" PRIx64, getpid(), ARENA);
	want_text = ask_text_once(second, &err);
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		walk_request(fd, request);
		for (n = 0; n < before[i];) {
			ssize_t got = read(fd, some, before[i] - n);

			if (got <= 0)
				break;
			n += got;
		}
		if (n != before[i])
			fail("only %zu bytes to read", n);
		walk_request(fd, second);
		text = read_all(fd, 4096, NULL, &err);
		if (err || strcmp(text, want_text))
			fail("after %zu bytes of another: %s:\n%s", before[i], error_name(err),
			     text);
		free(text);
	}
	free(want_text);
	close(fd);
}

/* Requests, reads and calls of one opener are nothing to another. */
void test_two_files(void)
{
	char request[64], second[64], *whole, *rest, *text, some[1000];
	int a = module_open(WALK, O_RDWR), b = module_open(WALK, O_RDWR), err;
	struct verify_pte_run run;
	struct verify_pte_walk arg;

	fragment();
	fragment_request(request, sizeof(request), getpid());
	whole = ask_text_once(request, &err);
	snprintf(second, sizeof(second), "%d:0x%" PRIx64, getpid(), ARENA + PAGE);
	walk_request(a, request);
	if (read(a, some, sizeof(some)) != sizeof(some) || memcmp(some, whole, sizeof(some)))
		fail("the first read");
	walk_request(b, second);
	arg = walk_arg(0, ARENA, PAGE, &run, 1, 0);
	if (ioctl(b, VERIFY_PTE_IOC_WALK, &arg))
		fail("ioctl: %s", strerror(errno));
	rest = read_all(a, 4096, NULL, &err);
	if (err || strcmp(rest, whole + sizeof(some)))
		fail("the rest, with another file at work: %s", error_name(err));
	text = read_all(b, 4096, NULL, &err);
	free(rest);
	rest = ask_text_once(second, &err);
	if (err || strcmp(text, rest))
		fail("the other file: %s:\n%s", error_name(err), text);
	free(text);
	free(rest);

	/* On the same file a call ends the text; it starts again, or fails. */
	lseek(a, 0, SEEK_SET);
	if (read(a, some, sizeof(some)) != sizeof(some) || ioctl(a, VERIFY_PTE_IOC_WALK, &arg))
		fail("read, then ioctl: %s", strerror(errno));
	rest = read_all(a, 4096, NULL, &err);
	if (err ? !!strstr(rest, "complete:") : !!strcmp(rest, whole + sizeof(some)))
		fail("after an ioctl: %s, %zu bytes", error_name(err), strlen(rest));
	free(rest);
	lseek(a, 0, SEEK_SET);
	rest = read_all(a, 4096, NULL, &err);
	if (err || strcmp(rest, whole))
		fail("after an ioctl, from the start: %s", error_name(err));
	free(rest);
	free(whole);
	close(a);
	close(b);
}

void test_read_only(void)
{
	char request[64], want_head[40], *text, *asked;
	pid_t pid = spawn(other_setup);
	int fd, err;

	snprintf(request, sizeof(request), "%d:0x%" PRIx64, pid, ARENA + 6 * PAGE);
	asked = ask_text_once(request, &err);
	fd = module_open(WALK, O_RDONLY);
	text = read_all(fd, 4096, NULL, &err);
	snprintf(want_head, sizeof(want_head), "pid %d ", pid);
	if (!asked || err || strcmp(text, asked) || strncmp(text, want_head, strlen(want_head)))
		fail("the last request: %s:\n%s", error_name(err), text);
	free(text);
	if (!write(fd, "1 0x1000", 8) || errno != EBADF)
		fail("written to: %s", strerror(errno));
	/* What it is about is settled when it is opened. */
	free(ask_text_once("1 0x1000", &err));
	lseek(fd, 0, SEEK_SET);
	text = read_all(fd, 4096, NULL, &err);
	if (!asked || strcmp(text, asked))
		fail("another request later: %s:\n%s", error_name(err), text);
	free(text);
	free(asked);
	close(fd);

	/* The last request, of a process that is gone */
	fd = module_open(WALK, O_RDWR);
	walk_request(fd, request);
	close(fd);
	reap(pid);
	fd = module_open(WALK, O_RDONLY);
	text = read_all(fd, 4096, NULL, &err);
	if (*text || err != ESRCH)
		fail("of a dead process: %s, not ESRCH:\n%s", error_name(err), text);
	free(text);
	close(fd);
}

/* Half an answer never ends as if it were whole. */
void test_dies_half_read(void)
{
	static const size_t before[] = { 1, 100, 4096 };
	char request[64], some[4096], *rest;
	size_t i, n;
	int fd, err;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		pid_t pid = spawn(fragment);
		ssize_t got;

		fd = module_open(WALK, O_RDWR);
		fragment_request(request, sizeof(request), pid);
		walk_request(fd, request);
		for (n = 0; n < before[i]; n += got) {
			got = read(fd, some, before[i] - n);
			if (got <= 0)
				break;
		}
		if (n != before[i])
			fail("only %zu bytes to read", n);
		reap(pid);
		rest = read_all(fd, 512, NULL, &err);
		if (err != ESRCH || strstr(rest, "complete:"))
			fail("after %zu bytes: %s, and \"complete:\" %s there", before[i],
			     error_name(err), strstr(rest, "complete:") ? "is" : "is not");
		free(rest);
		/* Nor does another try go on from there. */
		rest = read_all(fd, 512, NULL, &err);
		if (*rest || !err)
			fail("after %zu bytes, once more: %s, \"%s\"", before[i], error_name(err),
			     rest);
		free(rest);
		close(fd);
	}
}
