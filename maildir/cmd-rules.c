#include "maildir/cmd-rules.h"

#include <bsd/string.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "maildir/cmd-send.h"
#include "maildir/cmd.h"
#include "maildir/view.h"
#include "message/fail.h"
#include "message/fold.h"
#include "message/header.h"
#include "message/word.h"

static const char file[] = "mailroom-rules";

enum { FIELD_MAX = 64 * 1024 };

enum action {
	A_NONE, /* no rule, or one that is wrong */
	A_MOVE,
	A_MARK,
	A_NO_ANSWER,
	A_KEEP,
	A_DISCARD
};

static const struct {
	const char *name;
	enum action action;
	bool argument;
} actions[] = {
	{ "move", A_MOVE, true },
	{ "mark", A_MARK, true },
	{ "no-answer", A_NO_ANSWER, false },
	{ "keep", A_KEEP, false },
	{ "discard", A_DISCARD, false },
};

struct reader {
	struct cmd *c;
	struct span message;
	struct verdict *v;
	unsigned line;
	enum action action;
	char argument[256];
	bool begun; /* a rule */
	bool holds; /* all conditions so far */
	bool done;
};

static void
wrong(struct reader *r, const char *why)
{
	cmd_complain(r->c, "%s:%u: %s", file, r->line, why);
	r->c->status = 0; /* the message is delivered all the same */
	r->action = A_NONE;
}

/* ---- conditions */

static bool
value_holds(struct span value, const struct buf *wanted)
{
	struct buf text, folded;
	bool r;

	if (value.len > FIELD_MAX)
		value.len = FIELD_MAX;
	buf_init(&text, 8 * FIELD_MAX);
	buf_init(&folded, 32 * FIELD_MAX);
	word_decode(&text, span_trim(value));
	fold_text(&folded, buf_all(&text));
	r = memmem(folded.p, folded.len, wanted->p, wanted->len) != NULL;
	buf_free(&text);
	buf_free(&folded);
	return r;
}

/* Does a field of one of these names hold the text? */
static bool
any_holds(struct span message, struct span names, const struct buf *wanted)
{
	struct field f;

	while (header_next(&message, &f) == 1) {
		struct span rest = names, name;

		while (rest.p != NULL && rest.len > 0) {
			name = span_trim(span_cut(&rest, ','));
			if (span_same(name, f.name) &&
			    value_holds(f.value, wanted))
				return true;
		}
	}
	return false;
}

/* "not To, Cc: text". */
static void
condition(struct reader *r, struct span line)
{
	struct span names, value = line, before = line;
	struct buf wanted;
	bool not ;

	if (!r->begun)
		wrong(r, "a condition before the first rule");
	if (r->action == A_NONE || !r->holds)
		return;
	not = span_same(span_word(&before), span("not"));
	if (not )
		value = before;
	names = span_trim(span_cut(&value, ':'));
	if (value.p == NULL || names.len == 0) {
		wrong(r, "no condition; a field, a colon and a text are");
		return;
	}
	buf_init(&wanted, 4 * RULES_FILE_MAX);
	fold_text(&wanted, span_trim(value));
	r->holds = any_holds(r->message, names, &wanted) != not ;
	buf_free(&wanted);
}

/* ---- actions */

static void
mark(struct reader *r)
{
	struct verdict *v = r->v;
	char *list = r->argument, *word;

	while ((word = strsep(&list, ", ")) != NULL) {
		uint32_t flag = cmd_flag(word);

		v->flags |= flag;
		if (flag != 0 || *word == '\0')
			continue;
		if (v->keywords == RULES_KEYWORDS ||
		    (v->keyword[v->keywords] = strdup(word)) == NULL)
			wrong(r, "too many keywords");
		else
			v->keywords++;
	}
}

/* The rule is complete: what it says. */
static void
act(struct reader *r)
{
	enum action a = r->holds && !r->done ? r->action : A_NONE;
	char disk[256];

	r->action = A_NONE;
	if (a == A_MARK)
		mark(r);
	else if (a == A_NO_ANSWER)
		r->v->no_answer = true;
	else if (a == A_DISCARD)
		r->v->discard = r->done = true;
	else if (a == A_KEEP)
		r->done = true;
	else if (a == A_MOVE && cmd_disk_name(disk, r->argument) == 0) {
		(void)strlcpy(r->v->folder, disk, sizeof(r->v->folder));
		r->done = true;
	} else if (a == A_MOVE)
		wrong(r, "no name for a folder");
}

static void
begin(struct reader *r, struct span line)
{
	struct span rest = line, word = span_word(&rest);

	act(r);
	rest = span_trim(rest);
	r->begun = r->holds = true;
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (span_eq(word, span(actions[i].name)) &&
		    (rest.len > 0) == actions[i].argument &&
		    rest.len < sizeof(r->argument)) {
			(void)memcpy(r->argument, rest.p, rest.len);
			r->argument[rest.len] = '\0';
			r->action = actions[i].action;
			return;
		}
	wrong(r,
	    "no rule; move FOLDER, mark FLAG, keep, discard and "
	    "no-answer are");
}

void
rules_ask(struct cmd *c, struct span message, struct verdict *v)
{
	struct reader r = { .c = c, .message = message, .v = v };
	int fd =
	    openat(c->store->root, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct buf text;
	struct span rest, line;

	*v = (struct verdict){ .folder = "INBOX" };
	if (fd == -1 && errno == ENOENT)
		return;
	buf_init(&text, RULES_FILE_MAX);
	if (send_read(&text, fd) == -1) {
		wrong(&r, fail_text());
		buf_reset(&text);
	}
	rest = buf_all(&text);
	while (rest.p != NULL && rest.len > 0 && !r.done) {
		line = span_cut(&rest, '\n');
		r.line++;
		if (span_trim(line).len == 0 || span_trim(line).p[0] == '#')
			continue;
		if (isblank((unsigned char)line.p[0]))
			condition(&r, span_trim(line));
		else
			begin(&r, span_trim(line));
	}
	act(&r);
	buf_free(&text);
}

void
verdict_free(struct verdict *v)
{
	for (size_t i = 0; i < v->keywords; i++)
		free(v->keyword[i]);
	v->keywords = 0;
}
