// SPDX-License-Identifier: GPL-2.0
/* QMP: commands and answers in JSON, one object after the other. */
#include "qemu/qmp.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "qemu/wire.h"

/* The next JSON object; the caller's to put. */
static int qmp_read(struct monitor *m, const char *what, struct json_object **out)
{
	enum json_tokener_error err;
	struct json_object *obj;
	size_t seen = 0, used;
	int ret;

	/* After a time-out in the middle of an object the tokener still waits for its rest. */
	if (!m->partial)
		json_tokener_reset(m->tok);
	for (;;) {
		if (!m->len) {
			ret = wire_recv_more(m, what);
			if (ret)
				return ret;
		}
		obj = json_tokener_parse_ex(m->tok, m->buf, (int)m->len);
		err = json_tokener_get_error(m->tok);
		used = err == json_tokener_success ? json_tokener_get_parse_end(m->tok) : m->len;
		memmove(m->buf, m->buf + used, m->len - used);
		m->len -= used;
		m->partial = err == json_tokener_continue;
		if (!m->partial)
			break;
		seen += used;
		if (seen > REPLY_MAX)
			return wire_fail(m, -EPROTO, what, "see whether this is a QMP socket",
					 "an answer longer than %u bytes", REPLY_MAX);
	}
	if (!json_object_is_type(obj, json_type_object)) {
		json_object_put(obj);
		return wire_fail(m, -EPROTO, what,
				 "give the socket of -qmp unix:PATH,server=on,wait=off",
				 "the answer is not QMP");
	}
	*out = obj;
	return 0;
}

const char *qmp_string(struct json_object *obj, const char *key)
{
	struct json_object *val;

	if (!json_object_object_get_ex(obj, key, &val) ||
	    !json_object_is_type(val, json_type_string))
		return NULL;
	return json_object_get_string(val);
}

/* Runs a command; *out is what it returned, the caller's to put.  Takes @args. */
int qmp_command(struct monitor *m, const char *name, struct json_object *args,
		struct json_object **out)
{
	struct json_object *cmd = json_object_new_object();
	struct json_object *obj = NULL, *val;
	const char *event;
	char what[64];
	int ret;

	snprintf(what, sizeof(what), "QMP %s", name);
	m->id++;
	json_object_object_add(cmd, "execute", json_object_new_string(name));
	if (args)
		json_object_object_add(cmd, "arguments", args);
	json_object_object_add(cmd, "id", json_object_new_int64(m->id));
	wire_start_clock(m);
	ret = wire_send_line(m, json_object_to_json_string(cmd), what);
	json_object_put(cmd);

	/* Events may come at any time, and so may answers to commands that timed out. */
	while (!ret) {
		ret = qmp_read(m, what, &obj);
		if (ret)
			break;
		event = qmp_string(obj, "event");
		if (event && m->watch && !strcmp(event, "RESUME"))
			m->resumed = true;
		if (json_object_object_get_ex(obj, "id", &val) &&
		    json_object_is_type(val, json_type_int) &&
		    json_object_get_int64(val) == m->id) {
			if (json_object_object_get_ex(obj, "return", &val)) {
				*out = json_object_get(val);
				json_object_put(obj);
				return 0;
			}
			val = NULL;
			json_object_object_get_ex(obj, "error", &val);
			name = qmp_string(val, "desc");
			ret = wire_fail(m, -EREMOTEIO, what, "", "%s",
					name ? name : "refused without a reason");
		}
		json_object_put(obj);
	}
	return ret;
}

int qmp_simple(struct monitor *m, const char *name)
{
	struct json_object *obj;
	int ret = qmp_command(m, name, NULL, &obj);

	if (!ret)
		json_object_put(obj);
	return ret;
}

int qmp_start(struct monitor *m)
{
	struct json_object *obj = NULL, *greeting;
	int ret;

	wire_start_clock(m);
	ret = qmp_read(m, "QMP greeting", &obj);
	if (ret)
		return ret;
	if (!json_object_object_get_ex(obj, "QMP", &greeting))
		ret = wire_fail(m, -EPROTO, "QMP greeting",
				"give the socket of -qmp unix:PATH,server=on,wait=off",
				"the answer is not QMP");
	json_object_put(obj);
	return ret ? ret : qmp_simple(m, "qmp_capabilities");
}

int qmp_hmp(struct monitor *m, const char *cmd, char **reply)
{
	struct json_object *args = json_object_new_object(), *obj = NULL;
	int ret;

	*reply = NULL;
	json_object_object_add(args, "command-line", json_object_new_string(cmd));
	ret = qmp_command(m, "human-monitor-command", args, &obj);
	if (ret)
		return ret;
	if (json_object_is_type(obj, json_type_string))
		*reply = strdup(json_object_get_string(obj));
	else
		ret = wire_fail(m, -EPROTO, cmd, "", "the answer is not text");
	json_object_put(obj);
	if (!ret && !*reply) {
		wire_fail(m, -ENOMEM, cmd, "", "out of memory");
		return -ENOMEM;
	}
	return ret;
}
