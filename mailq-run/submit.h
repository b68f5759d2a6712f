/* sendmail's side of the dialogue with the socket RUN/submit. */
#ifndef MAILQ_RUN_SUBMIT_H
#define MAILQ_RUN_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "mailq-run/missive.h"
#include "mailq-run/recipients.h"

struct submit_options {
	const char *from; /* "" null path; a bare name is for the server */
	const char *hostname;
	const char *notify; /* "" none; as NOTIFY= wants it */
	const char *envid; /* "" none; not yet xtext */
	const char *ret; /* "", "FULL" or "HDRS" */
	struct span extra; /* header fields to put on top */
	bool no_bcc;
	bool verbose; /* show the dialogue on standard output */
};

/* Connect to RUN/submit.  A descriptor; -1: fail_text(). */
int submit_connect(const char *run);

/* Hand the letter over to all recipients, in as many transactions as the
 * server wants; each refusal is written to standard error.
 * Returns the exit status, see sysexits(3): EX_OK, or that of the first
 * refusal.  The fate of each recipient stands in *r. */
int submit_missive(int sock, const struct submit_options *,
    const struct missive *, struct recipients *r);

/* sendmail -bv: ask VRFY for each. Exit status. */
int submit_verify(int sock, const struct submit_options *,
    const struct recipients *);

#endif
