/* The log beside an entry: text lines, appended; format in spool(5). */
#include "mailq-run/history.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailq-run/place.h"
#include "message/fail.h"
#include "message/file.h"

/* ---- one line as text */

static const struct {
	enum history_report report;
	const char *word;
} reports[] = {
	{ REPORT_FAILED, "failed" },
	{ REPORT_DELAYED, "delayed" },
	{ REPORT_SUCCESS, "success" },
};
enum { REPORTS = sizeof(reports) / sizeof(*reports) };

/* Octets of the network: one line, nothing that could be taken for another;
 * without blanks when it is a word. */
static void
put_escaped(struct buf *b, struct span s, bool word)
{
	size_t len = s.len < HISTORY_REPLY ? s.len : HISTORY_REPLY;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\\')
			buf_str(b, "\\\\");
		else if (c == '\n')
			buf_str(b, "\\n");
		else if (c < 0x20 || c > 0x7e || (word && c == ' '))
			buf_printf(b, "\\x%02x", c);
		else
			buf_char(b, (char)c);
	}
	if (len < s.len)
		buf_str(b, "...");
}

static void
put_word(struct buf *b, struct span s)
{
	buf_char(b, ' ');
	if (s.len == 0)
		buf_char(b, '-');
	else
		put_escaped(b, s, true);
}

void
history_put(struct buf *b, const struct history_line *l)
{
	const char *what = "failed";

	buf_printf(b, "%lld ", (long long)l->when);
	switch (l->kind) {
	case HISTORY_TRY:
		buf_printf(b, "try %zu %u %c", l->rcpt, l->tries,
		    (char)l->state);
		put_word(b, l->status);
		put_word(b, l->remote);
		buf_char(b, ' ');
		put_escaped(b, l->reply, false);
		break;
	case HISTORY_REPORT:
		for (size_t i = 0; i < REPORTS; i++)
			if (reports[i].report == l->report)
				what = reports[i].word;
		buf_printf(b, "report %s", what);
		put_word(b, l->child);
		break;
	case HISTORY_ADMIN:
		buf_str(b, "admin");
		put_word(b, l->remote);
		buf_char(b, ' ');
		put_escaped(b, l->reply, false);
		break;
	}
	buf_char(b, '\n');
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A broken escape stands for itself. */
static struct span
unescape(struct buf *b, struct span s)
{
	buf_reset(b);
	for (size_t i = 0; i < s.len; i++) {
		const char *c = s.p + i;
		size_t left = s.len - i;

		if (left > 1 && c[0] == '\\' && (c[1] == 'n' || c[1] == '\\')) {
			buf_char(b, c[1] == 'n' ? '\n' : '\\');
			i += 1;
		} else if (left > 3 && c[0] == '\\' && c[1] == 'x' &&
		    hex(c[2]) >= 0 && hex(c[3]) >= 0) {
			buf_char(b, (char)(hex(c[2]) << 4 | hex(c[3])));
			i += 3;
		} else {
			buf_char(b, *c);
		}
	}
	return buf_all(b);
}

/* The next blank-separated word; "-" stands for none. */
static struct span
take_word(struct span *rest)
{
	struct span w = span_cut(rest, ' ');

	return w.len == 1 && w.p[0] == '-' ? span_n(w.p, 0) : w;
}

static int
take_number(struct span *rest, uint64_t max, uint64_t *n)
{
	return span_number(span_cut(rest, ' '), max, n);
}

static int
read_try(struct span rest, struct history_line *l, struct buf *scratch)
{
	uint64_t rcpt, tries;
	struct span state;

	if (take_number(&rest, SPOOL_RCPTS - 1, &rcpt) == -1 ||
	    take_number(&rest, UINT32_MAX, &tries) == -1)
		return 0;
	state = span_cut(&rest, ' ');
	if (state.len != 1 || strchr("TDSFB", state.p[0]) == NULL)
		return 0;
	l->rcpt = (size_t)rcpt;
	l->tries = (unsigned)tries;
	l->state = (enum spool_state)state.p[0];
	l->status = take_word(&rest);
	l->remote = take_word(&rest);
	l->reply = scratch == NULL ? rest : unescape(scratch, rest);
	return 1;
}

static int
read_report(struct span rest, struct history_line *l)
{
	struct span word = span_cut(&rest, ' ');

	l->child = take_word(&rest);
	for (size_t i = 0; i < REPORTS; i++)
		if (span_eq(word, span(reports[i].word))) {
			l->report = reports[i].report;
			return l->child.len == 0 || spool_id_ok(l->child);
		}
	return 0;
}

static int
read_line(struct span line, struct history_line *l, struct buf *scratch)
{
	struct span kind;
	uint64_t when;

	*l = (struct history_line){ .kind = HISTORY_TRY };
	if (take_number(&line, (uint64_t)1 << 40, &when) == -1)
		return 0;
	l->when = (time_t)when;
	kind = span_cut(&line, ' ');
	if (span_eq(kind, span("try")))
		return read_try(line, l, scratch);
	if (span_eq(kind, span("report"))) {
		l->kind = HISTORY_REPORT;
		return read_report(line, l);
	}
	if (!span_eq(kind, span("admin")))
		return 0;
	l->kind = HISTORY_ADMIN;
	l->remote = take_word(&line);
	l->reply = scratch == NULL ? line : unescape(scratch, line);
	return 1;
}

/* As history_next, with the line itself in *whole. */
static int
next_line(struct span *rest, struct span *whole, struct history_line *l,
    struct buf *scratch)
{
	while (rest->len > 0) {
		size_t n = span_find(*rest, '\n');

		if (n == rest->len)
			break;
		*whole = span_n(rest->p, n + 1);
		*rest = span_from(*rest, n + 1);
		if (read_line(span_n(whole->p, n), l, scratch) == 1)
			return 1;
	}
	return 0;
}

int
history_next(struct span *rest, struct history_line *l, struct buf *scratch)
{
	struct span whole;

	return next_line(rest, &whole, l, scratch);
}

/* ---- all of one log */

static void
apply_report(struct history *h, const struct history_line *l)
{
	enum spool_state closes =
	    l->report == REPORT_FAILED ? SPOOL_FAILED : SPOOL_SUCCESS;

	h->reports++;
	(void)snprintf(h->child, sizeof(h->child), "%.*s", (int)l->child.len,
	    l->child.p);
	if (l->report == REPORT_DELAYED) {
		h->delayed = true;
		h->delayed_at = l->when;
		return;
	}
	for (size_t i = 0; i < h->rcpts; i++)
		if (h->rcpt[i].state == closes)
			h->rcpt[i].told = true;
}

/* Line "l" stands at text[at .. at + len]. */
static void
apply(struct history *h, const struct history_line *l, size_t at, size_t len)
{
	struct history_rcpt *r;

	if (l->kind == HISTORY_REPORT)
		apply_report(h, l);
	else
		h->asked = l->kind == HISTORY_ADMIN &&
		    span_eq(l->reply, span("retry"));
	if (l->kind != HISTORY_TRY || l->rcpt >= h->rcpts)
		return;
	r = &h->rcpt[l->rcpt];
	*r = (struct history_rcpt){
		.tries = l->tries,
		.last = l->when,
		.state = l->state,
		.at = at,
		.len = len,
	};
}

static void
gather(struct history *h)
{
	struct span rest = buf_all(&h->text), whole;
	struct history_line l;

	memset(h->rcpt, 0, h->rcpts * sizeof(*h->rcpt));
	h->asked = h->delayed = false;
	h->delayed_at = 0;
	h->reports = 0;
	h->child[0] = '\0';
	while (next_line(&rest, &whole, &l, NULL) == 1)
		apply(h, &l, (size_t)(whole.p - h->text.p), whole.len);
}

/* Of an over-long file (ours never are) only the first part is seen. */
static int
read_text(struct history *h, int spool, const char *path)
{
	char block[16384];
	ssize_t n;
	int fd;

	fd = place_open(spool, path, O_RDONLY);
	if (fd == -1)
		return errno == ENOENT ? 0 : fail("open %s", path);
	h->exists = true;
	do {
		n = read(fd, block, sizeof(block));
		if (n > 0)
			buf_add(&h->text, block, (size_t)n);
		/* short is the end: nobody else writes while we hold the lock,
		 * and mailq shows one moment */
	} while ((n == sizeof(block) && !h->text.over) ||
	    (n == -1 && errno == EINTR));
	if (n == -1)
		(void)fail("read %s", path);
	(void)close(fd);
	return n == -1 ? -1 : 0;
}

int
history_load(struct history *h, int spool, const char *id, size_t rcpts)
{
	char path[PLACE_PATH];
	const char *last;
	size_t whole;

	*h = (struct history){ .rcpts = rcpts };
	buf_init(&h->text, 2 * (size_t)HISTORY_MAX);
	h->rcpt = calloc(rcpts, sizeof(*h->rcpt));
	if (h->rcpt == NULL)
		return fail("log of %s", id);
	if (read_text(h, spool, place_log(path, id)) == -1)
		return -1;
	last = memrchr(h->text.p, '\n', h->text.len);
	whole = last == NULL ? 0 : (size_t)(last + 1 - h->text.p);
	h->torn = whole < h->text.len;
	h->text.over = false;
	buf_cut(&h->text, whole);
	h->saved = h->text.len;
	gather(h);
	return 0;
}

void
history_free(struct history *h)
{
	buf_free(&h->text);
	free(h->rcpt);
	h->rcpt = NULL;
	h->rcpts = 0;
}

int
history_last(const struct history *h, size_t i, struct history_line *l,
    struct buf *scratch)
{
	struct span rest;

	if (i >= h->rcpts || h->rcpt[i].len == 0)
		return 0;
	rest = span_n(h->text.p + h->rcpt[i].at, h->rcpt[i].len);
	return history_next(&rest, l, scratch);
}

void
history_add(struct history *h, const struct history_line *given)
{
	struct history_line l = *given;
	size_t at = h->text.len;

	if (l.kind == HISTORY_TRY) {
		if (l.rcpt >= h->rcpts)
			return;
		l.tries = h->rcpt[l.rcpt].tries + 1;
	}
	history_put(&h->text, &l);
	if (h->text.over) {
		buf_cut(&h->text, at);
		return;
	}
	apply(h, &l, at, h->text.len - at);
}

/* ---- to disk */

/* Make the name of a new log durable, with its directory. */
static int
sync_name(int spool, const char *path)
{
	char dir[PLACE_PATH];

	(void)strlcpy(dir, path, sizeof(dir));
	*strrchr(dir, '/') = '\0';
	return file_sync_names(spool, dir) == -1 ?
	    -1 :
	    file_sync_names(spool, "log");
}

static int
open_log(int spool, const char *path)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	char dir[PLACE_PATH];
	int fd;

	fd = openat(spool, path, flags, 0600);
	if (fd != -1 || errno != ENOENT)
		return fd;
	(void)strlcpy(dir, path, sizeof(dir));
	*strrchr(dir, '/') = '\0';
	if (mkdirat(spool, dir, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(spool, path, flags, 0600);
}

/* Of a log that grew too long keep the last try of each recipient, and what
 * is no try.  Order stays: a report closes what stands before it. */
static int
shorten(struct history *h, int spool, const char *id, const char *path)
{
	struct span rest = buf_all(&h->text), whole;
	struct history_line l;
	struct buf kept;
	char tmp[PLACE_PATH];
	int fd, r = -1;

	buf_init(&kept, h->text.cap);
	while (next_line(&rest, &whole, &l, NULL) == 1)
		if (l.kind != HISTORY_TRY || l.rcpt >= h->rcpts ||
		    h->rcpt[l.rcpt].at == (size_t)(whole.p - h->text.p))
			buf_span(&kept, whole);
	(void)snprintf(tmp, sizeof(tmp), "tmp/%s.log", id);
	fd = openat(spool, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd != -1 && !kept.over && file_write(fd, buf_all(&kept)) == 0 &&
	    fsync(fd) == 0 && renameat(spool, tmp, spool, path) == 0) {
		struct buf old = h->text;

		h->text = kept;
		kept = old;
		h->saved = h->text.len;
		h->torn = false;
		gather(h);
		r = 0;
	} else {
		(void)fail("shorten %s", path);
	}
	if (fd != -1)
		(void)close(fd);
	buf_free(&kept);
	return r;
}

int
history_save(struct history *h, int spool, const char *id, bool durable)
{
	struct span more = span_n(h->text.p + h->saved, h->text.len - h->saved);
	char path[PLACE_PATH];
	bool fresh = !h->exists;
	int fd;

	(void)place_log(path, id);
	if (h->text.len > HISTORY_MAX && more.len > 0) {
		if (shorten(h, spool, id, path) == -1)
			return -1;
		return durable ? sync_name(spool, path) : 0;
	}
	if (more.len == 0)
		return 0;
	fd = open_log(spool, path);
	if (fd == -1)
		return fail("open %s", path);
	h->exists = true;
	if ((h->torn && file_write(fd, span("\n")) == -1) ||
	    file_write(fd, more) == -1 || (durable && fdatasync(fd) == -1)) {
		h->torn = true;
		(void)fail("write %s", path);
		(void)close(fd);
		return -1;
	}
	(void)close(fd);
	h->torn = false;
	h->saved = h->text.len;
	return fresh && durable ? sync_name(spool, path) : 0;
}
