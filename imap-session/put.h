/* The words of an IMAP answer (RFC 9051 s. 9), appended to a buf. */
#ifndef IMAP_SESSION_PUT_H
#define IMAP_SESSION_PUT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "message/buf.h"
#include "message/span.h"

/* Quoted where that is possible, else a literal.  Octets beyond ASCII are
 * quoted only with "utf8", and when they are UTF-8. */
void put_string(struct buf *, struct span, bool utf8);
void put_nstring(struct buf *, struct span, bool utf8); /* NIL: p is NULL */

/* "{n}" CRLF and the octets, which may hold no NUL. */
void put_literal(struct buf *, struct span);

/* An atom if it is one, else as put_string. */
void put_astring(struct buf *, struct span, bool utf8);

void put_number(struct buf *, uint64_t);
/* The same behind a character, for long lists: in one piece. */
void put_next(struct buf *, char before, uint64_t);

/* "17-Jul-1996 02:44:25 -0700", quoted, in the local zone. */
void put_date_time(struct buf *, time_t);

#endif
