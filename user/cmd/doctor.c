// SPDX-License-Identifier: GPL-2.0
/* vfio_test doctor: checks what VFIO needs, says how to fix what is wrong, changes nothing. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>

#include "cmd/cmd.h"
#include "env/env.h"
#include "failure/failure.h"
#include "lib/out.h"
#include "lib/parse.h"
#include "lib/status.h"
#include "report/report.h"
#include "lib/term.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DETAIL_LEN    192

/* The result of a check. */
enum finding { FINE, NOTE, UNKNOWN, WITNESS, STOPS };

static const struct {
	const char *json;
	int exit_code;
} findings[] = {
	[FINE] = { "pass", EXIT_OK },
	[NOTE] = { "note", EXIT_OK },
	[UNKNOWN] = { "unverified", EXIT_UNVERIFIED },
	[WITNESS] = { "unverified", EXIT_UNVERIFIED },
	[STOPS] = { "fail", EXIT_STOPPED },
};

struct doctor {
	const struct globals *g;
	struct env env;
	unsigned int count[STOPS + 1];
	struct json_object *checks;
	struct err first; /* the first failure that stops VFIO */
};

/* --- what is fine ---------------------------------------------------------- */

static const char *state_name(enum module_state state)
{
	return state == MODULE_BUILTIN	 ? "built in"
	       : state == MODULE_LOADED	 ? "loaded"
	       : state == MODULE_UNKNOWN ? "unknown"
					 : "can be loaded";
}

static void iommu_fine(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s%s%s%s, %d groups", env->iommu_names,
		 env->acpi_dmar == FACT_YES ? " (ACPI DMAR)" : "",
		 env->acpi_ivrs == FACT_YES ? " (ACPI IVRS)" : "",
		 env->acpi_viot == FACT_YES ? " (ACPI VIOT)" : "",
		 parse_kernel_word(env->cmdline, "intel_iommu", "on", NULL, 0) ? ", intel_iommu=on"
									       : "",
		 env->nr_groups);
}

static void device_fine(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s, %04x:%04x", env->dev.bdf, env->dev.vendor, env->dev.device);
}

static void answers_fine(const struct env *env, char *buf, size_t len)
{
	bool told = env->power[0] && strcmp(env->power, "unknown") != 0;

	snprintf(buf, len, "answers%s%s", told ? ", power state " : "", told ? env->power : "");
}

static void group_fine(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%d%s%s%s", env->dev.group, env->group_type[0] ? " (" : "",
		 env->group_type, env->group_type[0] ? ")" : "");
}

static void modules_fine(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "vfio %s, vfio_iommu_type1 %s, vfio_pci %s",
		 state_name(env->modules[MODULE_VFIO]), state_name(env->modules[MODULE_TYPE1]),
		 state_name(env->modules[MODULE_VFIO_PCI]));
}

static void driver_fine(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", env->dev.driver);
}

static bool viable_unknown(const struct env *env)
{
	return env->group_unread;
}

static void viable_fine(const struct env *env, char *buf, size_t len)
{
	size_t nr = env->nr_siblings + env->nr_more;

	if (nr)
		snprintf(buf, len, "%zu other device%s, none on a host driver", nr,
			 nr > 1 ? "s" : "");
	else
		snprintf(buf, len, "alone in its group");
	if (env->viable == FACT_YES)
		snprintf(buf + strlen(buf), len - strlen(buf), "; the kernel says it is viable");
}

static void nodes_fine(const struct env *env, char *buf, size_t len)
{
	const struct env_node *const nodes[] = { &env->container, &env->node, &env->iommufd,
						 &env->device_node };
	const char *but = "; not ";
	struct text text;
	size_t i;

	text_begin(&text, buf, len);
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		if (nodes[i]->path[0] && !nodes[i]->no)
			text_list(&text, ", ", nodes[i]->path);
	/* Another way to the device can be opened, or there would be a failure. */
	for (i = 0; text.used && i < ARRAY_SIZE(nodes); i++)
		if (nodes[i]->path[0] && nodes[i]->no && nodes[i]->no != ENOENT) {
			text_add(&text, "%s%s (%s)", but, nodes[i]->path, strerror(nodes[i]->no));
			but = ", ";
		}
}

static void held_fine(const struct env *env, char *buf, size_t len)
{
	(void)env;
	snprintf(buf, len, "no process has the group open");
}

static void intremap_fine(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", env->intremap == FACT_YES ? "on" : "off, and allowed to be");
}

static void memory_fine(const struct env *env, char *buf, size_t len)
{
	struct text text;

	text_begin(&text, buf, len);
	text_add(&text, "%" PRIu64 " KiB to be locked, ", env->size >> 10);
	if (env->cap_ipc_lock == FACT_YES && env->mem.memlock == MEMORY_NO_LIMIT)
		text_add(&text, "no limit (CAP_IPC_LOCK)");
	else if (env->mem.memlock == MEMORY_NO_LIMIT)
		text_add(&text, "no limit");
	else
		text_add(&text, "%" PRIu64 " KiB may be", env->mem.memlock >> 10);
	if (env->page_size > 4096 && env->mem.huge_known)
		text_add(&text, ", %" PRIu64 " huge pages of %" PRIu64 " KiB free",
			 memory_huge_room(&env->mem), env->page_size >> 10);
}

static bool memory_unknown(const struct env *env)
{
	return env->mem.unknown;
}

static void privilege_fine(const struct env *env, char *buf, size_t len)
{
	(void)env;
	snprintf(buf, len, "CAP_SYS_ADMIN");
}

static void debugfs_fine(const struct env *env, char *buf, size_t len)
{
	(void)env;
	snprintf(buf, len, "mounted");
}

static void lockdown_fine(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "none%s",
		 env->sig_enforce == FACT_YES ? ", signatures are enforced" : "");
}

static void module_fine(const struct env *env, char *buf, size_t len)
{
	if (env->modules[MODULE_VERIFY_PTE] >= MODULE_LOADED)
		snprintf(buf, len, "loaded");
	else
		snprintf(buf, len, "%.120s, for this kernel", env->ko.path);
}

/* Does the node have a driver, whether or not we may open it? */
static bool is_there(const struct env_node *node)
{
	return node->opened && node->no != ENOENT && node->no != ENODEV && node->no != ENXIO;
}

static void backends_fine(const struct env *env, char *buf, size_t len)
{
	bool container = is_there(&env->container), iommufd = is_there(&env->iommufd);

	snprintf(buf, len, "%s%s%s", container ? "container" : "", container && iommufd ? ", " : "",
		 iommufd ? "iommufd" : "");
}

/* --- what could not be found out ------------------------------------------- */

static bool answers_unknown(const struct env *env)
{
	return env->answers == FACT_UNKNOWN;
}

static bool iommu_unknown(const struct env *env)
{
	return env->nr_groups < 0;
}

/* If we could open the node of the group, nobody else has it open: it is exclusive. */
static bool held_unknown(const struct env *env)
{
	return !(env->node.opened && !env->node.no) &&
	       (env->unseen || env->cap_sys_ptrace != FACT_YES);
}

static bool nodes_unknown(const struct env *env)
{
	return (!env->container.path[0] || env->container.no) &&
	       (!env->iommufd.path[0] || env->iommufd.no);
}

static bool backends_unknown(const struct env *env)
{
	return !is_there(&env->container) && !is_there(&env->iommufd);
}

static bool intremap_unknown(const struct env *env)
{
	return env->intremap == FACT_UNKNOWN && env->unsafe_interrupts != FACT_YES;
}

static bool privilege_unknown(const struct env *env)
{
	return env->cap_sys_admin == FACT_UNKNOWN;
}

static bool debugfs_unknown(const struct env *env)
{
	return env->debugfs == FACT_UNKNOWN;
}

static bool lockdown_unknown(const struct env *env)
{
	return env->lockdown == FACT_UNKNOWN;
}

static bool module_unknown(const struct env *env)
{
	return env->modules[MODULE_VERIFY_PTE] < MODULE_LOADED && env->ko.path[0] &&
	       !env->ko.vermagic[0];
}

static bool modules_unknown(const struct env *env)
{
	return env->modules[MODULE_VFIO] == MODULE_UNKNOWN ||
	       env->modules[MODULE_TYPE1] == MODULE_UNKNOWN ||
	       env->modules[MODULE_VFIO_PCI] == MODULE_UNKNOWN;
}

static bool group_unknown(const struct env *env)
{
	return env->dev.group < 0;
}

static bool of_device(const struct env *env)
{
	return env->given[0];
}

/* If there is no group, another check says so. */
static bool of_group(const struct env *env)
{
	return env->dev.bdf[0] && env->dev.group >= 0;
}

/* If VFIO made the group up, the check of the group says that there is no IOMMU. */
static bool not_made_up(const struct env *env)
{
	return !env->noiommu_group;
}

static bool of_iommu(const struct env *env)
{
	return env->iommu;
}

/* The checks, one line of output each, in the order of enum check. */
static const struct look {
	const char *name;
	bool (*asked)(const struct env *env); /* NULL: always */
	void (*fine)(const struct env *env, char *buf, size_t len);
	/* Could its facts not be found out?  NULL: they are always known. */
	bool (*unknown)(const struct env *env);
	const char *why, *fix; /* for the message that they are unknown */
} looks[NR_CHECKS] = {
	[CHECK_IOMMU] = { "IOMMU", not_made_up, iommu_fine, iommu_unknown,
			  "/sys/kernel/iommu_groups cannot be read", "mount -t sysfs none /sys" },
	[CHECK_DEVICE] = { "device", of_device, device_fine, NULL, NULL, NULL },
	[CHECK_ANSWERS] = { "configuration space", of_device, answers_fine, answers_unknown,
			    "it could not be read", "see the device's file config in /sys" },
	[CHECK_GROUP] = { "group", of_device, group_fine, group_unknown,
			  "without an IOMMU it has none", "see above" },
	[CHECK_MODULES] = { "modules", NULL, modules_fine, modules_unknown, "libkmod does not say",
			    "see /lib/modules" },
	[CHECK_DRIVER] = { "driver", of_device, driver_fine, NULL, NULL, NULL },
	[CHECK_VIABLE] = { "siblings", of_group, viable_fine, viable_unknown,
			   "the members of the group cannot be read", "mount -t sysfs none /sys" },
	[CHECK_NODES] = { "nodes", NULL, nodes_fine, nodes_unknown,
			  "there is neither /dev/vfio/vfio nor /dev/iommu that could be opened",
			  "modprobe vfio, or iommufd; where the kernel has neither, see modules above" },
	[CHECK_HELD] = { "users", of_group, held_fine, held_unknown,
			 "an ordinary user may not look at every process", "run as root" },
	[CHECK_INTREMAP] = { "interrupt remapping", of_iommu, intremap_fine, intremap_unknown,
			     "/proc/interrupts does not say", "see dmesg | grep -i remap" },
	[CHECK_MEMORY] = { "memory", NULL, memory_fine, memory_unknown,
			   "not every limit of /proc and /sys could be read",
			   "mount /proc and /sys; see ulimit -n" },
	[CHECK_PRIVILEGE] = { "privilege", NULL, privilege_fine, privilege_unknown,
			      "/proc/self/status does not say", "mount -t proc none /proc" },
	[CHECK_DEBUGFS] = { "debugfs", NULL, debugfs_fine, debugfs_unknown,
			    "/proc/self/mounts cannot be read", "mount -t proc none /proc" },
	[CHECK_LOCKDOWN] = { "lockdown", NULL, lockdown_fine, lockdown_unknown,
			     "/sys/kernel/security is not there",
			     "mount -t securityfs none /sys/kernel/security" },
	[CHECK_MODULE] = { "verify_pte", NULL, module_fine, module_unknown,
			   "it cannot be read for which kernel the file is built",
			   "build it again with `make`" },
	[CHECK_BACKENDS] = { "back ends", NULL, backends_fine, backends_unknown,
			     "neither VFIO's container nor iommufd is in the kernel now",
			     "modprobe vfio, or iommufd; where the kernel has neither, see modules above" },
};

/* --- telling --------------------------------------------------------------- */

static void print_sign(enum finding finding)
{
	if (finding == FINE)
		printf("%s%s%s ", term_green(), term_tick(), term_reset());
	else if (finding == STOPS)
		printf("%s%s%s ", term_red(), term_cross(), term_reset());
	else if (finding == NOTE)
		printf("%s-%s ", term_yellow(), term_reset());
	else
		printf("%s%s%s ", term_yellow(), term_question(), term_reset());
}

/* Prints the result of a check: @detail if it is fine, else @err. */
static void tell(struct doctor *d, const struct look *look, enum finding finding,
		 const char *detail, const struct err *err)
{
	struct json_object *check = json_object_new_object();

	d->count[finding]++;
	if (finding == STOPS && !d->first.what[0])
		d->first = *err;
	json_object_object_add(check, "name", json_text(look->name));
	json_object_object_add(check, "status", json_text(findings[finding].json));
	json_object_object_add(check, "detail", detail ? json_text(detail) : NULL);
	if (err)
		json_object_object_add(check, "error", err_json(err));
	json_object_array_add(d->checks, check);
	if (d->g->json || (d->g->quiet && finding <= NOTE))
		return;
	print_sign(finding);
	if (err && strcmp(err->what, look->name) != 0)
		printf("%s: %s: %s; %s\n", look->name, err->what, err->why, err->fix);
	else if (err)
		printf("%s: %s; %s\n", look->name, err->why, err->fix);
	else
		printf("%s: %s\n", look->name, text_shown(detail));
}

static void look_at(struct doctor *d, enum check check)
{
	static const enum finding by_severity[] = {
		[SEVERITY_STOPS] = STOPS,
		[SEVERITY_WITNESS] = WITNESS,
		[SEVERITY_NOTE] = NOTE,
	};
	const struct look *look = &looks[check];
	const struct failure *f = NULL;
	char detail[DETAIL_LEN];
	bool fine = true, noted = false;
	struct err err;

	if (look->asked && !look->asked(&d->env))
		return;
	while ((f = failure_next(&d->env, check, f))) {
		failure_fill(&d->env, f, look->name, &err);
		noted = true;
		tell(d, look, by_severity[f->severity], NULL, &err);
		fine = fine && f->severity == SEVERITY_NOTE;
	}
	/* If there is no such device, its facts say nothing. */
	if (!fine || (look->asked == of_device && !d->env.dev.bdf[0]))
		return;
	if (look->unknown && look->unknown(&d->env)) {
		/* The note has said why already. */
		if (noted)
			return;
		err_set(&err, 0, "not known", look->why, look->fix);
		tell(d, look, UNKNOWN, NULL, &err);
		return;
	}
	look->fine(&d->env, detail, sizeof(detail));
	tell(d, look, FINE, detail, NULL);
}

static enum finding worst(const struct doctor *d)
{
	enum finding finding = STOPS;

	while (finding > NOTE && !d->count[finding])
		finding--;
	return finding;
}

static void print_json(struct doctor *d)
{
	struct json_object *root =
		json_answer("vfio_test", exit_code_name(findings[worst(d)].exit_code));

	json_object_object_add(root, "kernel", json_text(d->env.release));
	json_object_object_add(root, "device", d->env.given[0] ? json_text(d->env.given) : NULL);
	json_object_object_add(root, "checks", json_object_get(d->checks));
	if (d->first.what[0])
		json_object_object_add(root, "error", err_json(&d->first));
	json_print(root, true);
}

static void print_verdict(const struct doctor *d)
{
	unsigned int stops = d->count[STOPS], open = d->count[WITNESS] + d->count[UNKNOWN];

	if (stops)
		printf("%u problem%s to fix, in this order%s\n", stops, stops > 1 ? "s" : "",
		       open ? "; then what stays unverified" : "");
	else if (open)
		printf("VFIO can be used, but not everything can be verified (%u above)\n", open);
	else
		printf("All is fine%s\n",
		       d->env.given[0] ? "" : "; a device: vfio_test doctor BDF");
}

static int examine(struct doctor *d)
{
	int check;

	d->checks = json_object_new_array();
	for (check = CHECK_NONE + 1; check < NR_CHECKS; check++)
		look_at(d, check);
	if (d->g->json)
		print_json(d);
	else
		print_verdict(d);
	json_object_put(d->checks);
	return findings[worst(d)].exit_code;
}

/* --- the table itself ------------------------------------------------------ */

/* Prints a cell, with the characters escaped that have a meaning in Markdown. */
static void print_cell(const char *s)
{
	fputs(" ", stdout);
	for (; *s; s++) {
		if (*s == '|' || *s == '*' || *s == '_' || *s == '<')
			putchar('\\');
		putchar(*s);
	}
	fputs(" |", stdout);
}

/* How the failure is recognised: "VFIO_SET_IOMMU: EPERM; by facts". */
static void recognised(const struct failure *f, char *buf, size_t len)
{
	struct text text;

	text_begin(&text, buf, len);
	if (f->steps)
		text_add(&text, "%s", f->steps);
	if (f->steps && f->no)
		text_add(&text, ": %s", strerrorname_np(f->no));
	if (f->detect)
		text_list(&text, "; ", "by facts");
}

static void print_row(const struct failure *f, bool markdown)
{
	char how[160], what[256] = "", why[512], fix[512];

	recognised(f, how, sizeof(how));
	if (f->what)
		failure_text(NULL, f->what, what, sizeof(what));
	failure_text(NULL, f->why, why, sizeof(why));
	failure_text(NULL, f->fix, fix, sizeof(fix));
	if (!markdown) {
		printf("%s%s%s\n  shown by: %s\n  why: %s%s%s\n  fix: %s\n  source: %s\n",
		       term_yellow(), f->id, term_reset(), how, what, what[0] ? ": " : "", why, fix,
		       f->source);
		return;
	}
	putchar('|');
	print_cell(f->id);
	print_cell(how);
	print_cell(why);
	print_cell(fix);
	print_cell(f->source);
	putchar('\n');
}

static struct json_object *row_json(const struct failure *f)
{
	struct json_object *obj = json_object_new_object();
	char how[160], text[512];

	json_object_object_add(obj, "id", json_text(f->id));
	recognised(f, how, sizeof(how));
	json_object_object_add(obj, "shown_by", json_text(how));
	failure_text(NULL, f->what ? f->what : "", text, sizeof(text));
	json_object_object_add(obj, "what", json_text(text[0] ? text : NULL));
	failure_text(NULL, f->why, text, sizeof(text));
	json_object_object_add(obj, "why", json_text(text));
	failure_text(NULL, f->fix, text, sizeof(text));
	json_object_object_add(obj, "fix", json_text(text));
	json_object_object_add(obj, "source", json_text(f->source));
	return obj;
}

/* @id NULL: prints all rows. */
static int print_table_json(const char *id)
{
	struct json_object *root = json_answer("vfio_test", "pass");
	struct json_object *list = json_object_new_array();
	const struct failure *f;
	size_t i;

	for (i = 0; (f = failure_row(i)); i++)
		if (!id || !strcmp(f->id, id))
			json_object_array_add(list, row_json(f));
	json_object_object_add(root, "failures", list);
	json_print(root, true);
	return EXIT_OK;
}

static int no_failure(const char *id)
{
	return usage_error("--why %s: no such failure; see vfio_test doctor --list", id);
}

static int print_table(const char *id, bool markdown)
{
	const struct failure *f;
	size_t i;

	if (markdown)
		puts("| failure | shown by | why | what to do | source |\n"
		     "| --- | --- | --- | --- | --- |");
	for (i = 0; (f = failure_row(i)); i++)
		if (!id || !strcmp(f->id, id))
			print_row(f, markdown);
	return EXIT_OK;
}

/* --- options --------------------------------------------------------------- */

enum { OPT_SIZE = 256, OPT_PAGE_SIZE, OPT_MODULE, OPT_LIST, OPT_MARKDOWN, OPT_WHY };

static const struct option long_options[] = { { "size", required_argument, NULL, OPT_SIZE },
					      { "page-size", required_argument, NULL,
						OPT_PAGE_SIZE },
					      { "module", required_argument, NULL, OPT_MODULE },
					      { "list", no_argument, NULL, OPT_LIST },
					      { "markdown", no_argument, NULL, OPT_MARKDOWN },
					      { "why", required_argument, NULL, OPT_WHY },
					      GLOBAL_OPTIONS,
					      { 0 } };

static const char options_help[] =
	"  BDF                 and this device; changes nothing, loads nothing\n"
	"  --size N[K|M|G]     that is to be mapped (1M)\n"
	"  --page-size 4K|2M|1G  of it (4K)\n"
	"  --module PATH       the verify_pte.ko that is to be loaded\n"
	"  --list              every failure there is: how it shows, why, what to do, and\n"
	"                      what of the kernel says so\n"
	"  --why FAILURE       that one, as iommu-enable: why VFIO_IOMMU_ENABLE is not called\n"
	"  --markdown          --list as the table of docs/failures.md\n";

static const char examples[] = "  vfio_test doctor                     this machine\n"
			       "  vfio_test doctor --size 1G 01:00.0   and this device, for 1 GiB\n"
			       "  vfio_test doctor --why iommu-enable  one failure explained\n";

struct doctor_opts {
	uint64_t size, page_size;
	const char *module_path, *why;
	bool list, markdown;
};

/* Returns 0, or the exit code of a usage error.  *done >= 0: the program is done (--help). */
static int parse_options(int argc, char **argv, struct globals *g, struct doctor_opts *o, int *done)
{
	int c;

	*done = -1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":" GLOBAL_SHORT, long_options, NULL)) != -1) {
		if (globals_option(c, g, &cmd_doctor, done)) {
			if (*done >= 0)
				return 0;
		} else if (c == OPT_SIZE || c == OPT_PAGE_SIZE) {
			uint64_t *size = c == OPT_SIZE ? &o->size : &o->page_size;

			if (parse_size(optarg, size) || !*size ||
			    (c == OPT_PAGE_SIZE && *size & (*size - 1)))
				return usage_error("%s: not a size above 0; as in 4K, 2MiB or 1G",
						   optarg);
		} else if (c == OPT_MODULE) {
			o->module_path = optarg;
		} else if (c == OPT_WHY) {
			o->why = optarg;
		} else if (c == OPT_LIST) {
			o->list = true;
		} else if (c == OPT_MARKDOWN) {
			o->markdown = true;
		} else {
			return bad_option(c, argv, &cmd_doctor);
		}
	}
	if (g->ktap)
		return usage_error("--ktap: there are no test points here; use --json");
	if (g->json && o->markdown)
		return usage_error(
			"--json and --markdown: only one form fits on stdout; choose one");
	if (optind + 1 < argc)
		return usage_error("%s: one device too many; look at one at a time",
				   argv[optind + 1]);
	return 0;
}

static int doctor_main(int argc, char **argv, struct globals *g)
{
	struct doctor_opts o = { .size = 1 << 20, .page_size = 4096 };
	struct doctor d = { .g = g };
	struct pci_bdf bdf;
	int ret, done;

	ret = parse_options(argc, argv, g, &o, &done);
	if (ret || done >= 0)
		return ret ? ret : done;
	term_init(g->no_color);
	if (o.list || o.why) {
		if (o.why && !failure_get(o.why))
			return no_failure(o.why);
		ret = g->json ? print_table_json(o.why) : print_table(o.why, o.markdown);
	} else {
		const char *given = optind < argc ? argv[optind] : NULL;

		if (given && parse_bdf(given, &bdf))
			return bad_address(given);
		env_machine(&d.env, o.module_path);
		env_size(&d.env, o.size, o.page_size);
		if (given)
			env_device(&d.env, given, NULL);
		env_open_nodes(&d.env);
		/* --iommu auto would take iommufd, which charges the user and not the process. */
		if (d.env.cdev >= 0 && given && !d.env.iommufd.no)
			d.env.account = ACCOUNT_USER;
		ret = examine(&d);
	}
	return ret;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "[OPTIONS] [BDF]",
	.help = "what stands in VFIO's way here: each problem, its cause and its cure",
	.options = options_help,
	.examples = examples,
	.long_options = long_options,
	.run = doctor_main,
};
