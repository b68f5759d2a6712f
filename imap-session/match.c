/* Cheap keys are asked first in the order of the tree; the text of a message
 * is read once for all keys that need it. */
#include "imap-session/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "imap-session/parse.h"
#include "imap-session/selected.h"
#include "imap-session/text.h"
#include "message/charset.h"
#include "message/codec.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/param.h"
#include "message/utf8.h"
#include "message/word.h"

enum { FOLDED_MAX = 256 << 20 };

struct match {
	struct imap *im;
	uint32_t number;
	struct message m;
	struct text text;
	struct buf scratch; /* decoded */
	struct buf folded;
};

/* Beyond ASCII: Latin, Greek and Cyrillic capitals; other letters have no case that
 * clients could type differently, or are compared as they are. */
static uint32_t
fold(uint32_t c)
{
	if (c >= 0xc0 && c <= 0xde && c != 0xd7)
		return c + 32;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);
	if (c == 0x178)
		return 0xff;
	if (c >= 0x391 && c <= 0x3a9)
		return c + 32;
	if (c >= 0x410 && c <= 0x42f)
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	return c;
}

/* ASCII in runs, because that is most text. */
static size_t
fold_ascii(struct buf *b, struct span s)
{
	size_t n = 0, from = b->len;
	uint64_t eight;

	for (; n + 8 <= s.len; n += 8) {
		memcpy(&eight, s.p + n, 8);
		if ((eight & 0x8080808080808080) != 0)
			break;
	}
	while (n < s.len && (unsigned char)s.p[n] < 0x80)
		n++;
	buf_add(b, s.p, n);
	for (size_t i = from; i < b->len; i++) {
		unsigned char c = (unsigned char)b->p[i];

		b->p[i] = (char)(c |
		    (unsigned char)((unsigned char)(c - 'A') < 26) << 5);
	}
	return n;
}

void
match_fold(struct buf *b, struct span s)
{
	uint32_t c;
	size_t n;

	while (s.len > 0) {
		n = fold_ascii(b, s);
		if (n == 0) {
			n = utf8_get(s, &c);
			if (n == 0) {
				buf_char(b, s.p[0]);
				n = 1;
			} else
				utf8_put(b, fold(c));
		}
		s = span_from(s, n);
	}
}

struct match *
match_new(struct imap *im)
{
	struct match *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		(void)fail("search");
		return NULL;
	}
	m->im = im;
	buf_init(&m->scratch, FOLDED_MAX);
	buf_init(&m->folded, FOLDED_MAX);
	return m;
}

void
match_free(struct match *m)
{
	text_free(&m->text);
	buf_free(&m->scratch);
	buf_free(&m->folded);
	free(m);
}

static int
load(struct match *m, bool whole)
{
	int fd, r;

	if (m->text.p != NULL && (m->text.whole || !whole))
		return 0;
	text_free(&m->text);
	fd = folder_read(m->im->folder, m->number);
	if (fd == -1)
		return -1;
	r = text_load(&m->text, fd, whole);
	(void)close(fd);
	return r;
}

/* Does what is in scratch hold the needle?  Empties scratch. */
static int
holds(struct match *m, struct span needle)
{
	bool over = m->scratch.over || m->folded.over;
	bool found;

	buf_reset(&m->folded);
	match_fold(&m->folded, buf_all(&m->scratch));
	found =
	    memmem(m->folded.p, m->folded.len, needle.p, needle.len) != NULL;
	over = over || m->folded.over;
	buf_reset(&m->scratch);
	return over ? fail_as(ENOMEM, "text is too large") : found;
}

static int
match_header(struct match *m, const struct key *k)
{
	struct span header;
	struct field f;
	int r;

	if (load(m, false) == -1)
		return -1;
	header = span_n(m->text.p, text_header(text_span(&m->text)));
	while (header_next(&header, &f) == 1) {
		if (!span_same(f.name, k->field))
			continue;
		if (k->text.len == 0)
			return 1;
		word_decode(&m->scratch, f.value);
		r = holds(m, k->text);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
match_headers(struct match *m, struct span header, struct span needle)
{
	struct field f;
	int r;

	while (header_next(&header, &f) == 1) {
		buf_span(&m->scratch, f.name);
		buf_str(&m->scratch, ": ");
		word_decode(&m->scratch, f.value);
		r = holds(m, needle);
		if (r != 0)
			return r;
	}
	return 0;
}

/* The text of a leaf, decoded to UTF-8 in scratch; false: it is no text. */
static bool
decode_leaf(struct match *m, const struct mime *mime,
    const struct mime_part *part)
{
	const struct param *set;
	struct span in = span_n(m->text.p + part->body.octet,
	    (size_t)(part->end.octet - part->body.octet));
	struct content c;
	struct codec codec;
	struct field f;
	struct buf raw;
	bool text;

	text = mime_content(mime, part, &c) == 0 &&
	    span_same(c.type, span("text"));
	if (text) {
		codec_begin(&codec,
		    codec_named(mime_field(mime, part,
				    "Content-Transfer-Encoding", &f) ?
			    f.value :
			    span("")));
		buf_init(&raw, FOLDED_MAX);
		codec_decode(&codec, &raw, in);
		codec_decode_end(&codec, &raw);
		set = content_param(&c, "charset");
		(void)charset_text(&m->scratch,
		    set != NULL ? set->value : span(""), buf_all(&raw));
		buf_free(&raw);
	}
	content_free(&c);
	return text;
}

static int
match_parts(struct match *m, const struct mime *mime, struct span needle)
{
	int r = 0;

	for (uint32_t i = 0; i < mime->parts && r == 0; i++) {
		const struct mime_part *part = &mime->part[i];

		if (i > 0)
			r = match_headers(m,
			    span_n(m->text.p + part->header.octet,
				(size_t)(part->body.octet -
				    part->header.octet)),
			    needle);
		if (r == 0 && part->kind == MIME_LEAF &&
		    decode_leaf(m, mime, part))
			r = holds(m, needle);
	}
	return r;
}

static int
match_body(struct match *m, struct span needle)
{
	struct mime mime;
	int r;

	if (needle.len == 0)
		return 1;
	if (load(m, true) == -1)
		return -1;
	if (mime_begin(&mime) == -1)
		return fail("parts of a message");
	mime_put(&mime, text_span(&m->text));
	if (mime_end(&mime) == -1)
		r = fail("parts of a message");
	else
		r = match_parts(m, &mime, needle);
	mime_free(&mime);
	return r;
}

static int
match_text(struct match *m, struct span needle)
{
	int r;

	if (needle.len == 0)
		return 1;
	if (load(m, true) == -1)
		return -1;
	r = match_headers(m,
	    span_n(m->text.p, text_header(text_span(&m->text))), needle);
	return r != 0 ? r : match_body(m, needle);
}

/* The day of the Date field as its author saw it, without regard to the zone:
 * "Sat, 21 Nov 2026 ...".  1; 0: there is none; -1. */
static int
sent_day(struct match *m, int64_t *day)
{
	struct span header, rest, word, month, year;
	struct field f;
	struct parse p;
	char date[12];

	if (load(m, false) == -1)
		return -1;
	header = span_n(m->text.p, text_header(text_span(&m->text)));
	if (!header_find(header, "Date", &f))
		return 0;
	rest = f.value;
	if (span_find(rest, ',') < rest.len) /* the name of the day */
		(void)span_cut(&rest, ',');
	word = span_word(&rest);
	month = span_word(&rest);
	year = span_word(&rest);
	if (word.len < 1 || word.len > 2 || month.len < 3 || year.len != 4)
		return 0;
	(void)snprintf(date, sizeof(date), "%.*s-%.3s-%.4s", (int)word.len,
	    word.p, month.p, year.p);
	parse_init(&p, span(date), &m->im->arena);
	return parse_date(&p, day) == 0;
}

static int64_t
local_day(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm = { 0 };
	int64_t at;

	(void)localtime_r(&t, &tm);
	at = when + tm.tm_gmtoff;
	return at >= 0 ? at / 86400 : (at - 86399) / 86400;
}

static int
match_sent(struct match *m, const struct key *k)
{
	int64_t day, want = (int64_t)k->number;
	int r = sent_day(m, &day);

	if (r != 1)
		return r;
	return k->kind == KEY_SENT_SINCE ? day >= want :
	    k->kind == KEY_SENT_BEFORE	 ? day < want :
					   day == want;
}

static int
match_children(struct match *m, const struct key *k, uint32_t number, int stop)
{
	for (const struct key *c = k->child; c != NULL; c = c->next) {
		int r = match_key(m, c, number);

		if (r == -1 || r == stop)
			return r;
	}
	return !stop;
}

/* What the view alone can answer; 2: it cannot. */
static int
match_view(const struct match *m, const struct key *k)
{
	const struct message *g = &m->m;
	int64_t want = (int64_t)k->number;

	switch (k->kind) {
	case KEY_ALL:
		return 1;
	case KEY_FLAGS:
		return (g->flags & k->flags) == k->flags &&
		    (g->keywords & k->keywords) == k->keywords;
	case KEY_NO_FLAGS:
		return (g->flags & k->flags) == 0 &&
		    (g->keywords & k->keywords) == 0;
	case KEY_NUMBERS:
		return set_has(&k->set, m->number);
	case KEY_UIDS:
		return set_has(&k->set, g->uid);
	case KEY_LARGER:
		return g->wire > k->number;
	case KEY_SMALLER:
		return g->wire < k->number;
	case KEY_SINCE:
		return local_day(g->date) >= want;
	case KEY_BEFORE:
		return local_day(g->date) < want;
	case KEY_ON:
		return local_day(g->date) == want;
	case KEY_YOUNGER:
		return g->date >= want;
	case KEY_OLDER:
		return g->date <= want;
	case KEY_MODSEQ:
		return g->modseq >= k->number;
	default:
		return 2;
	}
}

int
match_key(struct match *m, const struct key *k, uint32_t number)
{
	int r;

	if (m->number != number) {
		text_free(&m->text);
		if (folder_get(m->im->folder, number, &m->m) == -1)
			return -1;
		m->number = number;
	}
	switch (k->kind) {
	case KEY_AND:
		return match_children(m, k, number, 0);
	case KEY_OR:
		return match_children(m, k, number, 1);
	case KEY_NOT:
		r = match_key(m, k->child, number);
		return r == -1 ? -1 : !r;
	case KEY_SENT_SINCE:
	case KEY_SENT_BEFORE:
	case KEY_SENT_ON:
		return match_sent(m, k);
	case KEY_HEADER:
		return match_header(m, k);
	case KEY_BODY:
		return match_body(m, k->text);
	case KEY_TEXT:
		return match_text(m, k->text);
	default:
		return match_view(m, k);
	}
}
