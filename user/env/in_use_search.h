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
	unsigned int refs; /* that one open file has to the driver's module */
	bool single;	   /* all its openers together have one reference to the driver's module */
	char name[NAME_MAX + 1];
};

struct search {
	enum use use;	/* what was found so far */
	char what[256]; /* the use in words; for USE_UNKNOWN what could not be looked at */
	struct use_node *nodes;
	size_t nr_nodes;
	int depth;
};

/* Notes a use that was found and returns true, which ends the search. */
__attribute__((format(printf, 2, 3))) bool use_found(struct search *s, const char *fmt, ...);
/* Notes that something could not be looked at: USE_UNKNOWN, unless a use is found later. */
__attribute__((format(printf, 2, 3))) void use_unknown(struct search *s, const char *fmt, ...);

/*
 * Notes a file or directory that could not be read: the answer is then USE_UNKNOWN, unless a
 * use is found.  If @no says that it does not exist, this does nothing.
 */
void use_note_unread(const char *path, int no);
void use_say_unread(struct search *s);

/* Calls @each for the entries of a directory until it is true; notes what cannot be read. */
bool use_each_entry(const char *path, bool dirs_only,
		    bool (*each)(const char *path, const char *name, void *arg), void *arg);
/* Writes "@dir/@name"; false: it is too long, which is noted as unknown. */
bool use_path(struct search *s, char *path, const char *dir, const char *name);
/* Reads the first line of @dir/@file; false: it cannot be read. */
bool use_read_line(const char *dir, const char *file, char *line, size_t len);

/* The subsystem of a directory of sysfs: "net", "block", ...; "" if it has none. */
void use_subsystem(const char *path, char *out, size_t len);

void use_add_node(struct search *s, dev_t dev, bool block, const char *name);
/*
 * Opens a node for reading by its device number, even if /dev does not have it.  @flags are
 * added for open(2), as O_EXCL.  Returns a file descriptor, or -1.
 */
int use_open_node(dev_t dev, bool block, const char *name, int flags);

/* True: a use was found.  @path is the directory in sysfs, @name its last part. */
bool use_of_disk(struct search *s, const char *path, const char *name);
bool use_of_interface(struct search *s, const char *path, const char *name);
/* @path is a directory "net", which shows the interfaces of our network namespace only. */
bool use_of_hidden_interfaces(struct search *s, const char *path);
/* Does a process have a node, or a resourceN file of the device, open or mapped? */
bool use_of_nodes(struct search *s, const char *bdf);

/*
 * How many references have the open files of processes that lead to the nodes of @s?  Two file
 * descriptors of one open file are counted once.  The count is never too high: it leaves out what
 * cannot be compared.
 */
unsigned long use_count_open(struct search *s);

/*
 * Looks at the references to the module of a device's driver: USE_UNKNOWN if there are more than
 * the uses explain that are seen.  @path is the device's directory in sysfs.
 */
void use_doubt_module(struct search *s, const char *path);

/* Calls @each for the mounts of all mount namespaces until it is true. */
bool use_each_mount(bool (*each)(const struct in_use_mount *mount, const char *pid, void *arg),
		    void *arg);

#endif /* IN_USE_SEARCH_H */
