/* FETCH (RFC 9051 s. 6.4.5): what is asked for, in the order of the question.
 *
 * The text of a message is read only when neither the view nor its notes can
 * answer, and then once for all items; a header alone when that is enough. */
#include "imap-session/fetch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "imap-session/envelope.h"
#include "imap-session/handlers.h"
#include "imap-session/notes.h"
#include "imap-session/put.h"
#include "imap-session/qresync.h"
#include "imap-session/selected.h"
#include "imap-session/text.h"
#include "message/fail.h"
#include "session/log.h"

struct fetch {
	struct imap *im;
	struct wanted w;
	bool gone; /* some message could not be read */
	struct buf scratch;
	/* of one message */
	uint32_t number;
	struct message m;
	struct text text;
	struct mime mime;
	bool parsed;
};

static int
load(struct fetch *f, bool whole)
{
	int fd, r;

	if (f->text.p != NULL && (f->text.whole || !whole))
		return 0;
	text_free(&f->text);
	fd = folder_read(f->im->folder, f->number);
	if (fd == -1)
		return -1;
	r = text_load(&f->text, fd, whole);
	(void)close(fd);
	return r;
}

static int
load_parts(struct fetch *f)
{
	if (load(f, true) == -1)
		return -1;
	if (f->parsed)
		return 0;
	if (mime_begin(&f->mime) == -1)
		return fail("parts of a message");
	f->parsed = true;
	mime_put(&f->mime, text_span(&f->text));
	return mime_end(&f->mime) == -1 ? fail("parts of a message") : 0;
}

static void
forget(struct fetch *f)
{
	text_free(&f->text);
	if (f->parsed)
		mime_free(&f->mime);
	f->parsed = false;
}

/* ENVELOPE, BODY or BODYSTRUCTURE: from the notes, or noted now. */
static int
put_noted(struct fetch *f, const struct item *item)
{
	struct imap *im = f->im;
	struct span known;

	if (item->kind == ITEM_ENVELOPE) {
		if (!notes_envelope(im->folder, f->number, &known)) {
			if (load(f, f->w.has[ITEM_STRUCTURE]) == -1)
				return -1;
			if (notes_make_envelope(im->folder, f->number, &f->text,
				&im->out) == 0)
				return 0;
			return -1;
		}
		buf_span(&im->out, known);
		return 0;
	}
	if (item->kind == ITEM_STRUCTURE &&
	    notes_structure(im->folder, f->number, &known)) {
		buf_span(&im->out, known);
		return 0;
	}
	if (load_parts(f) == -1)
		return -1;
	return notes_make_structure(im->folder, f->number, &f->text, &f->mime,
	    item->kind == ITEM_STRUCTURE, &im->out);
}

/* The response so far goes out first: content may be large. */
static int
put_section(struct fetch *f, const struct item *item)
{
	struct imap *im = f->im;
	const struct section *s = &item->section;
	struct span piece;

	if ((s->numbers > 0 ? load_parts(f) : load(f, !section_in_header(s))) ==
	    -1)
		return -1;
	if (item->label != NULL)
		buf_str(&im->out, item->label);
	else {
		buf_str(&im->out, "BODY");
		section_put(&im->out, s);
	}
	buf_char(&im->out, ' ');
	if (!section_find(s, text_span(&f->text), &f->mime, &f->scratch,
		&piece)) {
		buf_str(&im->out, "NIL");
		return 0;
	}
	buf_printf(&im->out, "{%zu}\r\n", piece.len);
	conn_put(im->conn, im->out.p, im->out.len);
	buf_reset(&im->out);
	conn_put(im->conn, piece.p, piece.len);
	return f->scratch.over ? fail_as(ENOMEM, "header is too large") : 0;
}

/* 0; -1: errno, what was asked for is not there. */
static int
put_item(struct fetch *f, const struct item *item)
{
	struct buf *b = &f->im->out;

	switch (item->kind) {
	case ITEM_FLAGS:
		buf_str(b, "FLAGS ");
		selected_put_flags(f->im, b, &f->m);
		return 0;
	case ITEM_UID:
		buf_str(b, "UID ");
		put_number(b, f->m.uid);
		return 0;
	case ITEM_DATE:
		buf_str(b, "INTERNALDATE ");
		put_date_time(b, (time_t)f->m.date);
		return 0;
	case ITEM_SAVED:
		buf_str(b, "SAVEDATE ");
		put_date_time(b, (time_t)f->m.saved);
		return 0;
	case ITEM_SIZE:
		buf_str(b, "RFC822.SIZE ");
		put_number(b, f->m.wire);
		return 0;
	case ITEM_MODSEQ:
		buf_str(b, "MODSEQ (");
		put_number(b, f->m.modseq);
		buf_char(b, ')');
		return 0;
	case ITEM_ENVELOPE:
		buf_str(b, "ENVELOPE ");
		return put_noted(f, item);
	case ITEM_BODY:
		buf_str(b, "BODY ");
		return put_noted(f, item);
	case ITEM_STRUCTURE:
		buf_str(b, "BODYSTRUCTURE ");
		return put_noted(f, item);
	case ITEM_SECTION:
		return put_section(f, item);
	case ITEM_KINDS:
		break;
	}
	return 0;
}

/* RFC 9051 s. 7.5.1, RFC 5530: a message that was expunged meanwhile. */
static int
put_lost(struct fetch *f, const struct item *item)
{
	struct buf *b = &f->im->out;

	if (errno != ENOENT) {
		log_line(LOG_ERR, "read-error reason=%s", fail_text());
		return -1;
	}
	f->gone = true;
	switch (item->kind) {
	case ITEM_ENVELOPE:
		buf_str(b, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
		return 0;
	case ITEM_BODY:
	case ITEM_STRUCTURE:
		buf_str(b, "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0)");
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

static int
put_message(struct fetch *f, bool flags)
{
	struct imap *im = f->im;
	int r = 0;

	if (folder_get(im->folder, f->number, &f->m) == -1)
		return -1;
	if (f->m.modseq <= f->w.since)
		return 0;
	buf_str(&im->out, "* ");
	put_number(&im->out, f->number);
	buf_str(&im->out, " FETCH (");
	for (size_t i = 0; i < f->w.items && r == 0; i++) {
		if (i > 0)
			buf_char(&im->out, ' ');
		r = put_item(f, &f->w.item[i]);
		if (r == -1)
			r = put_lost(f, &f->w.item[i]);
	}
	if (flags && !f->w.has[ITEM_FLAGS]) {
		buf_str(&im->out, f->w.items > 0 ? " FLAGS " : "FLAGS ");
		selected_put_flags(im, &im->out, &f->m);
	}
	buf_char(&im->out, ')');
	forget(f);
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
		if (folder_get(f->im->folder, number[i], &m) == -1)
			return -1;
		now[i] = (m.flags & FLAG_SEEN) == 0;
		if (now[i])
			unseen[k++] = number[i];
	}
	return k == 0 ?
	    0 :
	    folder_change(f->im->folder, unseen, k, &change, result);
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
		f->number = number[i];
		if (put_message(f, now != NULL && now[i]) == -1)
			return imap_failed(im);
		if (im->conn->broken)
			break;
	}
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
	if (f.w.condstore)
		im->enabled |= E_CONDSTORE;
	if (f.w.vanished) {
		if (set_copy(&copy, &set, &im->arena) == -1)
			return imap_no(im, "[LIMIT] Too many messages");
		qresync_vanished(im, &copy, f.w.since);
	}
	r = selected_numbers(im, &set, im->uid, &number, &n);
	if (r != NULL)
		return r;
	buf_init(&f.scratch, 16 << 20);
	r = answer(&f, number, n);
	buf_free(&f.scratch);
	return r;
}
