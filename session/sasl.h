/* The words of SASL between a client and a parser (RFC 4422; in SMTP RFC 4954,
 * in POP3 RFC 5034, in IMAP RFC 9051 s. 6.2.2): base64 in, base64 out.  What
 * is decided is decided by the monitor's checker (session/auth.h), which the
 * caller asks when a step says so.
 *
 *	step = sasl_begin(&s, mechanism, offered, &initial);
 *	for (;;) switch (step) {
 *	case SASL_SEND:     send s.out.p as "334 ..." or "+ ...";
 *	                    step = sasl_line(&s, next line); break;
 *	case SASL_PASSWORD: ask about s.name and s.password; end
 *	case SASL_FIRST:    ask with s.text; step = sasl_answer(&s, its text)
 *	case SASL_FINAL:    the same, when the verdict is good
 *	case SASL_DONE:     tell the monitor that he is content; end
 *	...                 errors, see below
 *	}
 *	sasl_end(&s);
 */
#ifndef SESSION_SASL_H
#define SESSION_SASL_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

enum { SASL_LINE_MAX = 12288 }; /* RFC 4954 s. 4 */

enum sasl_mechanism { /* bits, for "offered" */
	SASL_PLAIN = 1 << 0,
	SASL_LOGIN = 1 << 1,
	SASL_SCRAM = 1 << 2,
	SASL_SCRAM_PLUS = 1 << 3,
};

enum sasl_step {
	SASL_SEND,
	SASL_PASSWORD,
	SASL_FIRST,
	SASL_FINAL,
	SASL_DONE,
	SASL_UNKNOWN, /* no such mechanism is offered: 504 */
	SASL_SYNTAX, /* no base64, or not what the mechanism wants: 501 */
	SASL_CANCELLED, /* "*": 501 */
	SASL_OTHER, /* wants to act for somebody else: 535 */
};

enum { SASL_NAME_MAX = 64, SASL_PASSWORD_MAX = 512, SASL_TEXT_MAX = 1024 };

struct sasl {
	enum sasl_mechanism mechanism;
	unsigned stage;
	/* What is too long for any of ours comes out empty. */
	char name[SASL_NAME_MAX + 1];
	char password[SASL_PASSWORD_MAX + 1];
	struct span text; /* for the checker, until the next step */
	struct buf out;
	char octets[SASL_TEXT_MAX + 1];
};

/* "PLAIN LOGIN ..." of the offered ones, the best first. */
void sasl_names(struct buf *, unsigned offered);

/* The client's AUTH command; "initial" is NULL when it had no response in it,
 * "=" means an empty one. */
enum sasl_step sasl_begin(struct sasl *, struct span mechanism,
    unsigned offered, const struct span *initial);

/* The line that answers a challenge. */
enum sasl_step sasl_line(struct sasl *, struct span line);

/* What the checker wants to be sent. */
enum sasl_step sasl_answer(struct sasl *, struct span text);

/* Clears what was secret. */
void sasl_end(struct sasl *);

#endif
