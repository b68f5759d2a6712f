#include "smtp-session/edit.h"

#include <stdlib.h>
#include <string.h>

void
edit_init(struct edit *e)
{
	*e = (struct edit){ .field = NULL };
	buf_init(&e->text, EDIT_TEXT);
}

void
edit_free(struct edit *e)
{
	buf_free(&e->text);
	free(e->field);
	edit_init(e);
}

static int
make_room(struct edit *e)
{
	struct edit_field *more;
	size_t room = e->room == 0 ? 64 : 2 * e->room;

	if (e->fields < e->room)
		return 0;
	if (e->fields == EDIT_FIELDS)
		return -1;
	more = reallocarray(e->field, room, sizeof(*more));
	if (more == NULL)
		return -1;
	e->field = more;
	e->room = room;
	return 0;
}

static int
put(struct edit *e, size_t place, struct span field, bool ours)
{
	struct edit_field f = { e->text.len, field.len, ours };

	if (make_room(e) == -1)
		return -1;
	buf_span(&e->text, field);
	if (e->text.over)
		return -1;
	if (place > e->fields)
		place = e->fields;
	memmove(e->field + place + 1, e->field + place,
	    (e->fields - place) * sizeof(f));
	e->field[place] = f;
	e->fields++;
	return 0;
}

int
edit_load(struct edit *e, struct span *header, bool cut)
{
	struct span rest = *header;
	struct field f;

	while (header_next(&rest, &f) == 1) {
		if (cut && rest.len == 0)
			return 0;
		if (put(e, e->fields, f.whole, e->fields == 0) == -1)
			return -1;
		*header = rest;
	}
	return 0;
}

static struct field
get(const struct edit *e, size_t i)
{
	struct span whole = span_n(e->text.p + e->field[i].at, e->field[i].len);
	struct field f = { 0 };

	(void)header_next(&whole, &f);
	return f;
}

bool
edit_show(const struct edit *e, size_t i, struct field *f)
{
	*f = get(e, i);
	return !e->field[i].ours;
}

int
edit_add(struct edit *e, struct span field)
{
	return edit_insert(e, e->fields, field);
}

int
edit_insert(struct edit *e, size_t place, struct span field)
{
	e->changed = true;
	return put(e, place, field, false);
}

/* The n-th of that name; e->fields: there is none. */
static size_t
find(const struct edit *e, size_t n, struct span name)
{
	size_t i;

	for (i = 0; i < e->fields; i++)
		if (!e->field[i].ours && span_same(get(e, i).name, name) &&
		    --n == 0)
			break;
	return i;
}

int
edit_change(struct edit *e, size_t n, struct span name, struct span field)
{
	size_t i = find(e, n > 0 ? n : 1, name);

	if (i == e->fields)
		return edit_add(e, field);
	e->changed = true;
	e->field[i].at = e->text.len;
	e->field[i].len = field.len;
	buf_span(&e->text, field);
	return e->text.over ? -1 : 0;
}

void
edit_delete(struct edit *e, size_t n, struct span name)
{
	size_t i = find(e, n > 0 ? n : 1, name);

	if (i == e->fields)
		return;
	e->changed = true;
	e->fields--;
	memmove(e->field + i, e->field + i + 1,
	    (e->fields - i) * sizeof(*e->field));
}
