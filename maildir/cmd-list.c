/* maildir list: one line for each message, the newest last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-brief.h"
#include "maildir/cmd-people.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "maildir/view.h"
#include "message/date.h"
#include "message/fail.h"

enum {
	FROM_WIDTH = 20,
	FROM_NARROW = 12,
	BEFORE = 26,
	DATE = 13,
	NARROW = 71,
	NARROWEST = 50, /* no date */
	SMALLEST = 27, /* less of the sender */
	DEEPEST = 8
};

/* New, unread or read; answered; flagged, deleted or draft; attachments. */
static void
marks(char out[5], uint32_t flags, bool attachment)
{
	out[0] = (flags & FLAG_SEEN) != 0 ? ' ' :
	    (flags & FLAG_NEW) != 0	  ? 'N' :
					    'U';
	out[1] = (flags & FLAG_ANSWERED) != 0 ? 'R' :
	    (flags & FLAG_FORWARDED) != 0     ? 'F' :
						' ';
	out[2] = (flags & FLAG_DELETED) != 0 ? 'D' :
	    (flags & FLAG_FLAGGED) != 0	     ? '!' :
	    (flags & FLAG_DRAFT) != 0	     ? 'd' :
					       ' ';
	out[3] = attachment ? '@' : ' ';
	out[4] = '\0';
}

static int64_t
date_of(const struct brief *b, const struct message *m)
{
	struct span s = b->field[BRIEF_DATE];
	uint64_t n;

	return span_number(s, INT64_MAX, &n) == 0 ? (int64_t)n : m->date;
}

static void
two(char *p, int n)
{
	p[0] = (char)('0' + n / 10 % 10);
	p[1] = (char)('0' + n % 10);
}

/* Time for this year, the year for others; 12 columns.  By hand, for a list of
 * a hundred thousand lines. */
static void
put_date(struct buf *out, int64_t when, const struct tm *now)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)when;
	char text[12];
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		tm = (struct tm){ .tm_mday = 1, .tm_year = 70 };
	if (tm.tm_year == now->tm_year) {
		(void)memcpy(text, "Jan 00 00:00", 12);
		(void)memcpy(text, months + (size_t)tm.tm_mon * 3, 3);
		two(text + 4, tm.tm_mday);
		two(text + 7, tm.tm_hour);
		two(text + 10, tm.tm_min);
	} else {
		(void)memcpy(text, "0000-00-00  ", 12);
		two(text, (tm.tm_year + 1900) / 100);
		two(text + 2, (tm.tm_year + 1900) % 100);
		two(text + 5, tm.tm_mon + 1);
		two(text + 8, tm.tm_mday);
	}
	buf_add(out, text, sizeof(text));
}

static void
put_uid(struct buf *out, uint32_t n, size_t width, char behind)
{
	char text[16], *p = text + sizeof(text);

	*--p = behind;
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (p > text + sizeof(text) - width)
		*--p = ' ';
	buf_add(out, p, (size_t)(text + sizeof(text) - p));
}

struct lister {
	struct cmd *c;
	size_t width; /* 0: nothing is cut */
	bool colour;
	struct tm now;
	uint32_t depth; /* of the message in its thread */
	bool sent; /* all of the folder is the user's own */
	struct people own;
};

/* The sender; of the user's own messages those who get it are what tells them
 * from each other. */
static void
put_who(struct lister *l, const struct brief *b, size_t width)
{
	struct span to = b->field[BRIEF_TO];

	if (to.len > 0 &&
	    (l->sent || people_have(&l->own, b->field[BRIEF_ADDRESS])) &&
	    width > 4) {
		buf_str(&l->c->out, "To: ");
		term_cell(&l->c->out, to, width - 4);
	} else
		term_cell(&l->c->out, b->field[BRIEF_FROM], width);
}

static void
put_line(struct lister *l, const struct message *m, const struct brief *b)
{
	struct buf *out = &l->c->out;
	bool unread = (m->flags & FLAG_SEEN) == 0, many;
	struct span s = b->field[BRIEF_SUBJECT];
	size_t deep = l->depth < DEEPEST ? l->depth : DEEPEST;
	size_t from =
	    l->width == 0 || l->width > NARROW ? FROM_WIDTH : FROM_NARROW;
	size_t before = BEFORE;
	char mark[5];

	if (l->width > 0 && l->width < SMALLEST)
		from = l->width > SMALLEST - FROM_NARROW ?
		    l->width - (SMALLEST - FROM_NARROW) :
		    1;
	many = !span_eq(b->field[BRIEF_ATTACHMENTS], span("0"));
	marks(mark, m->flags, many);
	if (l->colour && (m->flags & FLAG_DELETED) != 0)
		buf_str(out, "\033[2m");
	else if (l->colour && (m->flags & FLAG_FLAGGED) != 0)
		buf_str(out, unread ? "\033[1;31m" : "\033[31m");
	else if (l->colour && unread)
		buf_str(out, "\033[1m");
	put_uid(out, m->uid, 7, ' ');
	buf_add(out, mark, 4);
	buf_char(out, ' ');
	if (l->width > NARROWEST || l->width == 0) {
		put_date(out, date_of(b, m), &l->now);
		buf_str(out, " ");
	} else
		before -= DATE;
	put_who(l, b, from);
	buf_str(out, " ");
	for (size_t i = 0; i < deep && (l->width == 0 || l->width > NARROW);
	     i++)
		buf_str(out, i + 1 < deep ? "  " : "\\_");
	if (l->width > NARROW)
		from += deep * 2;
	if (l->width > 0)
		term_cell(out, s,
		    l->width > before + from ? l->width - before - from : 1);
	else
		term_safe(out, s, false);
	while (out->len > 0 && out->p[out->len - 1] == ' ')
		buf_cut(out, out->len - 1);
	buf_str(out, l->colour ? "\033[0m\n" : "\n");
}

static void
json_flags(struct buf *out, struct cmd *c, const struct message *m)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = { { FLAG_SEEN, "seen" }, { FLAG_ANSWERED, "answered" },
		{ FLAG_FLAGGED, "flagged" }, { FLAG_DELETED, "deleted" },
		{ FLAG_DRAFT, "draft" }, { FLAG_FORWARDED, "forwarded" },
		{ FLAG_NEW, "new" } };
	const char *const *word = folder_keywords(c->folder);
	const char *sep = "";

	buf_str(out, ",\"flags\":[");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if ((m->flags & names[i].flag) != 0) {
			buf_printf(out, "%s\"%s\"", sep, names[i].name);
			sep = ",";
		}
	for (int i = 0; word != NULL && i < KEYWORDS; i++)
		if ((m->keywords >> i & 1) != 0 && word[i] != NULL) {
			buf_str(out, sep);
			json_string(out, span(word[i]));
			sep = ",";
		}
	buf_char(out, ']');
}

/* Addresses of To and Cc. */
static void
json_recipients(struct buf *out, struct span lines)
{
	const char *sep = "";

	buf_str(out, ",\"recipients\":[");
	while (lines.p != NULL && lines.len > 0) {
		struct span line = span_cut(&lines, '\n');

		(void)span_cut(&line, '\t');
		if (line.p == NULL)
			continue;
		buf_str(out, sep);
		json_string(out, line);
		sep = ",";
	}
	buf_char(out, ']');
}

static void
put_json(struct lister *l, const struct message *m, const struct brief *b)
{
	static const struct {
		enum brief_field field;
		const char *name;
	} texts[] = { { BRIEF_FROM, "from" }, { BRIEF_ADDRESS, "address" },
		{ BRIEF_TO, "to" }, { BRIEF_SUBJECT, "subject" },
		{ BRIEF_ID, "message_id" },
		{ BRIEF_REFERENCES, "references" } };
	struct buf *out = &l->c->out;

	buf_printf(out, "{\"uid\":%u,\"size\":%ju,\"arrived\":%jd,\"date\":%jd",
	    m->uid, (uintmax_t)m->size, (intmax_t)m->date,
	    (intmax_t)date_of(b, m));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_printf(out, ",\"%s\":", texts[i].name);
		json_string(out, b->field[texts[i].field]);
	}
	json_recipients(out, b->field[BRIEF_RECIPIENTS]);
	buf_str(out, ",\"attachments\":");
	buf_span(out, b->field[BRIEF_ATTACHMENTS]);
	json_flags(out, l->c, m);
	if (l->c->depth != NULL)
		buf_printf(out, ",\"depth\":%u", l->depth);
	buf_str(out, "}\n");
}

static void
one(struct lister *l, uint32_t number, struct brief *b)
{
	struct cmd *c = l->c;
	struct message m;

	if (c->quiet) { /* as many as there are, so not all of folder_get */
		struct record r;

		if (view_record(c->folder, number, &r) == -1)
			cmd_complain(c, "message %u: %s", number, fail_text());
		else
			put_uid(&c->out, r.uid, 0, '\n');
		return;
	}
	if (folder_get(c->folder, number, &m) == -1)
		return;
	if (brief_get(b, c->folder, number) == -1) {
		cmd_complain(c, "%u: %s", m.uid, fail_text());
		return;
	}
	if (c->json)
		put_json(l, &m, b);
	else
		put_line(l, &m, b);
	if (c->out.len > 60000)
		cmd_flush(c);
}

/* Of what is picked: only unread ones, only the last of them. */
static void
choose(struct cmd *c)
{
	struct message m;
	size_t kept = 0;

	for (size_t i = 0; i < c->n && c->unread; i++)
		if (folder_get(c->folder, c->number[i], &m) == 0 &&
		    (m.flags & (FLAG_SEEN | FLAG_DELETED)) == 0)
			c->number[kept++] = c->number[i];
	if (c->unread)
		c->n = kept;
	if (c->most > 0 && c->n > c->most) {
		c->number += c->n - c->most;
		c->n = c->most;
	}
}

void
cmd_list_picked(struct cmd *c)
{
	struct lister l = { .c = c, .width = term_width() };
	const char *email = getenv("EMAIL");
	struct folder_info info;
	bool terminal = isatty(STDOUT_FILENO) != 0;
	time_t now = time(NULL);
	struct brief b;

	l.colour = term_colour();
	l.sent = cmd_own_folder(c->folder_name);
	(void)people_add(&l.own, span(email == NULL ? "" : email));
	(void)localtime_r(&now, &l.now);
	brief_init(&b);
	for (size_t i = 0; i < c->n; i++) {
		l.depth = c->depth == NULL ? 0 : c->depth[i];
		one(&l, c->number[i], &b);
		if (!terminal) /* whose lines do not tell */
			progress("reading", i, c->n);
	}
	progress("reading", 1, 1);
	brief_free(&b);
	people_free(&l.own);
	folder_info(c->folder, &info);
	if (!c->quiet && !c->json && terminal) {
		cmd_said_name(&c->out, c->folder_name);
		buf_printf(&c->out, ": %u messages, %u unread, %zu listed\n",
		    info.messages, info.unseen, c->n);
	}
	cmd_flush(c);
}

void
cmd_list(struct cmd *c)
{
	cmd_open(c, false);
	if (c->argc == 0 && !c->unread && c->most > 0)
		cmd_pick_last(c, c->most);
	else
		cmd_pick(c, c->argv, c->argc, PICK_ALL);
	choose(c);
	if (c->threads)
		cmd_thread_picked(c);
	cmd_list_picked(c);
}
