/* Delivery status notifications: multipart/report (RFC 3461, 3462, 3464). */
#ifndef MESSAGE_DSN_H
#define MESSAGE_DSN_H

#include <stdbool.h>
#include <time.h>

#include "message/buf.h"
#include "message/span.h"

/* Octets of a remote side's words kept per recipient, and of the original
 * sent back; an original longer than that is cut to its header. */
enum { DSN_REMOTE_MAX = 1024, DSN_ORIGINAL_MAX = 50000 };

enum dsn_action { /* RFC 3464 s. 2.3.3 */
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	DSN_RELAYED,
	DSN_EXPANDED,
};

/* What became of one recipient.  All text is borrowed; an empty span leaves
 * its field out.  Remote text is reduced to printable ASCII by dsn_put. */
struct dsn_rcpt {
	struct span final; /* address without brackets */
	struct span orcpt; /* "rfc822;xtext" as the client gave it */
	enum dsn_action action;
	struct span status; /* "5.1.1" */
	struct span remote; /* host name of the remote side */
	struct span diagnostic; /* its reply, lines between LF */
	struct span dialogue; /* that led there, for people; lines likewise */
	time_t last_attempt; /* 0: none */
	time_t retry_until; /* 0: leave out */
};

struct dsn {
	struct span reporting_mta; /* our host name */
	struct span id; /* message id "id@host" of the notification itself */
	struct span to; /* whom it goes to: sender of the original */
	struct span envid; /* as given, still xtext */
	time_t arrival; /* of the original */
	time_t now;
	const struct dsn_rcpt *rcpt; /* at least one, of one kind of news */
	size_t rcpts;
	struct span header; /* of the original, LF line ends, for Subject and
			     * Message-ID and for the returned part */
	struct span body; /* of the original; returned only with "full" */
	bool full; /* message/rfc822 instead of text/rfc822-headers */
};

/* Write the whole notification, LF line ends, header first; the envelope
 * sender is to be <>.  With an address that is not ASCII it has the types of
 * RFC 6533.  The same input gives the same octets.  The caller looks at
 * b->over. */
void dsn_put(struct buf *b, const struct dsn *);

#endif
