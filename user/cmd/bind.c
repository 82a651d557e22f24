// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_test bind, unbind: moves devices to a VFIO driver, and back to where they were.
 *
 * First all devices are checked; if one of them cannot be bound, nothing is changed.  Then, for
 * each device, the record is written, the modules are loaded, and the device is bound.  The
 * record is removed last, when the device is back and the modules are unloaded.  So a run that
 * is killed at any point leaves a record of what it may have changed: it can be repeated, or
 * undone by unbind.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bind/record.h"
#include "bind/state.h"
#include "cmd/bind_items.h"
#include "cmd/cmd.h"
#include "env/holder.h"
#include "lib/err.h"
#include "lib/parse.h"
#include "lib/signals.h"
#include "lib/term.h"
#include "module/module.h"

enum { OPT_GROUP = 256, OPT_FORCE, OPT_DRIVER };

static const struct option bind_options[] = { { "group", no_argument, NULL, OPT_GROUP },
					      { "force", no_argument, NULL, OPT_FORCE },
					      { "driver", required_argument, NULL, OPT_DRIVER },
					      GLOBAL_OPTIONS,
					      { 0 } };

static const struct option unbind_options[] = { { "group", no_argument, NULL, OPT_GROUP },
						{ "force", no_argument, NULL, OPT_FORCE },
						GLOBAL_OPTIONS,
						{ 0 } };

static const char bind_help[] =
	"  --group          all devices of its IOMMU group as well, but bridges\n"
	"  --driver NAME    to another driver than vfio-pci\n"
	"  --force          also a device that is in use: its disk, network interface, console,\n"
	"                   or a node of it that a program has open\n";

static const char bind_examples[] =
	"  vfio_test bind --group 01:00.0            with all devices of its group\n"
	"  vfio_test bind --driver pci-stub 01:00.1  a sibling that is only kept away\n";

static const char unbind_help[] =
	"  --group          all devices of its IOMMU group that bind had taken\n"
	"  --force          also one that somebody has put on another driver since, or that is\n"
	"                   in use there, and one on a VFIO driver by hand: the kernel then\n"
	"                   chooses a driver\n";

static const char unbind_examples[] =
	"  vfio_test unbind --group 01:00.0  all of its group that bind had taken\n"
	"  vfio_test unbind 01:00.0 01:00.1  these two\n";

/* Returns 0, or the exit code of a usage error.  *done >= 0: the program is done (--help). */
static int parse_options(int argc, char **argv, struct globals *g, const struct cmd *cmd,
			 struct bind_cmd *c, int *done)
{
	const struct option *options = c->unbind ? unbind_options : bind_options;
	struct pci_bdf bdf;
	int opt, i;

	*done = -1;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":" GLOBAL_SHORT, options, NULL)) != -1) {
		if (globals_option(opt, g, cmd, done)) {
			if (*done >= 0)
				return 0;
		} else if (opt == OPT_GROUP) {
			c->group = true;
		} else if (opt == OPT_FORCE) {
			c->force = true;
		} else if (opt == OPT_DRIVER) {
			c->driver = optarg;
		} else {
			return bad_option(opt, argv, cmd);
		}
	}
	if (g->ktap)
		return usage_error("--ktap: there are no test points here; use --json");
	if (!bind_name_ok(c->driver))
		return usage_error(
			"--driver %s: not the name of a driver; see /sys/bus/pci/drivers",
			c->driver);
	if (optind == argc)
		return usage_error(
			"no device: a PCI address is needed; as in vfio_test %s 0000:00:01.0, see vfio_test list",
			cmd->name);
	for (i = optind; i < argc; i++)
		if (parse_bdf(argv[i], &bdf))
			return bad_address(argv[i]);
	return 0;
}

static void work(struct bind_cmd *c, char **bdfs, int nr)
{
	int ret;

	c->dir = bind_state_open(&c->err);
	if (c->dir < 0)
		return;
	ret = modules_open(&c->mods);
	if (ret)
		err_set(&c->err, -ret, "libkmod", strerror(-ret), "end other programs");
	else if (!bind_items_asked(c, bdfs, nr)) {
		if (c->unbind)
			bind_items_unbind(c);
		else
			bind_items_bind(c);
	}
	if (c->mods)
		modules_close(c->mods, NULL);
	bind_state_close(c->dir);
}

static int bind_cmd_main(int argc, char **argv, struct globals *g, const struct cmd *cmd)
{
	struct bind_cmd c = { .g = g, .unbind = cmd == &cmd_unbind, .driver = VFIO_PCI };
	int ret, done;

	ret = parse_options(argc, argv, g, cmd, &c, &done);
	if (ret || done >= 0)
		return ret ? ret : done;
	term_init(g->no_color);
	signals_catch();
	work(&c, argv + optind, argc - optind);
	if (!c.interrupted)
		ret = bind_tell(&c);
	else if (g->json)
		bind_tell_interrupted(&c);
	free(c.items);
	free(c.all);
	holders_free(&c.holders);
	if (c.interrupted)
		signals_die();
	return ret;
}

static int bind_main(int argc, char **argv, struct globals *g)
{
	return bind_cmd_main(argc, argv, g, &cmd_bind);
}

static int unbind_main(int argc, char **argv, struct globals *g)
{
	return bind_cmd_main(argc, argv, g, &cmd_unbind);
}

const struct cmd cmd_bind = {
	.name = "bind",
	.args = "[OPTIONS] BDF...",
	.help = "devices to vfio-pci; remembers where they were",
	.options = bind_help,
	.examples = bind_examples,
	.long_options = bind_options,
	.run = bind_main,
};

const struct cmd cmd_unbind = {
	.name = "unbind",
	.args = "[OPTIONS] BDF...",
	.help = "back to the driver that they had before bind",
	.options = unbind_help,
	.examples = unbind_examples,
	.long_options = unbind_options,
	.run = unbind_main,
};
