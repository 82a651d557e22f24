// SPDX-License-Identifier: GPL-2.0
/* vfio_test iova: asks the module for the IOMMU's translations of a device's addresses. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/kcmp.h>
#include <json-c/json.h>

#include "cmd/cmd.h"
#include "failure/failure.h"
#include "lib/out.h"
#include "lib/parse.h"
#include "lib/proc.h"
#include "fmt/pt_fmt.h"
#include "pt/text.h"
#include "lib/signals.h"
#include "lib/status.h"
#include "run/step.h"
#include "lib/term.h"
#include "lib/text.h"

struct iova_cmd {
	const char *bdf;
	struct pci_bdf addr;
	uint64_t start, len;
	const char *module_path;
	const struct globals *g;

	int holder;    /* pid */
	int holder_fd; /* its file descriptor of the device, of which we have a copy */
	int pidfd;     /* -1: none */
	int copy;
	char comm[PROC_COMM];
	uint64_t mapped; /* bytes */
	struct json_object *root, *list;
};

static const char *domain_name(uint32_t features)
{
	return features & VERIFY_PTE_PAGING ? "paging" : "blocked";
}

static void tell_run(struct iova_cmd *c, const struct verify_pte_run *r)
{
	struct json_object *obj;

	if (c->g->json) {
		obj = json_object_new_object();
		json_add_hex(obj, "iova", r->vaddr);
		json_add_hex(obj, "len", r->len);
		if (r->kind == PT_LEAF)
			json_add_hex(obj, "pa", r->pa);
		else
			json_object_object_add(obj, "pa", NULL);
		json_object_array_add(c->list, obj);
	} else if (c->g->quiet) {
		return;
	} else if (r->kind == PT_LEAF) {
		printf("0x%016llx-0x%016llx pa 0x%016llx\n", r->vaddr, r->vaddr + r->len, r->pa);
	} else {
		printf("0x%016llx-0x%016llx not mapped\n", r->vaddr, r->vaddr + r->len);
	}
}

static void tell(struct iova_cmd *c, const struct verify_pte_run *r, size_t nr, uint32_t features)
{
	bool text = !c->g->json && !c->g->quiet;

	if (text)
		printf("device %s, held by pid %d (%s), domain %s\n", c->bdf, c->holder,
		       text_shown(c->comm), domain_name(features));
	if (c->g->json)
		json_object_object_add(c->root, "domain", json_text(domain_name(features)));
	for (; nr--; r++) {
		if (r->kind == PT_LEAF)
			c->mapped += r->len;
		tell_run(c, r);
	}
}

/* Asks about one page to find out whether we have a file of the device open.  0 or -errno. */
static int ask_once(const struct iova_cmd *c, int file)
{
	struct verify_pte_run run;
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.device = iova_device(&c->addr).id,
		.segment = iova_device(&c->addr).segment,
		.nr = 1,
		.start = c->start,
		.len = BASE_PAGE,
		.buf = (uintptr_t)&run,
	};

	return ioctl(file, VERIFY_PTE_IOC_IOVA, &ask) ? -errno : 0;
}

/* Copies the file descriptor of a process, to c->copy.  pidfd_getfd() came with 5.6. */
static bool borrow(struct iova_cmd *c, int pid, int fd)
{
	c->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (c->pidfd < 0)
		return false;
	c->copy = syscall(SYS_pidfd_getfd, c->pidfd, fd, 0);
	if (c->copy < 0) {
		close(c->pidfd);
		return false;
	}
	c->holder = pid;
	c->holder_fd = fd;
	return true;
}

static void give_back(struct iova_cmd *c)
{
	close(c->copy);
	close(c->pidfd);
	c->copy = -1;
}

/*
 * Has the holder closed its file, or ended?  The device then waits for nobody but us: an unbind
 * of its driver, for which VFIO asks the holder alone, would take as long as our question.
 */
static bool is_given_up(void *arg)
{
	const struct iova_cmd *c = arg;
	struct pollfd ended = { .fd = c->pidfd, .events = POLLIN };
	long ret;

	if (poll(&ended, 1, 0) > 0)
		return true;
	ret = syscall(SYS_kcmp, getpid(), c->holder, KCMP_FILE, (unsigned long)c->copy,
		      (unsigned long)c->holder_fd);
	/* A kernel without kcmp(2) still shows that the holder has ended. */
	return ret > 0 || (ret < 0 && (errno == EBADF || errno == ESRCH));
}

static bool is_vfio_device(const char *pid, const char *fd)
{
	char path[80], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	return !strcmp(target, "anon_inode:[vfio-device]") ||
	       !strncmp(target, "/dev/vfio/devices/", strlen("/dev/vfio/devices/"));
}

/* Copies the file of the device from @pid; false: it has none.  *ret gets the module's answer. */
static bool borrow_from(struct iova_cmd *c, int file, const char *pid, int *ret)
{
	char path[40];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		if (!is_vfio_device(pid, e->d_name) || !borrow(c, atoi(pid), atoi(e->d_name)))
			continue;
		*ret = ask_once(c, file);
		found = *ret != -EBADF;
		if (!found)
			give_back(c);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool find_holder(struct iova_cmd *c, int file, int *ret)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool found = false;

	*ret = ask_once(c, file); /* is there such a device at all? */
	while (dir && *ret == -EBADF && !found && (e = readdir(dir)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			found = borrow_from(c, file, e->d_name, ret);
	if (found)
		proc_comm(c->holder, c->comm, sizeof(c->comm));
	else
		c->holder = 0;
	if (dir)
		closedir(dir);
	return found;
}

static void explain_nobody(struct iova_cmd *c, int no, struct err *err)
{
	struct env env = { 0 };

	snprintf(env.given, sizeof(env.given), "%s", c->bdf);
	if (no == ECANCELED) {
		err_set(err, no, "the answer is not complete", "",
			"give the same command again when the device is in use");
		err_why(err, "process %d (%s) has closed the device, or has ended", c->holder,
			c->comm);
	} else if (no == EBADF) {
		failure_set(&env, "not-held", no, NULL, err);
	} else if (no == ENODEV) {
		failure_set(&env, "no-device", no, NULL, err);
	} else {
		explain_iova(err, no);
	}
}

static void warn_module(const char *name, int no)
{
	fprintf(stderr, "vfio_test: %s: left loaded: %s; modprobe -r %s\n", name, strerror(no),
		name);
}

static int ask(struct iova_cmd *c, struct err *err)
{
	struct verify_pte_who who = iova_device(&c->addr);
	struct verify_pte_run *runs = NULL;
	struct verify_pte_walk sum;
	struct modules *mods;
	int ret, file, code = EXIT_STOPPED;
	bool found;
	size_t nr = 0;

	ret = modules_open(&mods);
	if (ret) {
		err_set(err, -ret, "libkmod", strerror(-ret), "");
		return EXIT_STOPPED;
	}
	file = verify_pte_open(mods, c->module_path, VERIFY_PTE_IOVA, err);
	if (file < 0) {
		modules_close(mods, warn_module);
		return EXIT_UNVERIFIED;
	}
	who.give_up = is_given_up;
	who.arg = c;
	found = find_holder(c, file, &ret);
	if (found && !ret)
		ret = verify_pte_get(file, who, c->start, c->len, VERIFY_PTE_IOVAS, (void **)&runs,
				     &nr, &sum);
	/* Before anything is printed, which can take as long as the reader likes. */
	if (found)
		give_back(c);
	if (!ret && found) {
		code = EXIT_OK;
		tell(c, runs, nr, sum.features);
		if (!c->g->json)
			printf("complete: %" PRIu64 " of %" PRIu64 " pages mapped\n",
			       (uint64_t)(c->mapped / BASE_PAGE), (uint64_t)(c->len / BASE_PAGE));
	} else if (!out_lost()) {
		explain_nobody(c, -ret, err);
		if (ret == -EAGAIN || ret == -ECANCELED)
			code = EXIT_UNVERIFIED;
	}
	free(runs);
	close(file);
	modules_close(mods, warn_module);
	return code;
}

enum { OPT_MODULE = 256 };

static const struct option long_options[] = { { "module", required_argument, NULL, OPT_MODULE },
					      GLOBAL_OPTIONS,
					      { 0 } };

static const char options_help[] =
	"  BDF IOVA[+LEN]  a page, or a range: physical addresses, as runs; of the domain\n"
	"                  that the process which has the device open gave it\n"
	"  --module PATH   verify_pte.ko to load\n";

static const char examples[] = "  vfio_test iova 01:00.0 0      the frame behind IOVA 0\n"
			       "  vfio_test iova 01:00.0 0+16M  the runs of 16 MiB\n";

static int parse_iovas(struct iova_cmd *c, const char *word)
{
	struct range r = { 0 };
	bool moved = false;
	int ret = parse_range(word, &r);

	if (!ret)
		ret = range_to_pages(&r, BASE_PAGE, &moved);
	if (ret)
		return usage_error(
			"%s: not an IOVA or a range: %s; as in 0x10000000, 0x0+1M or 1000-3000",
			word,
			ret == -ERANGE ? "it ends past 2^64" : "it is IOVA, IOVA+LEN or START-END");
	c->start = r.start;
	c->len = r.len;
	if (moved && !c->g->quiet)
		fprintf(stderr,
			"vfio_test: %s: in the middle of a page: the pages 0x%" PRIx64 "+0x%" PRIx64
			" are looked at\n",
			text_shown(word), c->start, c->len);
	return 0;
}

static void json_begin(struct iova_cmd *c)
{
	c->root = json_answer("vfio_test", NULL);
	c->list = json_object_new_array();
	json_object_object_add(c->root, "device", json_text(c->bdf));
}

static void json_end(struct iova_cmd *c, int code, const struct err *err)
{
	if (c->holder) {
		struct json_object *holder = json_object_new_object();

		json_object_object_add(holder, "pid", json_object_new_int(c->holder));
		json_object_object_add(holder, "comm", json_text(c->comm));
		json_object_object_add(c->root, "holder", holder);
	}
	json_object_object_add(c->root, "runs", c->list);
	json_object_object_add(c->root, "verdict", json_text(exit_code_name(code)));
	if (err->what[0])
		json_object_object_add(c->root, "error", err_json(err));
	json_print(c->root, false);
}

static int iova_main(int argc, char **argv, struct globals *g)
{
	struct iova_cmd c = { .g = g };
	struct err err = { 0 };
	int opt, done, ret;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":" GLOBAL_SHORT, long_options, NULL)) != -1) {
		if (globals_option(opt, g, &cmd_iova, &done)) {
			if (done >= 0)
				return done;
		} else if (opt == OPT_MODULE) {
			c.module_path = optarg;
		} else {
			return bad_option(opt, argv, &cmd_iova);
		}
	}
	if (g->ktap)
		return usage_error("--ktap: there are no test points here; use --json");
	if (argc - optind != 2)
		return usage_error(
			"iova: it takes BDF and IOVA[+LEN]; as in vfio_test iova 0000:00:01.0 0x0+1M");
	c.bdf = argv[optind];
	if (parse_bdf(c.bdf, &c.addr))
		return bad_address(c.bdf);
	ret = parse_iovas(&c, argv[optind + 1]);
	if (ret)
		return ret;
	term_init(g->no_color);
	if (g->json)
		json_begin(&c);
	signals_catch();
	ret = ask(&c, &err);
	if (!signal_seen && err.what[0])
		err_print(&err, "vfio_test", c.bdf);
	if (signal_seen && g->json)
		signals_json();
	else if (g->json)
		json_end(&c, ret, &err);
	signals_die();
	return ret;
}

const struct cmd cmd_iova = {
	.name = "iova",
	.args = "[OPTIONS] BDF IOVA[+LEN]",
	.help = "what the IOMMU domain of a device says, through the module",
	.options = options_help,
	.examples = examples,
	.long_options = long_options,
	.run = iova_main,
};
