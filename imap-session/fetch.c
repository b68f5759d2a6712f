/* FETCH (RFC 9051 s. 6.4.5): what is asked for, in the order of the question.
 *
 * The text of a message is read only when neither the view nor its notes can
 * answer, and then once for all items; a header alone when that is enough. */
#include "imap-session/fetch.h"

#include <errno.h>

#include "imap-session/downgrade.h"
#include "imap-session/envelope.h"
#include "imap-session/handlers.h"
#include "imap-session/notes.h"
#include "imap-session/put.h"
#include "imap-session/qresync.h"
#include "imap-session/selected.h"
#include "message/fail.h"
#include "session/log.h"

/* What was made of the message once and noted, or is now. */
static int
put_noted(struct fetch *f, const struct item *item)
{
	struct buf *b = &f->im->out;
	struct span known;

	switch (item->kind) {
	case ITEM_ENVELOPE:
		if (!notes_envelope(f->r.folder, f->r.number, &known))
			return notes_make_envelope(&f->r, b);
		break;
	case ITEM_STRUCTURE:
		if (!notes_structure(f->r.folder, f->r.number, &known))
			return notes_make_structure(&f->r, true, b);
		break;
	case ITEM_BODY:
		return notes_make_structure(&f->r, false, b);
	case ITEM_PREVIEW:
		return notes_put_preview(&f->r, item->lazy,
		    (f->im->enabled & (E_UTF8 | E_REV2)) != 0, b);
	default:
		return notes_put_id(&f->r, item->kind == ITEM_THREADID, b);
	}
	buf_span(b, known);
	return 0;
}

/* The same as this client may be sent it. */
static int
put_made(struct fetch *f, const struct item *item)
{
	size_t from = f->im->out.len;
	int r = put_noted(f, item);

	if (r == 0 && item->kind != ITEM_PREVIEW &&
	    (f->im->enabled & (E_UTF8 | E_REV2)) == 0)
		downgrade(&f->im->out, from);
	return r == 0 && f->im->out.over ? fail_as(ENOMEM, "too large") : r;
}

/* As the answer names them; the others name their section, too. */
static const char *const names[ITEM_KINDS] = {
	[ITEM_FLAGS] = "FLAGS ",
	[ITEM_UID] = "UID ",
	[ITEM_DATE] = "INTERNALDATE ",
	[ITEM_SAVED] = "SAVEDATE ",
	[ITEM_SIZE] = "RFC822.SIZE ",
	[ITEM_MODSEQ] = "MODSEQ ",
	[ITEM_ENVELOPE] = "ENVELOPE ",
	[ITEM_BODY] = "BODY ",
	[ITEM_STRUCTURE] = "BODYSTRUCTURE ",
	[ITEM_EMAILID] = "EMAILID ",
	[ITEM_THREADID] = "THREADID ",
	[ITEM_PREVIEW] = "PREVIEW ",
};

/* 0; -1: errno, what was asked for is not there. */
static int
put_item(struct fetch *f, const struct item *item)
{
	struct buf *b = &f->im->out;

	if (names[item->kind] != NULL)
		buf_str(b, names[item->kind]);
	switch (item->kind) {
	case ITEM_FLAGS:
		selected_put_flags(f->im, b, &f->m);
		return 0;
	case ITEM_UID:
		put_number(b, f->m.uid);
		return 0;
	case ITEM_DATE:
		put_date_time(b, (time_t)f->m.date);
		return 0;
	case ITEM_SAVED:
		put_date_time(b, (time_t)f->m.saved);
		return 0;
	case ITEM_SIZE:
		put_number(b, f->m.wire);
		return 0;
	case ITEM_MODSEQ:
		buf_char(b, '(');
		put_number(b, f->m.modseq);
		buf_char(b, ')');
		return 0;
	case ITEM_SECTION:
		return fetch_body(f, item);
	case ITEM_BINARY:
		return fetch_binary(f, item);
	case ITEM_BINARY_SIZE:
		return fetch_binary_size(f, item);
	default:
		return put_made(f, item);
	}
}

/* In place of an item, which began at "from": of a message that was expunged
 * meanwhile (RFC 9051 s. 7.5.1, RFC 5530), or has more of it than we hold. */
static int
put_lost(struct fetch *f, const struct item *item, size_t from)
{
	struct buf *b = &f->im->out;

	if (errno != ENOENT && errno != ENOMEM) {
		log_line(LOG_ERR, "read-error reason=%s", fail_text());
		return -1;
	}
	f->gone |= errno == ENOENT;
	f->large |= errno == ENOMEM;
	buf_cut(b, from);
	b->over = false;
	if (names[item->kind] != NULL)
		buf_str(b, names[item->kind]);
	switch (item->kind) {
	case ITEM_ENVELOPE:
		buf_str(b, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
		return 0;
	case ITEM_BODY:
	case ITEM_STRUCTURE:
		buf_str(b, "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0)");
		return 0;
	case ITEM_EMAILID:
	case ITEM_THREADID:
	case ITEM_PREVIEW:
		buf_str(b, "NIL");
		return 0;
	case ITEM_BINARY:
	case ITEM_BINARY_SIZE:
		buf_str(b,
		    item->kind == ITEM_BINARY ? "BINARY" : "BINARY.SIZE");
		section_put(b, &item->section);
		buf_str(b, item->kind == ITEM_BINARY ? " \"\"" : " 0");
		return 0;
	default:
		if (item->label != NULL)
			buf_str(b, item->label);
		else {
			buf_str(b, "BODY");
			section_put(b, &item->section);
		}
		buf_str(b, " \"\"");
		return 0;
	}
}

/* That it was set, where no item says so (RFC 7162 s. 3.1 for MODSEQ). */
static void
put_seen(struct fetch *f)
{
	static const struct item flags = { .kind = ITEM_FLAGS };
	static const struct item modseq = { .kind = ITEM_MODSEQ };
	struct buf *b = &f->im->out;

	if (!f->w.has[ITEM_FLAGS]) {
		buf_char(b, ' ');
		(void)put_item(f, &flags);
	}
	if (!f->w.has[ITEM_MODSEQ] && imap_enabled(f->im, E_CONDSTORE)) {
		buf_char(b, ' ');
		(void)put_item(f, &modseq);
	}
}

static int
put_message(struct fetch *f, uint32_t number, bool flags)
{
	struct imap *im = f->im;
	bool dated =
	    f->w.has[ITEM_DATE] || f->w.has[ITEM_SIZE] || f->w.has[ITEM_SAVED];
	int r = 0;

	if ((dated ? folder_get : folder_glance)(im->folder, number, &f->m) ==
		-1 ||
	    (f->w.has[ITEM_SIZE] &&
		folder_wire(im->folder, number, &f->m) == -1))
		return -1;
	reading_begin(&f->r, im->folder, number);
	buf_str(&im->out, "* ");
	put_number(&im->out, number);
	buf_str(&im->out, " FETCH (");
	for (size_t i = 0, from; i < f->w.items && r == 0; i++) {
		if (i > 0)
			buf_char(&im->out, ' ');
		from = im->out.len;
		r = put_item(f, &f->w.item[i]);
		if (r == -1)
			r = put_lost(f, &f->w.item[i], from);
	}
	if (flags)
		put_seen(f);
	buf_char(&im->out, ')');
	reading_end(&f->r);
	if (r == -1)
		im->conn->broken = true; /* half a response is out */
	imap_line(im);
	return r;
}

/* Set \Seen where it is missing, for all at once: bit i tells that message i
 * got it now. */
static int
see(struct fetch *f, const uint32_t *number, size_t n, bool *now)
{
	const struct change change = {
		.mode = CHANGE_ADD,
		.flags = FLAG_SEEN,
		.unchanged_since = UINT64_MAX,
	};
	uint32_t *unseen = arena_take(&f->im->arena, n * sizeof(*unseen) + 1);
	uint8_t *result = arena_take(&f->im->arena, n + 1);
	struct message m;
	size_t k = 0;

	if (unseen == NULL || result == NULL)
		return fail_as(ENOMEM, "too many messages");
	for (size_t i = 0; i < n; i++) {
		if (folder_glance(f->im->folder, number[i], &m) == -1)
			return -1;
		now[i] = (m.flags & FLAG_SEEN) == 0;
		if (now[i])
			unseen[k++] = number[i];
	}
	return k == 0 ?
	    0 :
	    folder_change(f->im->folder, unseen, k, &change, result);
}

/* Leave out what has not changed since, and what PARTIAL leaves out. */
static void
select_some(struct fetch *f, uint32_t **number, size_t *n)
{
	struct message m;
	size_t kept = 0;

	for (size_t i = 0; f->w.since > 0 && i < *n; i++)
		if (folder_glance(f->im->folder, (*number)[i], &m) == 0 &&
		    m.modseq > f->w.since)
			(*number)[kept++] = (*number)[i];
	if (f->w.since > 0)
		*n = kept;
	*number += partial_of(&f->w.partial, *n, n);
}

static const struct reply *
answer(struct fetch *f, const uint32_t *number, size_t n)
{
	struct imap *im = f->im;
	bool *now = NULL;

	if (f->w.seen && !im->read_only) {
		now = arena_take(&im->arena, n + 1);
		if (now == NULL)
			return imap_no(im, "[LIMIT] Too many messages");
		if (see(f, number, n, now) == -1)
			return imap_failed(im);
	}
	for (size_t i = 0; i < n; i++) {
		if (put_message(f, number[i], now != NULL && now[i]) == -1)
			return imap_failed(im);
		if (im->conn->broken)
			break;
	}
	if (f->unknown)
		return imap_no(im, "[UNKNOWN-CTE] Unknown encoding");
	if (f->large)
		return imap_no(im, "[LIMIT] Some have too large a header");
	return f->gone ? imap_no(im, "[EXPUNGEISSUED] Some are gone") :
			 &imap_done;
}

const struct reply *
fetch_fetch(struct imap *im, struct parse *p)
{
	struct fetch f = { .im = im };
	const struct reply *r;
	struct set set, copy;
	uint32_t *number;
	size_t n;

	f.w.item = arena_take(&im->arena, FETCH_ITEMS * sizeof(*f.w.item));
	if (f.w.item == NULL)
		return &imap_temp;
	if (parse_space(p) == -1 || parse_set(p, &set) == -1 ||
	    parse_space(p) == -1 ||
	    fetch_read(p, &f.w, im->uid,
		im->uid && imap_enabled(im, E_QRESYNC)) == -1)
		return &imap_bad;
	if (f.w.has[ITEM_MODSEQ])
		selected_condstore(im);
	if (f.w.vanished) {
		if (set_copy(&copy, &set, &im->arena) == -1)
			return imap_no(im, "[LIMIT] Too many messages");
		qresync_vanished(im, &copy, f.w.since);
	}
	r = selected_numbers(im, &set, im->uid, &number, &n);
	if (r != NULL)
		return r;
	select_some(&f, &number, &n);
	buf_init(&f.scratch, 16 << 20);
	r = answer(&f, number, n);
	buf_free(&f.scratch);
	return r;
}
