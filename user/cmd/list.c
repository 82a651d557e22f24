// SPDX-License-Identifier: GPL-2.0
/* vfio_test list: PCI devices, and whether VFIO can have them. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <json-c/json.h>

#include "cmd/cmd.h"
#include "env/env.h"
#include "lib/err.h"
#include "failure/failure.h"
#include "module/module.h"
#include "lib/out.h"
#include "lib/parse.h"
#include "pci/names.h"
#include "report/report.h"
#include "pci/sysfs.h"
#include "lib/term.h"
#include "lib/text.h"

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define CANDIDATES_MAX 16
#define NAME_MAX_LEN   192

/* A device with all that is printed about it. */
struct entry {
	struct sysfs_device dev;
	struct sysfs_device siblings[ENV_SIBLINGS];
	size_t nr_siblings, more_siblings; /* more: those that did not fit */
	char class_name[NAME_MAX_LEN], name[NAME_MAX_LEN];
	char candidates[CANDIDATES_MAX][SYSFS_NAME];
	size_t nr_candidates, more_candidates;
	const struct failure *failure; /* what is in the way; NULL: it is ready */
	struct err why;
};

struct list_cmd {
	const struct globals *g;
	char **only; /* the addresses that were given; none: all devices */
	int nr_only;
	bool only_ready;

	struct sysfs_device *devs;
	struct holders holders;
	struct env env;
	struct entry *entries;
	size_t nr;
};

static void add_candidate(const char *module, void *arg)
{
	struct entry *e = arg;
	size_t i;

	/* This is the only driver here whose name is not that of its module. */
	if (!strcmp(module, "vfio_pci"))
		module = "vfio-pci";
	for (i = 0; i < e->nr_candidates; i++)
		if (!strcmp(e->candidates[i], module))
			return;
	if (e->nr_candidates < CANDIDATES_MAX)
		snprintf(e->candidates[e->nr_candidates++], SYSFS_NAME, "%s", module);
	else
		e->more_candidates++;
}

/*
 * Finds the drivers that could take the device: those that modprobe would load for it, and
 * VFIO's drivers, which have aliases with a prefix of their own since 5.16.
 */
static void find_candidates(struct entry *e, struct modules *mods)
{
	char alias[128], vfio[128];

	sysfs_modalias(e->dev.bdf, alias, sizeof(alias));
	if (!mods || strncmp(alias, "pci:", 4))
		return;
	if (!sysfs_bridge_name(&e->dev)) {
		snprintf(vfio, sizeof(vfio), "vfio_%.120s", alias);
		if (modules_match(mods, vfio, add_candidate, e) <= 0)
			modules_match(mods, "vfio-pci", add_candidate, e);
	}
	modules_match(mods, alias, add_candidate, e);
}

static bool is_asked_for(const struct list_cmd *c, const struct sysfs_device *dev)
{
	int i;

	for (i = 0; i < c->nr_only; i++)
		if (!strcmp(c->only[i], dev->bdf))
			return true;
	return !c->nr_only;
}

static void fill_entry(struct list_cmd *c, struct entry *e, struct pci_names *names,
		       struct modules *mods)
{
	const struct sysfs_device *dev = &e->dev;

	/* A device that was removed just now is still listed; its group could not be read. */
	if (env_device(&c->env, dev->bdf, &c->holders)) {
		c->env.dev = *dev;
		c->env.group_unread = dev->group >= 0;
	}
	memcpy(e->siblings, c->env.siblings, sizeof(e->siblings));
	e->nr_siblings = c->env.nr_siblings;
	e->more_siblings = c->env.nr_more;
	e->failure = failure_blocking(&c->env, "list", &e->why);
	find_candidates(e, mods);
	pci_names_class(names, dev->class, e->class_name, sizeof(e->class_name));
	pci_names_device(names, dev->vendor, dev->device, e->name, sizeof(e->name));
}

static int check_addresses(const struct list_cmd *c, size_t nr_devs, struct err *err)
{
	size_t i;
	int n;

	for (n = 0; n < c->nr_only; n++) {
		for (i = 0; i < nr_devs; i++)
			if (!strcmp(c->only[n], c->devs[i].bdf))
				break;
		if (i < nr_devs)
			continue;
		failure_set(&c->env, "no-device", ENOENT, NULL, err);
		err_what(err, "%s: no such device", c->only[n]);
		return -ENOENT;
	}
	return 0;
}

/* Fills c->entries; 0, or -errno with @err. */
static int look(struct list_cmd *c, struct err *err)
{
	int nr_devs = sysfs_devices(&c->devs), ret = 0, i;
	struct modules *mods = NULL;
	struct pci_names *names;

	if (nr_devs < 0) {
		err_set(err, -nr_devs, "/sys/bus/pci/devices", strerror(-nr_devs),
			"mount -t sysfs none /sys; a machine without PCI has no such devices");
		return nr_devs;
	}
	env_machine(&c->env, NULL);
	ret = check_addresses(c, nr_devs, err);
	if (ret)
		return ret;
	c->entries = calloc(nr_devs ? nr_devs : 1, sizeof(*c->entries));
	if (!c->entries)
		goto no_memory;
	holders_find(&c->holders);
	names = pci_names_open();
	if (modules_open(&mods))
		mods = NULL;
	for (i = 0; i < nr_devs; i++) {
		struct entry *e = &c->entries[c->nr];

		if (!is_asked_for(c, &c->devs[i]))
			continue;
		e->dev = c->devs[i];
		c->nr++;
		fill_entry(c, e, names, mods);
		if (c->only_ready && e->failure) {
			memset(e, 0, sizeof(*e));
			c->nr--;
		}
	}
	pci_names_close(names);
	if (mods)
		modules_close(mods, NULL);
	return 0;
no_memory:
	err_set(err, ENOMEM, "the list", strerror(ENOMEM), "end other programs");
	return -ENOMEM;
}

static void list_free(struct list_cmd *c)
{
	free(c->entries);
	holders_free(&c->holders);
	free(c->devs);
}

/* --- text ---------------------------------------------------------------- */

enum { COLS = 5, INDENT = 2 };

/* Fills the cells of a row but the last, which has no fixed width; @id, @group: buffers. */
static void row_cells(const struct entry *e, char *id, char *group, size_t len,
		      const char *cells[COLS])
{
	snprintf(id, len, "%04x:%04x", e->dev.vendor, e->dev.device);
	snprintf(group, len, "%d", e->dev.group);
	cells[0] = e->dev.bdf;
	cells[1] = id;
	cells[2] = e->dev.group < 0 ? "-" : group;
	cells[3] = e->dev.driver[0] ? text_shown(e->dev.driver) : "-";
	cells[4] = !e->failure ? "yes" : sysfs_bridge_name(&e->dev) ? "-" : "no";
}

/* The columns of the terminal; 0: no limit. */
static unsigned int terminal_width(void)
{
	struct winsize ws;

	return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) ? ws.ws_col : 0;
}

/* How many bytes of @s fit into @width columns, whole characters only. */
static int fit(const char *s, unsigned int width)
{
	unsigned int used = 0;
	int i;

	for (i = 0; s[i]; i++)
		if ((s[i] & 0xc0) != 0x80 && used++ == width)
			break;
	return i;
}

static void print_details(const struct entry *e, int indent)
{
	size_t i;

	if (e->why.fix[0])
		printf("%*sfix: %s\n", indent, "", e->why.fix);
	if (e->nr_candidates)
		printf("%*scandidates:", indent, "");
	for (i = 0; i < e->nr_candidates; i++)
		printf(" %s", text_shown(e->candidates[i]));
	if (e->more_candidates)
		printf(" and %zu more", e->more_candidates);
	if (e->nr_candidates)
		putchar('\n');
	for (i = 0; i < e->nr_siblings; i++)
		printf("%*ssibling: %s on %s\n", indent, "", e->siblings[i].bdf,
		       e->siblings[i].driver[0] ? text_shown(e->siblings[i].driver) : "no driver");
	if (e->more_siblings)
		printf("%*sand %zu more siblings\n", indent, "", e->more_siblings);
}

static void print_text(const struct list_cmd *c)
{
	static const char *const heads[COLS] = { "ADDRESS", "ID", "GROUP", "DRIVER", "READY" };
	bool details = c->nr_only || c->g->verbose;
	unsigned int width = terminal_width(), used = 0, w[COLS];
	const char *cells[COLS];
	char id[16], group[16];
	size_t i, k;

	for (i = 0; c->g->quiet && i < c->nr; i++)
		puts(c->entries[i].dev.bdf);
	if (c->g->quiet)
		return;
	for (k = 0; k < COLS; k++)
		w[k] = strlen(heads[k]);
	for (i = 0; i < c->nr; i++) {
		row_cells(&c->entries[i], id, group, sizeof(id), cells);
		for (k = 0; k < COLS; k++)
			if (strlen(cells[k]) > w[k])
				w[k] = strlen(cells[k]);
	}
	for (k = 0; k < COLS; k++) {
		printf("%-*s  ", (int)w[k], heads[k]);
		used += w[k] + 2;
	}
	puts("DEVICE");
	for (i = 0; i < c->nr; i++) {
		const struct entry *e = &c->entries[i];
		char device[2 * NAME_MAX_LEN + 32];

		row_cells(e, id, group, sizeof(id), cells);
		for (k = 0; k < COLS; k++)
			printf("%-*s  ", (int)w[k], cells[k]);
		if (e->class_name[0])
			snprintf(device, sizeof(device), "%s%s%s", e->class_name,
				 e->name[0] ? ": " : "", e->name);
		else
			snprintf(device, sizeof(device), "class %04x%s%s", e->dev.class >> 8,
				 e->name[0] ? ": " : "", e->name);
		text_clean(device, sizeof(device)); /* pci.ids may hold any bytes */
		printf("%.*s\n", width > used ? fit(device, width - used) : -1, device);
		/* The name of a bridge says already that it is one. */
		if (e->failure && (!sysfs_bridge_name(&e->dev) || details))
			printf("%*s%s: %s\n", (int)w[0] + INDENT, "", e->why.what, e->why.why);
		if (details)
			print_details(e, w[0] + INDENT);
	}
}

/* --- JSON ---------------------------------------------------------------- */

static void add_string(struct json_object *obj, const char *key, const char *v)
{
	json_object_object_add(obj, key, v && v[0] ? json_text(v) : NULL);
}

static struct json_object *siblings_json(const struct entry *e)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < e->nr_siblings; i++) {
		struct json_object *obj = json_object_new_object();

		add_string(obj, "bdf", e->siblings[i].bdf);
		add_string(obj, "driver", e->siblings[i].driver);
		json_object_array_add(list, obj);
	}
	return list;
}

static struct json_object *entry_json(const struct entry *e)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *candidates = json_object_new_array();
	char hex[16], why[sizeof(e->why.what) + sizeof(e->why.why) + 4] = "";
	size_t i;

	json_object_object_add(obj, "bdf", json_text(e->dev.bdf));
	snprintf(hex, sizeof(hex), "0x%04x", e->dev.vendor);
	add_string(obj, "vendor", hex);
	snprintf(hex, sizeof(hex), "0x%04x", e->dev.device);
	add_string(obj, "device", hex);
	snprintf(hex, sizeof(hex), "0x%06x", e->dev.class);
	add_string(obj, "class", hex);
	add_string(obj, "class_name", e->class_name);
	add_string(obj, "name", e->name);
	add_string(obj, "driver", e->dev.driver);
	for (i = 0; i < e->nr_candidates; i++)
		json_object_array_add(candidates, json_text(e->candidates[i]));
	json_object_object_add(obj, "candidates", candidates);
	if (e->more_candidates)
		json_object_object_add(obj, "candidates_left_out",
				       json_object_new_int64((int64_t)e->more_candidates));
	json_object_object_add(obj, "group",
			       e->dev.group < 0 ? NULL : json_object_new_int(e->dev.group));
	json_object_object_add(obj, "siblings", siblings_json(e));
	if (e->more_siblings)
		json_object_object_add(obj, "siblings_left_out",
				       json_object_new_int64((int64_t)e->more_siblings));
	json_object_object_add(obj, "ready", json_object_new_boolean(!e->failure));
	add_string(obj, "reason", e->failure ? e->failure->id : "ready");
	if (e->failure)
		snprintf(why, sizeof(why), "%s: %s", e->why.what, e->why.why);
	add_string(obj, "why", why);
	add_string(obj, "fix", e->why.fix);
	return obj;
}

static void print_json(const struct list_cmd *c, const struct err *err)
{
	struct json_object *root = json_answer("vfio_test", err->what[0] ? "error" : "pass");
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; !err->what[0] && i < c->nr; i++)
		json_object_array_add(list, entry_json(&c->entries[i]));
	json_object_object_add(root, "devices", list);
	if (err->what[0])
		json_object_object_add(root, "error", err_json(err));
	json_print(root, true);
}

enum { OPT_READY = 256 };

static const struct option long_options[] = { { "ready", no_argument, NULL, OPT_READY },
					      GLOBAL_OPTIONS,
					      { 0 } };

static const char options_help[] =
	"  BDF...          these devices, with candidates, siblings and what to type; the\n"
	"                  same of all with --verbose; --quiet: addresses alone\n"
	"  --ready         only what VFIO can have as it stands\n";

static const char examples[] =
	"  vfio_test list             all devices\n"
	"  vfio_test list 01:00.0     one of them, and what to type\n"
	"  vfio_test list --ready -q  the addresses of those that VFIO can have now\n";

static int list_main(int argc, char **argv, struct globals *g)
{
	struct list_cmd c = { .g = g };
	struct err err = { 0 };
	struct pci_bdf bdf;
	int opt, done, i;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":" GLOBAL_SHORT, long_options, NULL)) != -1) {
		if (globals_option(opt, g, &cmd_list, &done)) {
			if (done >= 0)
				return done;
		} else if (opt == OPT_READY) {
			c.only_ready = true;
		} else {
			return bad_option(opt, argv, &cmd_list);
		}
	}
	if (g->ktap)
		return usage_error("--ktap: there are no test points here; use --json");
	c.only = argv + optind;
	c.nr_only = argc - optind;
	for (i = 0; i < c.nr_only; i++)
		if (parse_bdf(c.only[i], &bdf))
			return bad_address(c.only[i]);
	term_init(g->no_color);
	look(&c, &err);
	if (err.what[0])
		err_print(&err, "vfio_test", NULL);
	if (g->json)
		print_json(&c, &err);
	else if (!err.what[0])
		print_text(&c);
	list_free(&c);
	return err.what[0] ? EXIT_STOPPED : EXIT_OK;
}

const struct cmd cmd_list = {
	.name = "list",
	.args = "[OPTIONS] [BDF...]",
	.help = "PCI devices: driver, IOMMU group, ready for VFIO or why not",
	.options = options_help,
	.examples = examples,
	.long_options = long_options,
	.run = list_main,
};
