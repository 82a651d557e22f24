// SPDX-License-Identifier: GPL-2.0
#include "failure/failure.h"

#include <string.h>

#include "failure/rows.h"
#include "failure/words.h"

/*
 * The order in which the failures stand in the way, and so the order in which to fix them.  If
 * several rows fit a step and its errno, the first whose applies_if() agrees is taken.
 */
static const struct failure_rows *const tables[] = {
	&rows_device,  &rows_driver,	  &rows_node,	&rows_bind, &rows_vfio,
	&rows_mapping, &rows_vfio_device, &rows_module, &rows_note,
};

const struct failure *failure_row(size_t i)
{
	size_t t;

	for (t = 0; t < ARRAY_SIZE(tables); t++) {
		if (i < tables[t]->nr)
			return &tables[t]->row[i];
		i -= tables[t]->nr;
	}
	return NULL;
}

const struct failure *failure_get(const char *id)
{
	const struct failure *f;
	size_t i;

	for (i = 0; (f = failure_row(i)); i++)
		if (!strcmp(f->id, id))
			return f;
	return NULL;
}

/* What is known where the caller has no facts. */
static const struct env nothing = { .dev = { .group = -1 }, .nr_groups = -1 };

static void fill(const struct env *env, const struct failure *f, int no, const char *what,
		 struct err *err)
{
	if (!env)
		env = &nothing;
	memset(err, 0, sizeof(*err));
	err->id = f->id;
	err->no = no;
	if (f->what)
		failure_text(env, f->what, err->what, sizeof(err->what));
	else
		err_what(err, "%s", what ? what : f->id);
	failure_text(env, f->why, err->why, sizeof(err->why));
	failure_text(env, f->fix, err->fix, sizeof(err->fix));
	err_clean(err); /* anybody may choose the name of a process or of a driver */
}

void failure_set(const struct env *env, const char *id, int no, const char *what, struct err *err)
{
	fill(env, failure_get(id), no, what, err);
}

void failure_fill(const struct env *env, const struct failure *f, const char *what, struct err *err)
{
	fill(env, f, f->no, what, err);
}

/* Is @step one of the steps that show @f? */
static bool is_met_in(const struct failure *f, const char *step)
{
	const char *at = f->steps;
	size_t n = strlen(step);

	if (at && !strcmp(at, "*"))
		return true;

	while (at && (at = strstr(at, step))) {
		if ((at == f->steps || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
		at += n;
	}
	return false;
}

void failure_explain(const struct env *env, const char *step, int no, const char *what,
		     struct err *err)
{
	const struct env *facts = env ? env : &nothing;
	const struct failure *f;
	size_t i;

	for (i = 0; (f = failure_row(i)); i++) {
		if (!is_met_in(f, step) || (f->no && f->no != no) ||
		    (f->applies_if && !f->applies_if(facts)))
			continue;
		fill(env, f, no, what, err);
		return;
	}
	memset(err, 0, sizeof(*err));
	err->no = no;
	err_what(err, "%s", what);
	err_why(err, "%s", strerror(no));
	err_fix(err, "see dmesg");
}

const struct failure *failure_next(const struct env *env, enum check check,
				   const struct failure *last)
{
	const struct failure *f;
	bool after = !last;
	size_t i;

	for (i = 0; (f = failure_row(i)); i++) {
		if (after && f->detect && (check == CHECK_NONE || f->check == check) &&
		    f->detect(env))
			return f;
		after = after || f == last;
	}
	return NULL;
}

const struct failure *failure_blocking(const struct env *env, const char *step, struct err *err)
{
	const struct failure *f = NULL;

	memset(err, 0, sizeof(*err));
	while ((f = failure_next(env, CHECK_NONE, f)))
		if (is_met_in(f, step)) {
			fill(env, f, f->no, NULL, err);
			return f;
		}
	return NULL;
}

void failure_text(const struct env *env, const char *text, char *buf, size_t len)
{
	size_t used = 0;

	while (*text && used + 1 < len) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;

		if (end) {
			words_put(env, text + 1, end - text - 1, buf + used, len - used);
			used += strlen(buf + used);
			text = end + 1;
		} else {
			buf[used++] = *text++;
		}
	}
	buf[used] = '\0';
}
