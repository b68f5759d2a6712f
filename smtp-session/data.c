/* Two stages: decode() takes line ends and dots away, pass() holds the header
 * back until all of it is there and looks at it once.
 *
 * What a lone CR or dot means is known only with the octets behind it, so
 * these few wait in "at" rather than in a buffer. */
#include "smtp-session/data.h"

#include <errno.h>
#include <string.h>

#include "message/header.h"
#include "smtp-session/complete.h"

void
data_init(struct data *d)
{
	buf_init(&d->head, DATA_HEADER_MAX);
	buf_init(&d->loops, DATA_LOOPS_MAX);
	buf_init(&d->from, DATA_FROM_MAX);
	buf_init(&d->senders, DATA_FROM_MAX);
}

void
data_start(struct data *d)
{
	buf_reset(&d->head);
	buf_reset(&d->loops);
	buf_reset(&d->from);
	buf_reset(&d->senders);
	d->id = NULL;
	d->login = false;
	d->has_id = d->has_date = d->has_from = false;
	d->size = 0;
	d->too_big = d->bare = d->high = d->in_body = d->endless = false;
	d->fields = d->received = 0;
	d->error = 0;
	d->searched = 0;
	d->at = AT_LINE;
}

/* ---- second stage */

static void
write_out(struct data *d, const char *p, size_t len)
{
	if (len == 0 || d->error != 0 || d->too_big)
		return;
	if (d->out(d->ctx, p, len) == -1)
		d->error = errno != 0 ? errno : EIO;
}

/* Where the header ends in "head": behind its empty line; 0: not yet. */
static size_t
header_end(struct data *d)
{
	const char *lf;

	if (d->head.len > 0 && d->head.p[0] == '\n')
		return 1;
	while (d->searched < d->head.len) {
		lf = memchr(d->head.p + d->searched, '\n',
		    d->head.len - d->searched);
		if (lf == NULL || lf + 1 == d->head.p + d->head.len)
			break;
		d->searched = (size_t)(lf - d->head.p) + 1;
		if (lf[1] == '\n')
			return d->searched + 1;
	}
	return 0;
}

static void
note_value(struct buf *values, struct span value)
{
	buf_span(values, value);
	buf_char(values, '\0');
}

static void
note_field(struct data *d, const struct field *f)
{
	d->fields++;
	if (span_same(f->name, span("Received")))
		d->received++;
	else if (span_same(f->name, span("Delivered-To")))
		note_value(&d->loops, span_trim(f->value));
	else if (span_same(f->name, span("From"))) {
		d->has_from = true;
		note_value(&d->from, f->value);
	} else if (span_same(f->name, span("Date")))
		d->has_date = true;
	else if (span_same(f->name, span("Sender")))
		note_value(&d->senders, f->value);
	else if (span_same(f->name, span("Message-ID")))
		d->has_id = true;
	for (size_t i = 0; i < f->whole.len && !d->high; i++)
		d->high = (unsigned char)f->whole.p[i] >= 0x80;
}

/* "From bob Mon Jan..." is no field but what mbox puts between messages. */
static void
skip_mbox_line(struct span *rest)
{
	if (!span_starts(*rest, "From ") && !span_starts(*rest, ">From "))
		return;
	*rest = span_from(*rest, span_find(*rest, '\n'));
	if (rest->len > 0)
		*rest = span_from(*rest, 1);
}

/* The header, looked at once; "cut": there was no room for all of it.  Where a
 * line is no field the body has begun without an empty line: it gets one, or
 * its first line would be taken for a field by some. */
static void
end_header(struct data *d, bool cut)
{
	struct span rest = buf_all(&d->head), before;
	const char *from, *end = rest.p + rest.len;
	struct buf new;
	struct field f;

	d->in_body = true;
	buf_init(&new, 2 * DATA_HEADER_MAX);
	skip_mbox_line(&rest);
	from = rest.p;
	while (before = rest, header_next(&rest, &f) == 1) {
		bool goes = complete_drops(d, f.name);
		const char *at = f.whole.p;

		goes |= complete_field(d, &f, &new);
		note_field(d, &f);
		if (!goes)
			continue;
		write_out(d, from, (size_t)(at - from));
		if (f.whole.p != at)
			write_out(d, f.whole.p, f.whole.len);
		from = rest.p;
	}
	write_out(d, from, (size_t)(before.p - from));
	d->endless =
	    cut && before.p > d->head.p && span_find(rest, '\n') == rest.len;
	buf_reset(&new);
	complete_add(&new, d);
	write_out(d, new.p, new.len);
	buf_free(&new);
	if (rest.p == before.p && rest.len > 0)
		write_out(d, "\n", 1);
	write_out(d, before.p, (size_t)(end - before.p));
}

static void
pass(struct data *d, const char *p, size_t len)
{
	size_t room, end;
	bool ended;

	d->size += len;
	if (d->size > d->limit)
		d->too_big = true;
	if (d->in_body) {
		write_out(d, p, len);
		return;
	}
	room = d->head.cap - d->head.len;
	if (len > room)
		end = room;
	else
		end = len;
	buf_add(&d->head, p, end);
	if (d->head.over) {
		d->error = ENOMEM;
		return;
	}
	ended = header_end(d) > 0;
	if (end < len || ended) {
		end_header(d, !ended);
		write_out(d, p + end, len - end);
	}
}

/* ---- first stage */

struct writer {
	struct data *d;
	size_t len;
};

static void
put(struct writer *w, const char *p, size_t len)
{
	while (len > 0) {
		size_t n = DATA_STEP - w->len;

		if (n > len)
			n = len;
		memcpy(w->d->step + w->len, p, n);
		w->len += n;
		p += n;
		len -= n;
		if (w->len == DATA_STEP) {
			pass(w->d, w->d->step, w->len);
			w->len = 0;
		}
	}
}

static void
put_cr(struct writer *w)
{
	w->d->bare = true;
	put(w, w->d->mend_cr ? " " : "\r", 1);
}

/* Text within a line, up to the first CR or LF. */
static size_t
put_text(struct writer *w, const char *p, size_t len)
{
	const char *end = memchr(p, '\n', len);
	const char *cr;

	if (end != NULL)
		len = (size_t)(end - p);
	cr = memchr(p, '\r', len);
	if (cr != NULL)
		len = (size_t)(cr - p);
	put(w, p, len);
	return len;
}

enum { LINE_SEEN = 1024 }; /* how far we look for the end of one */

/* Nearly all lines are text with CR LF at its end: these at once, from where
 * no dot can mean anything.  0: it is another kind of line. */
static size_t
put_line(struct writer *w, const char *p, size_t len)
{
	const char *lf = memchr(p, '\n', len < LINE_SEEN ? len : LINE_SEEN);
	size_t n = lf == NULL ? 0 : (size_t)(lf - p);

	if (n == 0 || p[n - 1] != '\r' || w->len + n > DATA_STEP ||
	    memchr(p, '\r', n - 1) != NULL)
		return 0;
	memcpy(w->d->step + w->len, p, n - 1);
	w->len += n;
	w->d->step[w->len - 1] = '\n';
	w->d->at = AT_LINE;
	return n + 1;
}

/* One octet whose meaning depends on those before it. */
static void
step(struct writer *w, char c)
{
	struct data *d = w->d;

	if (c == '\n' && d->at == AT_DOT_CR) {
		d->at = AT_END;
	} else if (c == '\n') {
		if (d->at != AT_CR)
			d->bare = true;
		put(w, "\n", 1);
		d->at = d->at == AT_CR ? AT_LINE : AT_BARE_LINE;
	} else if (c == '\r') {
		if (d->at == AT_CR || d->at == AT_DOT_CR)
			put_cr(w);
		d->at = d->at == AT_DOT ? AT_DOT_CR : AT_CR;
	} else {
		if (d->at == AT_CR || d->at == AT_DOT_CR)
			put_cr(w);
		if (c != '.' || (d->at != AT_LINE && d->at != AT_BARE_LINE)) {
			put(w, &c, 1);
			d->at = AT_TEXT;
		} else
			d->at = d->at == AT_LINE ? AT_DOT : AT_TEXT;
	}
}

size_t
data_feed(struct data *d, struct span in)
{
	struct writer w = { d, 0 };
	size_t at = 0;

	while (at < in.len && d->at != AT_END) {
		const char *p = in.p + at;
		bool plain = d->at == AT_TEXT ||
		    ((d->at == AT_LINE || d->at == AT_BARE_LINE) && *p != '.');
		size_t line = plain ? put_line(&w, p, in.len - at) : 0;

		if (line > 0)
			at += line;
		else if (d->at == AT_TEXT && *p != '\n' && *p != '\r')
			at += put_text(&w, p, in.len - at);
		else if (d->at == AT_TEXT && *p == '\r' && at + 1 < in.len &&
		    p[1] == '\n') {
			put(&w, "\n", 1);
			d->at = AT_LINE;
			at += 2;
		} else {
			step(&w, *p);
			at++;
		}
	}
	pass(d, d->step, w.len);
	return at;
}

void
data_chunk(struct data *d, struct span in)
{
	struct writer w = { d, 0 };

	for (size_t at = 0; at < in.len;) {
		char c = in.p[at];

		if (c != '\n' && c != '\r') {
			if (d->at == AT_CR)
				put_cr(&w);
			d->at = AT_TEXT;
			at += put_text(&w, in.p + at, in.len - at);
			continue;
		}
		/* A dot means nothing here, so AT_TEXT is all there is. */
		step(&w, c);
		at++;
	}
	pass(d, d->step, w.len);
}

void
data_finish(struct data *d)
{
	struct writer w = { d, 0 };

	if (d->at == AT_CR) { /* BDAT only */
		put_cr(&w);
		d->at = AT_TEXT;
	}
	if (d->at == AT_TEXT && d->size > 0)
		put(&w, "\n", 1);
	pass(d, d->step, w.len);
	if (!d->in_body)
		end_header(d, false);
}

bool
data_loops(const struct data *d, const char *final)
{
	struct span all = buf_all(&d->loops);

	while (all.len > 0)
		if (span_same(span_cut(&all, '\0'), span(final)))
			return true;
	return false;
}
