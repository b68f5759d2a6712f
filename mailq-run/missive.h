/* The message that sendmail reads, kept in a file without name until it is
 * accepted or saved. */
#ifndef MAILQ_RUN_MISSIVE_H
#define MAILQ_RUN_MISSIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "mailq-run/recipients.h"
#include "message/buf.h"
#include "message/span.h"

enum { MISSIVE_HEADER = 1 << 20 /* longest header */ };

struct missive {
	FILE *file; /* all of it, LF line ends */
	struct buf text; /* its first MISSIVE_HEADER octets */
	size_t header; /* octets of the header */
	size_t body; /* where the body begins */
	bool eight_bit;
	off_t size; /* with every line end as CRLF */
};

/* Read to the end of "in", or with "dot" to a line of one dot.  CRLF becomes
 * LF, a last line gets its LF, an mbox "From " line before the header goes.
 * 0; -1: errno, fail_text(). */
int missive_read(struct missive *, FILE *in, bool dot);
void missive_free(struct missive *);

static inline struct span
missive_header(const struct missive *l)
{
	return span_n(l->text.p, l->header);
}

/* Add the recipients that the header names (sendmail -t): those of Resent-To,
 * Resent-Cc and Resent-Bcc when there is any Resent- field, else of To, Cc
 * and Bcc.  0 / -1. */
int missive_recipients(const struct missive *, struct recipients *);

/* Give it out in pieces, with "extra" (header fields) on top, without Bcc and
 * Resent-Bcc when "no_bcc".  "put" returns 0, or -1 to stop.  0 / -1. */
int missive_write(const struct missive *, struct span extra, bool no_bcc,
    int (*put)(void *, const char *, size_t), void *ctx);

/* Append it to ~/dead.letter (or, when that cannot be, to
 * /var/tmp/dead.letter.UID) as mbox, on disk when this returns.
 * "path", PATH_MAX octets: where it is now.  0 / -1. */
int missive_save(const struct missive *, const char *from, const char *home,
    char *path);

#endif
