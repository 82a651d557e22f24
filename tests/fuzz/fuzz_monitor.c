// SPDX-License-Identifier: GPL-2.0
/* Replies of QEMU's monitor: any bytes. */
#include <stdlib.h>
#include <string.h>

#include "qemu/monitor_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct monitor_regs *regs = NULL;
	struct ram_map map = { 0 };
	uint64_t words[4];
	const char *reply;
	bool running, paused;
	size_t nr, i;

	memcpy(text, data, size);
	text[size] = '\0';
	monitor_parse_xp(text, 0x1000, words, 4);
	if (!monitor_parse_vcpus(text, &regs, &nr)) {
		for (i = 0; i < nr; i++)
			if (regs[i].cpl > 3)
				abort();
		free(regs);
	}
	if (!monitor_parse_mtree(text, &map)) {
		for (i = 0; i < map.nr; i++)
			if (ram_map_find(&map, map.range[i].last) != &map.range[i])
				abort();
		free(map.range);
	}
	monitor_parse_status(text, &running, &paused);
	/* Changes the text: last. */
	if (!monitor_parse_hmp(text, size, "", &reply)) {
		if (reply < text || strlen(reply) > size || strchr(reply, '\r'))
			abort();
		monitor_parse_xp(reply, 0x1000, words, 4);
	}
	free(text);
	return 0;
}
