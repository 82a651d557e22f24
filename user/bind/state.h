/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * /run/vfio-verify has a record for each device that bind has put on another driver, named by
 * the device's address, and the file "modules", which lists the modules that bind loaded.
 *
 * Each file is written under another name, synced and renamed, so that it is never seen in
 * part.  This happens before the change that the file records, so that after a kill the next
 * run can go on or go back.
 */
#ifndef BIND_STATE_H
#define BIND_STATE_H

#include "bind/record.h"
#include "lib/err.h"

/*
 * Makes the directory and takes its lock.  If another bind or unbind has the lock, it waits for
 * some seconds.  Returns a file descriptor, or -errno with @err set.
 */
int bind_state_open(struct err *err);
void bind_state_close(int dir);

/* -ENOENT: there is none, and @err is not changed; -EINVAL: it is not a file of ours. */
int bind_state_load(int dir, const char *bdf, struct bind_record *rec, struct err *err);
int bind_state_save(int dir, const char *bdf, const struct bind_record *rec, struct err *err);
int bind_state_remove(int dir, const char *bdf, struct err *err);
/* How many of the devices that exist now have a record, or -errno. */
int bind_state_count(int dir);

/* If there is no such file, it returns 0 and *mods is empty. */
int bind_state_load_modules(int dir, struct bind_modules *mods, struct err *err);
int bind_state_save_modules(int dir, const struct bind_modules *mods, struct err *err);
int bind_state_remove_modules(int dir, struct err *err);

#endif /* BIND_STATE_H */
