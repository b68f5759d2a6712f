#include "mailq-run/judge.h"

#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

void
judge_line(char out[JUDGE_LINE], const struct reply *r)
{
	size_t n = span_find(span_n(r->text, r->len), '\n');

	if (n > JUDGE_LINE - 8)
		n = JUDGE_LINE - 8;
	(void)snprintf(out, JUDGE_LINE, "%d %.*s", r->code, (int)n, r->text);
}

/* The reply, every line with its code; one that does not fit is left out. */
static void
quote(char *out, const struct reply *r)
{
	struct span rest = span_n(r->text, r->len), line;
	size_t at = 0;

	do {
		line = span_cut(&rest, '\n');
		if (at + line.len + 6 > JUDGE_REPLY) {
			if (at > 0)
				break;
			line.len = JUDGE_REPLY - 6;
		}
		at += (size_t)sprintf(out + at, "%s%d ", at > 0 ? "\n" : "",
		    r->code);
		for (size_t i = 0; i < line.len; i++)
			out[at++] = line.p[i] == '\0' ? '?' : line.p[i];
	} while (rest.p != NULL);
	out[at] = '\0';
}

void
judge_reply(struct result *r, const struct reply *reply, enum verdict v)
{
	r->verdict = v;
	r->code = (uint16_t)reply->code;
	reply_status(reply, r->status);
	if (v != VERDICT_SENT && v != VERDICT_FAIL && r->status[0] == '5')
		r->status[0] = '4';
	quote(r->reply, reply);
}

void
judge_words(struct result *r, enum verdict v, const char *status,
    const char *text)
{
	r->verdict = v;
	r->code = 0;
	(void)strlcpy(r->status, status, sizeof(r->status));
	(void)strlcpy(r->reply, text, sizeof(r->reply));
}

/* One line, if it fits as a whole. */
static void
add(struct result *r, const char *who, const char *a, const char *b,
    const char *c)
{
	char line[JUDGE_LINE + 330];
	int n = snprintf(line, sizeof(line), "\n%s %s%s%s", who, a, b, c);

	if (n > 0 && (size_t)n < sizeof(line) &&
	    strlen(r->reply) + (size_t)n < sizeof(r->reply))
		(void)strlcat(r->reply, line, sizeof(r->reply));
}

void
judge_dialogue(struct result *r, const struct dialogue *d, const char *from,
    const char *to, const char *taken)
{
	char last[JUDGE_LINE];

	(void)strlcpy(last, r->reply, sizeof(last));
	last[strcspn(last, "\n")] = '\0';
	add(r, ">", "MAIL FROM:<", from, ">");
	if (d->step > STEP_MAIL) {
		add(r, "<", d->mail, "", "");
		add(r, ">", "RCPT TO:<", to, ">");
	}
	if (d->step > STEP_RCPT) {
		add(r, "<", taken, "", "");
		add(r, ">", "DATA", "", "");
	}
	if (d->step > STEP_DATA) {
		add(r, "<", d->data, "", "");
		add(r, ">", "(the message)", "", "");
	}
	add(r, "<", last, "", "");
}

struct span
judge_said(struct span text, struct span *dialogue)
{
	const char *at =
	    text.len == 0 ? NULL : memmem(text.p, text.len, "\n> ", 3);

	*dialogue = span("");
	if (at == NULL)
		return text;
	*dialogue = span_n(at + 1, (size_t)(text.p + text.len - at - 1));
	return span_n(text.p, (size_t)(at - text.p));
}
