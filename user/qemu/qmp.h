/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* QMP: commands and answers in JSON, one object after the other. */
#ifndef QMP_H
#define QMP_H

struct json_object;
struct monitor;

/* Reads the greeting and answers it. */
int qmp_start(struct monitor *m);

/* Runs a command; *out is what it returned, the caller's to put.  Takes @args. */
int qmp_command(struct monitor *m, const char *name, struct json_object *args,
		struct json_object **out);

/* A command without arguments that returns nothing of interest. */
int qmp_simple(struct monitor *m, const char *name);

/* A command of the monitor for people; *reply is the caller's to free. */
int qmp_hmp(struct monitor *m, const char *cmd, char **reply);

/* The string at @key of @obj, or NULL. */
const char *qmp_string(struct json_object *obj, const char *key);

#endif /* QMP_H */
