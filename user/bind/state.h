/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * /run/vfio-verify: a record for each device that bind has put on another driver,
 * named by its address, and "modules", what bind loaded for them.
 *
 * A file is there whole or not at all (written beside, synced, renamed), and before
 * anything that it is the record of: whoever is killed leaves what the next run
 * needs to go on, or to go back.
 */
#ifndef BIND_STATE_H
#define BIND_STATE_H

#include "bind/record.h"
#include "lib/err.h"

/*
 * Makes the directory and takes its lock, for which it waits some seconds where
 * another bind or unbind is at work.  A file descriptor, or -errno with @err set.
 */
int bind_state_open(struct err *err);
void bind_state_close(int dir);

/* -ENOENT: there is none, and @err is left alone; -EINVAL: it is not one of ours */
int bind_state_load(int dir, const char *bdf, struct bind_record *rec, struct err *err);
int bind_state_save(int dir, const char *bdf, const struct bind_record *rec, struct err *err);
int bind_state_remove(int dir, const char *bdf, struct err *err);
/* How many devices that are there have a record, or -errno */
int bind_state_count(int dir);

/* Without such a file: none, and 0 */
int bind_state_load_modules(int dir, struct bind_modules *mods, struct err *err);
int bind_state_save_modules(int dir, const struct bind_modules *mods, struct err *err);
int bind_state_remove_modules(int dir, struct err *err);

#endif /* BIND_STATE_H */
