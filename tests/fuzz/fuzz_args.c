// SPDX-License-Identifier: GPL-2.0
/* Any command line: one argument a line of the input. */
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct option options[] = { { "size", required_argument, NULL, 256 },
					 { "hold", optional_argument, NULL, 257 },
					 { "no-rules", no_argument, NULL, 258 },
					 GLOBAL_OPTIONS,
					 { 0 } };
static const struct cmd run = { .name = "run", .long_options = options };
static const struct cmd list = { .name = "list", .long_options = options };
static const struct cmd *const cmds[] = { &run, &list };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[34] = { (char *)"prog" }, *next = text, buf[32];
	struct args args;
	int argc = 1, i;

	memcpy(text, data, size);
	text[size] = '\0';
	while (argc < 33 && next)
		argv[argc++] = strsep(&next, "\n");
	argv[argc] = NULL;
	if (!args_init(&args, argc, argv, cmds, 2)) {
		if (args.argc < 1 || args.argc > argc || args.argv[args.argc])
			abort();
		for (i = 0; i < args.argc; i++)
			if (!args.argv[i])
				abort();
	}
	args_free(&args);
	for (i = 1; i < argc; i++) {
		args_nearest_command(argv[i], cmds, 2);
		args_nearest_option(argv[i], &run, buf, sizeof(buf));
		args_why_bad('?', argv[i], &run);
	}
	free(text);
	return 0;
}
