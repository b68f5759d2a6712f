/* The header of a stored message as a list of fields that mail filters change.
 *
 * Fields are numbered as filters count them: inserting counts from the top
 * with the trace field that we put there, changing counts the fields of one
 * name without it. */
#ifndef SMTP_SESSION_EDIT_H
#define SMTP_SESSION_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/header.h"

enum {
	EDIT_TEXT = 2 << 20, /* octets of all fields that ever were */
	EDIT_FIELDS = 8192,
};

struct edit {
	struct buf text; /* of the fields, each with its line end */
	struct edit_field {
		size_t at, len; /* in text */
		bool ours; /* the trace field on top */
	} * field;
	size_t fields, room;
	bool changed;
};

void edit_init(struct edit *);
void edit_free(struct edit *);

/* Take the fields off *header, the first of which is ours.  With "cut" the
 * octets may end within a field, which then stays.  0; -1: too much. */
int edit_load(struct edit *, struct span *header, bool cut);

/* Field i for a filter.  False: it is ours, not to be shown. */
bool edit_show(const struct edit *, size_t i, struct field *);

/* One more at the end; at a place; the n-th of its name (from 1; without one
 * it is added; an empty value deletes).  "field" is a whole field
 * (milter_field).  0; -1: too much. */
int edit_add(struct edit *, struct span field);
int edit_insert(struct edit *, size_t place, struct span field);
int edit_change(struct edit *, size_t n, struct span name, struct span field);
void edit_delete(struct edit *, size_t n, struct span name);

#endif
