/* A user's command, given one message (sendmail's "prog" mailer).  Called as
 * the user, after all rights that are not his are gone. */
#ifndef SMTP_SESSION_RUN_H
#define SMTP_SESSION_RUN_H

#include "message/buf.h"
#include "smtp-session/outlet.h"

enum {
	RUN_SECONDS = 1000, /* then it is killed */
	RUN_SAID = 900, /* octets of its output that the sender is told */
	RUN_LINE = 300, /* of one line of them */
};

struct run_mail {
	const char *from; /* "" null path */
	const char *original; /* the recipient as first given */
	struct span head; /* what stands before the message */
	int fd; /* the message, read from its beginning */
};

/* What became of it. */
enum run_end {
	RUN_DONE, /* exit 0 */
	RUN_ENOUGH, /* 99, that of qmail: nobody behind it needs the mail */
	RUN_LATER, /* 75, 111, a signal, the time limit, or it could not start */
	RUN_REFUSED, /* any other status: the sender is told */
};

/* Run o->text by /bin/sh in the user's home.  *status is its exit status (0
 * when it had none), "said" for people: what happened, and the output behind
 * it in lines of printable ASCII. */
enum run_end run_command(const struct outlet *, const struct run_mail *,
    int *status, struct buf *said);

#endif
