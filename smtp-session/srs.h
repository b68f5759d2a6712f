/* Sender rewriting (SRS): who forwards mail to another host must not let it
 * look as if that sender's host had sent it, or checks like SPF refuse it.
 *
 *	SRS0=HASH=TT=domain=local@ours		local@domain, forwarded
 *	SRS1=HASH=host==HASH=TT=domain=local@ours	the same of one who has
 *						been forwarded by "host"
 *
 * HASH are letters and digits of an HMAC under our secret, TT the day in
 * base 32.  Nothing has to be remembered: the address is the memory.  Case may
 * be lost on the way, so it does not count. */
#ifndef SMTP_SESSION_SRS_H
#define SMTP_SESSION_SRS_H

#include <stdbool.h>
#include <time.h>

#include "message/addr.h"
#include "message/buf.h"
#include "session/config.h"

#define SRS_FILE "srs" /* of the configuration; a secret per line */

enum {
	SRS_DAYS = 21, /* so long a report may take */
	SRS_SECRETS_MAX = 4096, /* octets of the file */
};

/* The first line signs, all are believed.  NUL behind each. */
struct srs {
	struct buf secrets;
};

/* 1: read; 0: there is none, nothing is rewritten; -1: fail_text(). */
int srs_open(struct srs *, const struct config *);
void srs_close(struct srs *);

/* Append the sender "from" as forwarded by us; "domain" is one of ours.
 * 0; -1: no address, or it would be too long; then it stays as it is. */
int srs_forward(struct buf *, const struct srs *, const char *from,
    const char *domain, time_t now);

/* May this local part be one of ours? */
bool srs_is(const char *local);

enum srs_got {
	SRS_OK,
	SRS_NONE, /* we do not rewrite */
	SRS_BAD, /* not made by us */
	SRS_OLD,
	SRS_TROUBLE, /* fail_text() */
};

/* Append the address for which such a local part stands. */
enum srs_got srs_reverse(struct buf *, const struct config *, const char *local,
    time_t now);

#endif
