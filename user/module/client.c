// SPDX-License-Identifier: GPL-2.0
#include "module/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "failure/failure.h"
#include "module/module.h"
#include "fmt/pt_x86.h"
#include "lib/signals.h"
#include "lib/term.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DEBUGFS	      "/sys/kernel/debug"

int verify_pte_open(struct modules *mods, const char *path, const char *name, struct err *err)
{
	char beside[PATH_MAX], file[64], what[96];
	struct env env;
	int fd, no;

	if (!path)
		path = env_module_beside(beside, sizeof(beside));
	no = -modules_need(mods, "verify_pte", path, err);
	if (no)
		return -no;
	snprintf(file, sizeof(file), DEBUGFS "/" VERIFY_PTE_DIR "/%s", name);
	fd = open(file, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	no = errno;
	env_machine(&env, path);
	snprintf(what, sizeof(what), "could not open %s", file);
	failure_explain(&env, "debugfs", no, what, err);
	return -no;
}

#define BATCH 2048 /* records that one call returns */

/*
 * How long one call about a device takes at most, about.  The module asks the IOMMU for each page,
 * so a range can take hours.  A signal makes the module return what it has, as a part of the same
 * answer; a timer sends one, so that we show the progress and look around in between.
 */
#define IOVA_TICK_US 250000

/* Does nothing; the signal only makes the module return. */
static void on_tick(int sig)
{
	(void)sig;
}

struct ticking {
	struct sigaction was;
	struct itimerval timer;
};

static void ticking_begin(struct ticking *t)
{
	static const struct itimerval tick = { { 0, IOVA_TICK_US }, { 0, IOVA_TICK_US } };
	const struct sigaction sa = { .sa_handler = on_tick, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &sa, &t->was);
	setitimer(ITIMER_REAL, &tick, &t->timer);
}

static void ticking_end(const struct ticking *t)
{
	setitimer(ITIMER_REAL, &t->timer, NULL);
	sigaction(SIGALRM, &t->was, NULL);
}

static size_t record_size(enum verify_pte_form form)
{
	return form == VERIFY_PTE_ENTRIES ? sizeof(struct verify_pte_entry)
					  : sizeof(struct verify_pte_run);
}

/* Makes one call: 0, or -errno.  Each call after the first names the answer that it continues. */
static int one_call(int fd, unsigned long cmd, struct verify_pte_walk *ask, uint64_t root_pa)
{
	const bool first = !ask->answer;

	if (ioctl(fd, cmd, ask))
		return -errno;
	/* The module refuses a changed root itself; this checks it a second time. */
	if (!first && ask->root_pa != root_pa)
		return -ESTALE;
	/* Without a number the next call would begin another answer, maybe of another domain. */
	return ask->next - ask->start < ask->len && !ask->answer ? -EPROTO : 0;
}

static int each_call(int fd, struct verify_pte_who who, uint64_t start, uint64_t len,
		     enum verify_pte_form form,
		     int (*each)(const void *records, size_t nr,
				 const struct verify_pte_walk *answer, void *arg),
		     void *arg, struct verify_pte_walk *sum)
{
	const unsigned long cmd =
		form == VERIFY_PTE_IOVAS ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK;
	const size_t size = record_size(form);
	struct verify_pte_walk total = { 0 };
	uint64_t at = start, end = start + len, root_pa = 0;
	void *buf = malloc(BATCH * size);
	uint32_t answer = 0;
	size_t i;
	int ret = 0;

	if (!buf)
		return -ENOMEM;
	do {
		memset(sum, 0, sizeof(*sum));
		sum->argsz = sizeof(*sum);
		sum->flags = form == VERIFY_PTE_ENTRIES ? VERIFY_PTE_RAW : 0;
		sum->device = who.id;
		sum->segment = who.segment;
		sum->start = at;
		sum->len = end - at;
		sum->buf = (uintptr_t)buf;
		sum->nr = BATCH;
		sum->answer = answer;
		ret = one_call(fd, cmd, sum, root_pa);
		if (ret)
			break;
		for (i = 0; i < ARRAY_SIZE(total.pages); i++)
			total.pages[i] += sum->pages[i];
		total.descents += sum->descents;
		total.entries += sum->entries;
		at = sum->next;
		answer = sum->answer;
		root_pa = sum->root_pa;
		ret = each(buf, sum->nr, sum, arg);
		if (!ret && at - start < len && who.give_up && who.give_up(who.arg))
			ret = -ECANCELED;
	} while (!ret && at - start < len);
	memcpy(sum->pages, total.pages, sizeof(total.pages));
	sum->descents = total.descents;
	sum->entries = total.entries;
	free(buf);
	return ret;
}

int verify_pte_each(int fd, struct verify_pte_who who, uint64_t start, uint64_t len,
		    enum verify_pte_form form,
		    int (*each)(const void *records, size_t nr,
				const struct verify_pte_walk *answer, void *arg),
		    void *arg, struct verify_pte_walk *sum)
{
	struct ticking ticking;
	int ret;

	if (form == VERIFY_PTE_IOVAS)
		ticking_begin(&ticking);
	ret = each_call(fd, who, start, len, form, each, arg, sum);
	if (form == VERIFY_PTE_IOVAS)
		ticking_end(&ticking);
	return ret;
}

struct collect {
	enum verify_pte_form form;
	char *buf;
	size_t nr, room, size;
	uint64_t start, end;
	bool shown;
};

/*
 * A call about a device ends where its time does, so a run may go on in the next one.  Makes the
 * last run collected so much longer; false: the first of @records is a run of its own.
 */
static bool goes_on(struct collect *c, const void *records, size_t nr)
{
	const struct verify_pte_run *run = records;
	struct verify_pte_run *last;

	if (c->form != VERIFY_PTE_IOVAS || !c->nr || !nr)
		return false;
	last = (struct verify_pte_run *)c->buf + c->nr - 1;
	if (last->vaddr + last->len != run->vaddr || last->kind != run->kind ||
	    (run->kind == PT_LEAF && last->pa + last->len != run->pa))
		return false;
	last->len += run->len;
	return true;
}

static int collect_each(const void *records, size_t nr, const struct verify_pte_walk *answer,
			void *arg)
{
	struct collect *c = arg;

	/* If one call is not enough, the walk takes long. */
	if (term_progress_ok() && (answer->next < c->end || c->shown)) {
		fprintf(stderr, "\r%llu%%\033[K",
			(unsigned long long)((answer->next - c->start) /
					     ((c->end - c->start) / 100 + 1)));
		c->shown = true;
	}
	if (goes_on(c, records, nr)) {
		records = (const char *)records + c->size;
		nr--;
	}
	if (c->room - c->nr < nr) {
		size_t room = 2 * (c->room + nr);
		char *bigger = realloc(c->buf, room * c->size);

		if (!bigger)
			return -ENOMEM;
		c->buf = bigger;
		c->room = room;
	}
	if (nr)
		memcpy(c->buf + c->nr * c->size, records, nr * c->size);
	c->nr += nr;
	return signal_seen ? -EINTR : 0;
}

/* While a device is being set up it changes its domain: try again a little later. */
#define TRIES	    8
#define TRY_WAIT_NS 20000000L

int verify_pte_get(int fd, struct verify_pte_who who, uint64_t start, uint64_t len,
		   enum verify_pte_form form, void **records, size_t *nr,
		   struct verify_pte_walk *sum)
{
	const struct timespec wait = { 0, TRY_WAIT_NS };
	struct collect c = {
		.form = form,
		.size = record_size(form),
		.start = start,
		.end = start + len,
	};
	unsigned int tries = 0;
	int ret;

	do {
		c.nr = 0;
		ret = verify_pte_each(fd, who, start, len, form, collect_each, &c, sum);
	} while (ret == -EAGAIN && ++tries < TRIES && !nanosleep(&wait, NULL));
	if (c.shown)
		fputs("\r\033[K", stderr);
	if (ret) {
		free(c.buf);
		return ret;
	}
	*records = c.buf;
	*nr = c.nr;
	return 0;
}

int verify_pte_format(int fd, struct verify_pte_info *info, struct pt_fmt *fmt)
{
	*fmt = pt_x86;
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	if (ioctl(fd, VERIFY_PTE_IOC_INFO, info))
		return -errno;
	fmt->volatile_mask = info->volatile_mask;
	fmt->soft = info->soft;
	return 0;
}
