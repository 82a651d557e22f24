/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The search for a device's users, shared by the files in_use*.c. */
#ifndef IN_USE_SEARCH_H
#define IN_USE_SEARCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "env/in_use.h"

/* A node of /dev that leads to the device or to something below it */
struct use_node {
	dev_t dev;
	bool block;
	char name[NAME_MAX + 1];
};

struct search {
	enum use use;	/* what was found so far */
	char what[256]; /* in words; of USE_UNKNOWN: what could not be looked at */
	struct use_node *nodes;
	size_t nr_nodes;
	int depth;
};

/* It is in use: says so, once, and returns true, which ends the search. */
__attribute__((format(printf, 2, 3))) bool use_found(struct search *s, const char *fmt, ...);
/* Something could not be looked at: USE_UNKNOWN, unless a use is found after all */
__attribute__((format(printf, 2, 3))) void use_unknown(struct search *s, const char *fmt, ...);

/*
 * A file or directory that could not be read makes the whole answer USE_UNKNOWN, unless a use is
 * found; not one that is not there, which @no says.
 */
void use_note_unread(const char *path, int no);
void use_say_unread(struct search *s);

/* Calls @each for all entries of a directory until it says true; notes what cannot be read. */
bool use_each_entry(const char *path, bool dirs_only,
		    bool (*each)(const char *path, const char *name, void *arg), void *arg);
/* "@dir/@name"; false: too long, which is said */
bool use_path(struct search *s, char *path, const char *dir, const char *name);
/* The first line of @dir/@file; false: it cannot be read */
bool use_read_line(const char *dir, const char *file, char *line, size_t len);

void use_add_node(struct search *s, dev_t dev, bool block, const char *name);
/*
 * Opens a node for reading by its number, wherever /dev may have it: a file descriptor, or -1.
 * @flags: O_EXCL, …
 */
int use_open_node(dev_t dev, bool block, const char *name, int flags);

/* Each true: found.  @path is the thing's directory in sysfs, @name the last of it. */
bool use_of_disk(struct search *s, const char *path, const char *name);
bool use_of_interface(struct search *s, const char *path, const char *name);
/* @path: a directory "net", whose entries are of our network namespace alone */
bool use_of_hidden_interfaces(struct search *s, const char *path);
/* Has any process one of the nodes open or mapped, or one of the device's resourceN files? */
bool use_of_nodes(struct search *s, const char *bdf);

/* Each of all mounts in all mount namespaces, until true */
bool use_each_mount(bool (*each)(const struct in_use_mount *mount, const char *pid, void *arg),
		    void *arg);

#endif /* IN_USE_SEARCH_H */
