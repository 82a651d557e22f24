// SPDX-License-Identifier: GPL-2.0
/* Files read and written whole, and what they say of this machine */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

/* As realloc() for one more; never NULL */
void *grow(void *array, size_t nr, size_t *room, size_t size)
{
	if (nr < *room)
		return array;
	*room = *room ? 2 * *room : 256;
	array = realloc(array, *room * size);
	if (!array)
		bail_out("no memory for %zu records", *room);
	return array;
}

/* All of a file, with a NUL after it.  *err as read() had it at the end. */
char *read_all(int fd, size_t chunk, size_t *size, int *err)
{
	size_t room = 0, n = 0;
	char *text = NULL;
	ssize_t got;

	do {
		while (room < n + chunk + 1)
			text = grow(text, room, &room, 1);
		got = read(fd, text + n, chunk);
		if (got > 0)
			n += got;
	} while (got > 0);
	*err = got < 0 ? errno : 0;
	text[n] = '\0';
	if (size)
		*size = n;
	return text;
}

char *read_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	char *text;

	if (fd < 0)
		return strdup("");
	text = read_all(fd, 4096, NULL, &err);
	close(fd);
	return text;
}

uint64_t read_number(const char *path)
{
	char *text = read_path(path);
	uint64_t v = strtoull(text, NULL, 0);

	free(text);
	return v;
}

bool write_path(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A word of the first "flags" line of /proc/cpuinfo */
bool cpu_has(const char *word)
{
	char *text = read_path("/proc/cpuinfo"), *line = strstr(text, "\nflags"), *w;
	bool has = false;

	if (line) {
		line[1 + strcspn(line + 1, "\n")] = '\0';
		for (w = strtok(line, " \t\n:"); w; w = strtok(NULL, " \t\n:"))
			has |= !strcmp(w, word);
	}
	free(text);
	return has;
}
