#include "maildir/cmd-vacation.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-memory.h"
#include "maildir/cmd-people.h"
#include "maildir/cmd-send.h"
#include "maildir/cmd-person.h"
#include "maildir/cmd.h"
#include "maildir/view.h"
#include "message/compose.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/word.h"

static const char file[] = "mailroom-vacation";
static const char memory_file[] = "mailroom-vacation.sent";

enum { TEXT_MAX = 256 * 1024, DAY = 24 * 60 * 60, DAYS = 7, DAYS_MAX = 3650 };

struct vacation {
	struct cmd *c;
	struct span message;
	const char *sender;
	struct buf text;
	struct span body;
	struct span from, subject; /* p == NULL: not said */
	int64_t days, since, until; /* until 0: no end */
	struct people mine; /* addresses */
};

/* ---- the file */

/* The beginning of that day, or -1. */
static int64_t
day(struct span s)
{
	struct tm tm = { .tm_isdst = -1 };
	char text[16] = "";
	const char *end;

	if (s.len < sizeof(text))
		(void)memcpy(text, s.p, s.len);
	end = strptime(text, "%Y-%m-%d", &tm);
	return end == NULL || *end != '\0' ? -1 : mktime(&tm);
}

/* 0; -1: what it says cannot be used, so nobody is answered. */
static int
read_field(struct vacation *v, const struct field *f)
{
	struct span value = span_trim(f->value);
	uint64_t n = 0;
	int64_t when = 0;
	int r = 0;

	if (span_same(f->name, span("From"))) {
		v->from = value;
		(void)people_add(&v->mine, value);
	} else if (span_same(f->name, span("Subject")))
		v->subject = value;
	else if (span_same(f->name, span("Address")))
		(void)people_add(&v->mine, value);
	else if (span_same(f->name, span("Days"))) {
		r = span_number(value, DAYS_MAX, &n);
		v->days = (int64_t)n;
	} else if (span_same(f->name, span("Since")) ||
	    span_same(f->name, span("Until"))) {
		when = day(value);
		r = when == -1 ? -1 : 0;
		if (span_same(f->name, span("Since")))
			v->since = when;
		else
			v->until = when + DAY;
	} else
		r = -1;
	return r == 0 ? 0 :
			fail_as(EINVAL, "%s: %.*s: what is that?", file,
			    (int)f->whole.len, f->whole.p);
}

/* 1; 0: there is none, or it is not for today; -1. */
static int
read_file(struct vacation *v)
{
	int fd =
	    openat(v->c->store->root, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int64_t now = time(NULL);
	struct field f;

	if (fd == -1)
		return errno == ENOENT ? 0 : fail("open %s", file);
	if (send_read(&v->text, fd) == -1)
		return -1;
	v->body = buf_all(&v->text);
	while (header_next(&v->body, &f) == 1)
		if (read_field(v, &f) == -1)
			return -1;
	return now >= v->since && (v->until == 0 || now < v->until);
}

/* ---- who may be answered */

static bool
has(const struct vacation *v, const char *name, const char *const *words)
{
	struct field f;

	if (!header_find(v->message, name, &f))
		return false;
	for (; *words != NULL; words++)
		if (memmem(f.value.p, f.value.len, *words, strlen(*words)) !=
			NULL ||
		    span_starts(span_trim(f.value), *words))
			return true;
	return false;
}

/* Sent by a program (s. 2): of the field Auto-Submitted, lists, bulk. */
static bool
automatic(const struct vacation *v)
{
	static const char *const bulk[] = { "bulk", "list", "junk", NULL };
	static const char *const yes[] = { "yes", NULL };
	static const char *const no[] = { "All", "OOF", "AutoReply", NULL };
	static const char *const report[] = { "multipart/report", NULL };
	struct span rest = v->message, value;
	struct field f;

	while (header_next(&rest, &f) == 1) {
		value = span_trim(f.value);
		value.len = span_find(value, ';');
		if (span_starts(f.name, "List-") ||
		    span_same(f.name, span("Mailing-List")) ||
		    span_same(f.name, span("X-Mailing-List")) ||
		    (span_same(f.name, span("Auto-Submitted")) &&
			!span_same(span_trim(value), span("no"))))
			return true;
	}
	return has(v, "Precedence", bulk) || has(v, "X-Spam-Flag", yes) ||
	    has(v, "X-Auto-Response-Suppress", no) ||
	    has(v, "Content-Type", report);
}

/* Addresses of programs: the null path, owner-LIST, LIST-request and so on. */
static bool
robot(const char *address)
{
	static const char *const whole[] = { "mailer-daemon", "listserv",
		"majordomo", "postmaster", "root", "www-data", "noreply",
		"no-reply", "donotreply", "do-not-reply", "bounce", "bounces",
		NULL };
	static const char *const first[] = { "owner-", "noreply-", "no-reply-",
		"bounce-", "bounces-", NULL };
	static const char *const last[] = { "-request", "-owner", "-relay",
		"-bounces", "-bounce", "-noreply", "-no-reply", "-confirm",
		"-errors", NULL };
	struct span s = span_n(address, strcspn(address, "@+="));

	for (size_t i = 0; whole[i] != NULL; i++)
		if (span_same(s, span(whole[i])))
			return true;
	for (size_t i = 0; first[i] != NULL; i++)
		if (span_starts(s, first[i]))
			return true;
	for (size_t i = 0; last[i] != NULL; i++) {
		size_t n = strlen(last[i]);

		if (s.len > n &&
		    span_same(span_from(s, s.len - n), span(last[i])))
			return true;
	}
	return address[0] == '\0' || address[s.len] == '\0';
}

static void
add_mine(struct vacation *v, const char *address)
{
	if (address != NULL)
		(void)people_add(&v->mine, span(address));
}

/* What the delivery says, the file, the environment; else user@host. */
static void
know_mine(struct vacation *v)
{
	static const char *const fields[] = { "Delivered-To", "X-Original-To",
		NULL };
	struct person self;
	char host[256], *own;
	struct field f;

	for (size_t i = 0; fields[i] != NULL; i++)
		if (header_find(v->message, fields[i], &f))
			(void)people_add(&v->mine, f.value);
	add_mine(v, getenv("RECIPIENT"));
	add_mine(v, getenv("ORIGINAL_RECIPIENT"));
	add_mine(v, getenv("EMAIL"));
	if (!person_self(&self))
		return;
	person_host(host);
	if (asprintf(&own, "%s@%s", self.name, host) != -1) {
		add_mine(v, own);
		free(own);
	}
}

/* It is for the user by name, and not a blind copy of something (s. 2). */
static const char *
addressed(const struct vacation *v)
{
	static const char *const fields[] = { "To", "Cc", "Bcc", "Resent-To",
		"Resent-Cc", "Resent-Bcc", NULL };
	const char *as = NULL;

	for (size_t i = 0; fields[i] != NULL && as == NULL; i++) {
		struct people all = { .n = 0 };
		struct field f;

		if (!header_find(v->message, fields[i], &f))
			continue;
		(void)people_add(&all, f.value);
		for (size_t m = 0; m < v->mine.n && as == NULL; m++)
			if (people_have(&all, span(v->mine.address[m])))
				as = v->mine.address[m];
		people_free(&all);
	}
	return as;
}

/* ---- the answer (s. 3) */

static void
put_ids(struct buf *out, const struct vacation *v)
{
	struct span id = { "", 0 }, before = { "", 0 };
	struct field f;

	if (header_find(v->message, "Message-ID", &f))
		id = span_trim(f.value);
	if (id.len == 0 || id.len > 900)
		return;
	if (header_find(v->message, "References", &f) && f.value.len < 16384)
		before = span_trim(f.value);
	buf_str(out, "In-Reply-To: ");
	word_line(out, id);
	buf_str(out, "\nReferences: ");
	word_line(out, before);
	buf_str(out, before.len > 0 ? " " : "");
	word_line(out, id);
	buf_char(out, '\n');
}

static void
put_header(struct buf *out, const struct vacation *v, const char *as)
{
	char now[DATE_SIZE];
	struct field f;

	if (v->from.p != NULL)
		buf_printf(out, "From: %.*s\n", (int)v->from.len, v->from.p);
	else
		buf_printf(out, "From: %s\n", as);
	buf_printf(out, "To: %s\nSubject: ", v->sender);
	if (v->subject.p != NULL)
		word_line(out, v->subject);
	else {
		buf_str(out, "Auto: ");
		if (header_find(v->message, "Subject", &f) &&
		    f.value.len < 4096)
			word_decode(out, span_trim(f.value));
	}
	buf_printf(out, "\nDate: %s\nMessage-ID: ", send_date(now));
	send_id(out);
	buf_str(out, "\n");
	put_ids(out, v);
	buf_str(out,
	    "Auto-Submitted: auto-replied\n"
	    "X-Auto-Response-Suppress: All\n");
}

static bool
send(struct vacation *v, const char *as)
{
	char to[512], *address[] = { to, NULL };
	struct buf header, out;
	struct compose compose = { .body = v->body, .boundary = "=_" };
	bool sent;

	(void)snprintf(to, sizeof(to), "%s", v->sender);
	buf_init(&header, 1 << 20);
	buf_init(&out, 4 << 20);
	put_header(&header, v, as);
	compose.header = buf_all(&header);
	sent = compose_put(&out, &compose) == 0 &&
	    send_message(v->c, buf_all(&out), "<>", address) == 0;
	buf_free(&header);
	buf_free(&out);
	return sent;
}

/* Noted before it is sent: a loop would be worse than an answer too few. */
static bool
answer(struct vacation *v, const char *as)
{
	struct memory m;
	char key[512];
	int64_t last;
	bool sent = false;
	size_t n = 0;

	for (const char *p = v->sender; *p != '\0' && n < sizeof(key) - 1; p++)
		key[n++] = (char)tolower((unsigned char)*p);
	key[n] = '\0';
	if (memory_open(&m, v->c, memory_file) == 0) {
		last = memory_when(&m, key);
		if ((last == 0 || last <= m.now - v->days * DAY) &&
		    memory_note(&m, key, v->days * DAY) == 0)
			sent = send(v, as);
	} else
		cmd_complain(v->c, "no answer: %s", fail_text());
	memory_close(&m);
	return sent;
}

/* An address that can stand in a field and an argument as it is. */
static bool
plain(const char *address)
{
	if (strlen(address) > 320)
		return false;
	for (const char *p = address; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f ||
		    strchr("<>\"\\,;:()[]", *p) != NULL)
			return false;
	return address[0] != '-';
}

bool
vacation_answer(struct cmd *c, struct span message, const char *sender)
{
	struct vacation v = { .c = c,
		.message = message,
		.sender = sender,
		.days = DAYS };
	const char *as;
	bool sent = false;
	int r;

	buf_init(&v.text, TEXT_MAX);
	r = read_file(&v);
	if (r == -1)
		cmd_complain(c, "no answer: %s", fail_text());
	if (r == 1 && sender != NULL && !robot(sender) && plain(sender) &&
	    !automatic(&v)) {
		know_mine(&v);
		as = addressed(&v);
		if (as != NULL && !people_have(&v.mine, span(sender)))
			sent = answer(&v, as);
	}
	people_free(&v.mine);
	buf_free(&v.text);
	return sent;
}
