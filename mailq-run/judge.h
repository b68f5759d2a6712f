/* What became of a recipient, in words that the log and a report can show.
 *
 * The text of a result is the server's reply, every line with its code, and
 * for a recipient that was not delivered the dialogue that led there, lines
 * that begin with "> " (we) and "< " (the server). */
#ifndef MAILQ_RUN_JUDGE_H
#define MAILQ_RUN_JUDGE_H

#include "mailq-run/letter.h"
#include "mailq-run/reply.h"

enum {
	JUDGE_LINE = 128, /* octets of a line of the dialogue */
	JUDGE_REPLY = 640, /* of the reply in front of it */
};

enum step { STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_DOT };

/* How far a transaction came, and what the server said. */
struct dialogue {
	enum step step;
	char mail[JUDGE_LINE], data[JUDGE_LINE];
};

/* Keep the first line of a reply. */
void judge_line(char out[JUDGE_LINE], const struct reply *);

/* A result from a reply; a 5xx that is taken as temporary gets a 4.x.x. */
void judge_reply(struct result *, const struct reply *, enum verdict);

/* One that no reply has: NULL status and text keep what is there. */
void judge_words(struct result *, enum verdict, const char *status,
    const char *text);

/* Put the dialogue behind the text; "taken" is the first line of what the
 * server said when it took the recipient. */
void judge_dialogue(struct result *, const struct dialogue *, const char *from,
    const char *to, const char *taken);

/* The reply without the dialogue, and the dialogue. */
struct span judge_said(struct span text, struct span *dialogue);

#endif
