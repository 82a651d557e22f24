// SPDX-License-Identifier: GPL-2.0
#include "lib/args.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"

static const struct cmd *named(const char *word, const struct cmd *const *cmds, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(cmds[i]->name, word))
			return cmds[i];
	return NULL;
}

/* As getopt_long(): the option of this name, else the first one whose name begins with @word. */
static const struct option *option_of(const struct cmd *cmd, const char *word)
{
	const struct option *o, *begun = NULL;
	size_t n = strcspn(word, "=");

	for (o = cmd->long_options; n && o && o->name; o++) {
		if (strncmp(o->name, word, n) != 0)
			continue;
		if (!o->name[n])
			return o;
		begun = begun ? begun : o;
	}
	return begun;
}

/* Is @arg an option that may have a value, and @next its value, as in "--hold 5"? */
static bool joins(const struct cmd *cmd, const char *arg, const char *next)
{
	const struct option *o = NULL;
	uint64_t ms;

	if (!strncmp(arg, "--", 2) && !strchr(arg, '='))
		o = option_of(cmd, arg + 2);
	return o && o->has_arg == optional_argument && next && !parse_duration(next, 1, &ms);
}

/* Is @next the value of the option @arg, for any of the commands? */
static bool takes_next(const char *arg, const char *next, const struct cmd *const *cmds, size_t nr)
{
	const struct option *o;
	size_t i;

	if (strncmp(arg, "--", 2) != 0 || strchr(arg, '='))
		return false;
	for (i = 0; i < nr; i++) {
		o = option_of(cmds[i], arg + 2);
		if ((o && o->has_arg == required_argument) || joins(cmds[i], arg, next))
			return true;
	}
	return false;
}

/* Is it an option, and not a value or a command's name? */
static bool is_option(const char *arg)
{
	return arg[0] == '-' && arg[1];
}

/* The index of the first argument that is not an option or an option's value; argc: none */
static int first_word(int argc, char *const *argv, const struct cmd *const *cmds, size_t nr)
{
	int i;

	for (i = 1; i < argc && is_option(argv[i]); i++) {
		if (!strcmp(argv[i], "--"))
			return i + 1 < argc ? i + 1 : argc;
		if (takes_next(argv[i], argv[i + 1], cmds, nr))
			i++;
	}
	return i < argc ? i : argc;
}

/* Is @letter one of a group of short options ("-qj"), or @arg a beginning of --@name ("--js")? */
static bool asks_for(const char *arg, char letter, const char *name)
{
	size_t n = strlen(arg);

	if (!strncmp(arg, "--", 2))
		return n > 2 && strlen(name) >= n - 2 && !strncmp(name, arg + 2, n - 2);
	return arg[0] == '-' && n > 1 && strspn(arg + 1, GLOBAL_SHORT) == n - 1 &&
	       strchr(arg + 1, letter);
}

bool args_have_json(int argc, char *const *argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (asks_for(argv[i], 'j', "json"))
			return true;
	return false;
}

static char *keep(struct args *args, char *made)
{
	if (made)
		args->made[args->nr_made++] = made;
	return made;
}

/* @arg, with a PCI address (all of it, or after its "=") as sysfs writes it; NULL: no memory */
static char *canonical(struct args *args, char *arg)
{
	const char *value = !strncmp(arg, "--", 2) ? strchr(arg, '=') : NULL;
	struct pci_bdf bdf;
	char text[BDF_TEXT], *made;

	value = value ? value + 1 : arg;
	if (parse_bdf(value, &bdf))
		return arg;
	bdf_text(&bdf, text);
	if (!strcmp(text, value))
		return arg;
	if (asprintf(&made, "%.*s%s", (int)(value - arg), arg, text) < 0)
		return NULL;
	return keep(args, made);
}

int args_init(struct args *args, int argc, char **argv, const struct cmd *const *cmds,
	      size_t nr_cmds)
{
	int at = first_word(argc, argv, cmds, nr_cmds), i, n = 0;
	bool over = false; /* past "--" */
	const struct cmd *table;

	memset(args, 0, sizeof(*args));
	args->json = args_have_json(argc, argv);
	args->word = at < argc ? argv[at] : NULL;
	/* An argument after "--" is never a command. */
	if (args->word && strcmp(argv[at - 1], "--") != 0)
		args->cmd = named(args->word, cmds, nr_cmds);
	table = args->cmd ? args->cmd : cmds[0];
	args->argv = calloc(argc + 2, sizeof(*args->argv));
	args->made = calloc(argc + 2, sizeof(*args->made));
	if (!args->argv || !args->made)
		return -ENOMEM;
	args->argv[n++] = args->cmd || !argc ? (char *)table->name : argv[0];
	for (i = 1; i < argc; i++) {
		char *arg;

		if (args->cmd && i == at)
			continue;
		over = over || !strcmp(argv[i], "--");
		args->help = args->help || (!over && asks_for(argv[i], 'h', "help"));
		if (!over && joins(table, argv[i], argv[i + 1])) {
			arg = NULL;
			if (asprintf(&arg, "%s=%s", argv[i], argv[i + 1]) >= 0)
				arg = keep(args, arg);
			i++;
		} else {
			arg = canonical(args, argv[i]);
		}
		if (!arg)
			return -ENOMEM;
		args->argv[n++] = arg;
	}
	args->argc = n;
	return 0;
}

void args_free(struct args *args)
{
	while (args->nr_made)
		free(args->made[--args->nr_made]);
	free(args->made);
	free(args->argv);
	memset(args, 0, sizeof(*args));
}

/* --- what was meant -------------------------------------------------------- */

enum { WORD_MAX = 24 }; /* no command or option has a longer name */

/*
 * How many letters have to be changed, inserted, deleted or swapped with their neighbour to make
 * @b of @a.  Neither word may be longer than WORD_MAX.
 */
static unsigned int distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b), i, j;
	unsigned int d[WORD_MAX + 1][WORD_MAX + 1];

	for (i = 0; i <= na; i++)
		d[i][0] = i;
	for (j = 0; j <= nb; j++)
		d[0][j] = j;
	for (i = 1; i <= na; i++)
		for (j = 1; j <= nb; j++) {
			unsigned int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[na][nb];
}

/* Is @name closer to @word than @nearest?  Up to a third of the letters may be wrong. */
static bool is_nearer(const char *word, const char *name, unsigned int *nearest)
{
	size_t n = strlen(word);
	unsigned int far, most;

	if (!n || n > WORD_MAX || strlen(name) > WORD_MAX)
		return false;
	far = distance(word, name);
	most = n < 3 ? 1 : (n + 2) / 3;
	/* One word is the beginning of the other ("doc", "walks"). */
	if (n > 2 && (!strncmp(name, word, n) || !strncmp(name, word, strlen(name))))
		far = far < 1 ? far : 1;
	if (far > most || far >= *nearest)
		return false;
	*nearest = far;
	return true;
}

const char *args_nearest(const char *word, const char *const *words)
{
	unsigned int nearest = WORD_MAX + 1;
	const char *found = NULL;

	for (; *words; words++)
		if (is_nearer(word, *words, &nearest))
			found = *words;
	return found;
}

/* The words that other tools use for our commands. */
static const struct {
	const char *word, *command;
} others[] = {
	{ "test", "run" },	  { "verify", "run" },	{ "start", "run" },
	{ "ls", "list" },	  { "show", "list" },	{ "devices", "list" },
	{ "info", "list" },	  { "status", "list" }, { "check", "doctor" },
	{ "diagnose", "doctor" }, { "attach", "bind" }, { "detach", "unbind" },
	{ "release", "unbind" },  { "dump", "walk" },	{ "pagetable", "walk" },
	{ "version", "help" },
};

const char *args_nearest_command(const char *word, const struct cmd *const *cmds, size_t nr_cmds)
{
	unsigned int nearest = WORD_MAX + 1;
	const char *found = NULL;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(word, others[i].word) && named(others[i].command, cmds, nr_cmds))
			return others[i].command;
	for (i = 0; i < nr_cmds; i++)
		if (is_nearer(word, cmds[i]->name, &nearest))
			found = cmds[i]->name;
	return found;
}

const char *args_nearest_option(const char *word, const struct cmd *cmd, char *buf, size_t len)
{
	unsigned int nearest = WORD_MAX + 1;
	const char *found = NULL;
	const struct option *o;
	char name[WORD_MAX + 2];
	size_t n;

	word += strspn(word, "-");
	n = strcspn(word, "=");
	if (n > WORD_MAX)
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)n, word);
	for (o = cmd->long_options; o && o->name; o++)
		if (is_nearer(name, o->name, &nearest))
			found = o->name;
	if (!found)
		return NULL;
	snprintf(buf, len, "--%s", found);
	return buf;
}

const char *args_command_with(const char *word, const struct cmd *const *cmds, size_t nr_cmds)
{
	const struct option *o;
	size_t i, n;

	if (strncmp(word, "--", 2) != 0)
		return NULL;
	n = strcspn(word + 2, "=");
	for (i = 0; i < nr_cmds; i++)
		for (o = cmds[i]->long_options; n && o && o->name; o++)
			if (strlen(o->name) == n && !strncmp(o->name, word + 2, n))
				return cmds[i]->name;
	return NULL;
}

const char *args_why_bad(int c, const char *word, const struct cmd *cmd)
{
	const struct option *o, *begun = NULL;
	size_t n;

	if (c == ':')
		return "it needs a value";
	if (strncmp(word, "--", 2) != 0)
		return "no such option";
	n = strcspn(word + 2, "=");
	for (o = cmd->long_options; n && o && o->name; o++) {
		if (strncmp(o->name, word + 2, n) != 0)
			continue;
		if (!o->name[n])
			return "it takes no value";
		if (begun)
			return "it may mean several options";
		begun = o;
	}
	return begun ? "it takes no value" : "no such option";
}
