/* maildir mark, unmark, move, copy, delete, undelete. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"

static const struct {
	const char *name;
	uint32_t flag;
} flags[] = {
	// clang-format off
	{ "seen",	FLAG_SEEN },
	{ "read",	FLAG_SEEN },
	{ "answered",	FLAG_ANSWERED },
	{ "flagged",	FLAG_FLAGGED },
	{ "deleted",	FLAG_DELETED },
	{ "draft",	FLAG_DRAFT },
	{ "forwarded",	FLAG_FORWARDED },
	{ "$Forwarded",	FLAG_FORWARDED },
	// clang-format on
};

uint32_t
cmd_flag(const char *name)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcasecmp(name, flags[i].name) == 0)
			return flags[i].flag;
	return 0;
}

/* "seen,work": flags, and the rest is keywords.  A number was to be a message
 * whose flag was forgotten. */
static void
read_flags(struct cmd *c, char *list, struct change *change)
{
	char *word;
	uint32_t flag;
	int bit;

	while ((word = strsep(&list, ",")) != NULL) {
		if (word[0] == '\0')
			continue;
		flag = cmd_flag(word);
		change->flags |= flag;
		if (flag != 0)
			continue;
		bit = folder_keyword(c->folder, word, false);
		if (bit == -1 && word[strspn(word, "0123456789:.$")] == '\0')
			errx(EX_USAGE, "%s is no flag; see maildir help %s",
			    word, c->verb);
		if (bit == -1 && change->mode == CHANGE_ADD)
			bit = folder_keyword(c->folder, word, true);
		if (bit >= 0)
			change->keywords |= (uint64_t)1 << bit;
		else if (change->mode == CHANGE_ADD)
			errx(EX_USAGE, "%s", term_text(fail_text()));
	}
}

/* What became of the picked messages, "r" and "result" as they are returned. */
static void
tell(struct cmd *c, int r, const uint8_t *result, const char *said)
{
	struct message m;

	if (r == -1)
		cmd_complain(c, "%s", fail_text());
	for (size_t i = 0; i < c->n && r == 0; i++) {
		if ((result[i] == 0 && !c->quiet && !c->json) ||
		    folder_glance(c->folder, c->number[i], &m) == -1)
			continue;
		if (result[i] == 0)
			cmd_done(c, m.uid, said);
		else
			cmd_complain(c, "%u is gone", m.uid);
	}
}

static uint8_t *
results(const struct cmd *c)
{
	uint8_t *result = calloc(c->n + 1, 1);

	if (result == NULL)
		err(EX_TEMPFAIL, "messages");
	return result;
}

void
cmd_change(struct cmd *c, const struct change *change, const char *said)
{
	uint8_t *result = results(c);

	tell(c, folder_change(c->folder, c->number, c->n, change, result),
	    result, said);
	free(result);
}

static void
mark(struct cmd *c, enum change_mode mode)
{
	struct change change = { .mode = mode, .unchanged_since = UINT64_MAX };

	if (c->argc < 1 || c->argv[0][strspn(c->argv[0], ",")] == '\0')
		errx(EX_USAGE, "which flags? see maildir help %s", c->verb);
	cmd_open_known(c, c->argv + 1, c->argc - 1);
	read_flags(c, c->argv[0], &change);
	cmd_pick(c, c->argv + 1, c->argc - 1, PICK_CURRENT);
	cmd_change(c, &change, c->verb);
}

void
cmd_mark(struct cmd *c)
{
	mark(c, CHANGE_ADD);
}

void
cmd_unmark(struct cmd *c)
{
	mark(c, CHANGE_REMOVE);
}

/* ---- to another folder */

static void
copy(struct cmd *c, bool move)
{
	struct copied done = { 0 };
	struct buf name;
	char disk[256];

	if (c->argc < 1)
		errx(EX_USAGE, "to which folder? see maildir help %s", c->verb);
	if (cmd_disk_name(disk, c->argv[0]) == -1)
		errx(EX_USAGE, "%s", fail_text());
	cmd_open_known(c, c->argv + 1, c->argc - 1);
	cmd_pick(c, c->argv + 1, c->argc - 1, PICK_CURRENT);
	if (c->n > 0 &&
	    folder_copy(c->folder, c->number, c->n, disk, move, &done) == -1)
		cmd_complain(c, "%s: %s", c->argv[0], fail_text());
	else if (done.n < c->n)
		cmd_complain(c, "gone: %zu of %zu messages", c->n - done.n,
		    c->n);
	buf_init(&name, 4096);
	cmd_said_name(&name, disk);
	for (size_t i = 0; i < done.n; i++) {
		if (c->json) {
			buf_printf(&c->out,
			    "{\"uid\":%u,\"new\":%u,\"folder\":", done.from[i],
			    done.to[i]);
			json_string(&c->out, buf_all(&name));
			buf_str(&c->out, "}\n");
		} else if (c->quiet)
			buf_printf(&c->out, "%u\n", done.to[i]);
	}
	cmd_flush(c);
	buf_free(&name);
	copied_free(&done);
}

void
cmd_move(struct cmd *c)
{
	copy(c, true);
}

void
cmd_copy(struct cmd *c)
{
	copy(c, false);
}

/* ---- away and back */

void
cmd_delete(struct cmd *c)
{
	uint8_t *result;

	cmd_open_known(c, c->argv, c->argc);
	cmd_pick(c, c->argv, c->argc, PICK_CURRENT);
	result = results(c);
	tell(c, folder_expunge(c->folder, c->number, c->n, true, result),
	    result, c->verb);
	free(result);
}

static void
put_held(struct cmd *c, const struct held *h)
{
	enum { HELD_BEFORE = 42 }; /* columns, of all but the subject */
	struct buf *out = &c->out, subject, from;
	size_t width = term_width();
	struct letter l;
	char day[32] = "";
	time_t since = (time_t)h->since;
	struct tm tm;

	buf_init(&subject, 256 * 1024);
	buf_init(&from, 256 * 1024);
	if (letter_read(&l, store_read_held(c->store, h)) == 0) {
		letter_field(&subject, &l, "Subject");
		letter_field(&from, &l, "From");
	}
	letter_free(&l);
	if (gmtime_r(&since, &tm) != NULL)
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	if (c->json) {
		buf_printf(out, "{\"uid\":%u,\"since\":%jd,\"from\":", h->uid,
		    (intmax_t)h->since);
		json_string(out, buf_all(&from));
		buf_str(out, ",\"subject\":");
		json_string(out, buf_all(&subject));
		buf_str(out, "}\n");
	} else if (c->quiet)
		buf_printf(out, "%u\n", h->uid);
	else {
		buf_printf(out, "%6u  %s  ", h->uid, day);
		term_cell(out, buf_all(&from), 20);
		buf_str(out, "  ");
		if (width > HELD_BEFORE)
			term_cell(out, buf_all(&subject), width - HELD_BEFORE);
		else
			term_safe(out, buf_all(&subject), false);
		buf_char(out, '\n');
	}
	cmd_flush(c);
	buf_free(&subject);
	buf_free(&from);
}

/* Bring it back, and tell which number it has now. */
static void
unhold(struct cmd *c, const struct held *h)
{
	const char *slash = strrchr(h->name, '/');
	char name[300];
	struct message m;
	char *tail;

	if (store_unhold(c->store, h) == -1) {
		cmd_complain(c, "%s", fail_text());
		return;
	}
	if (!c->quiet && !c->json)
		return;
	(void)snprintf(name, sizeof(name), "%s", slash + 1);
	tail = strstr(name, ",U=");
	if (tail != NULL && h->uid != 0)
		*tail = '\0';
	c->n = 0;
	if (c->folder != NULL)
		folder_close(c->folder);
	cmd_open(c, false);
	if (cmd_pick_name(c, name) &&
	    folder_get(c->folder, c->number[0], &m) == 0)
		cmd_done(c, m.uid, "undelete");
}

static void
unhold_some(struct cmd *c, struct held *held, ptrdiff_t n, const char *arg)
{
	struct span rest = span(arg);
	uint32_t range[2];
	int r = 1;

	while (rest.p != NULL && r == 1) {
		struct span member = rest;
		bool found = false;

		r = cmd_next_range(c, &rest, range);
		for (ptrdiff_t i = 0; i < n && r == 1; i++)
			if (held[i].uid != 0 && held[i].uid >= range[0] &&
			    held[i].uid <= range[1]) {
				unhold(c, &held[i]);
				held[i].uid = 0; /* it is back */
				found = true;
			}
		member.len = span_find(member, ',');
		if (!found)
			cmd_complain(c, "none is held that had the number %.*s",
			    (int)member.len, member.p);
	}
}

/* All of standard input, before anything is looked for: who writes it may just
 * be deleting. */
static void
read_numbers(struct buf *text)
{
	char line[64];

	while (fgets(line, sizeof(line), stdin) != NULL)
		buf_str(text, line);
}

void
cmd_undelete(struct cmd *c)
{
	struct held *held = NULL;
	struct buf text;
	char *rest, *word;
	ptrdiff_t n;

	buf_init(&text, 1 << 26);
	for (int i = 0; i < c->argc; i++) {
		if (strcmp(c->argv[i], "-") == 0)
			read_numbers(&text);
		else
			buf_printf(&text, "%s\n", c->argv[i]);
	}
	n = store_held(c->store, c->folder_name, &held);
	if (n == -1)
		errx(EX_NOINPUT, "%s", fail_text());
	for (ptrdiff_t i = 0; i < n; i++) {
		if (c->all)
			unhold(c, &held[i]);
		else if (c->argc == 0)
			put_held(c, &held[i]);
	}
	rest = text.p;
	while (
	    !c->all && text.len > 0 && (word = strsep(&rest, "\n \t")) != NULL)
		if (*word != '\0')
			unhold_some(c, held, n, word);
	buf_free(&text);
	free(held);
}
