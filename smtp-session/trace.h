/* The trace fields we add (RFC 5321 s. 4.4). */
#ifndef SMTP_SESSION_TRACE_H
#define SMTP_SESSION_TRACE_H

#include <stdbool.h>
#include <time.h>

#include "message/buf.h"

/* What one Received field says.  Strings may hold what the client sent; only
 * what RFC 5321 allows there comes out. */
struct trace {
	const char *helo; /* as given; "" never greeted */
	const char *client; /* its name in the DNS; "" none */
	const char *ip; /* of the client; "" not TCP */
	unsigned uid; /* when not TCP */
	const char *host; /* ours */
	const char *id;
	const char *rcpt; /* NULL unless there is exactly one */
	time_t when;
	bool extended; /* EHLO */
	const char *tls; /* version and cipher; "" in clear */
	bool authenticated;
	bool hidden; /* where it came from is nobody's business */
	bool utf8;
};

/* "Received: from ..." with LF line ends. */
void trace_received(struct buf *, const struct trace *);

/* The word behind "with" (RFC 3848, RFC 6531 s. 4.3). */
const char *trace_protocol(const struct trace *);

/* What the last host writes above it all: Return-Path, X-Original-To (when it
 * is not the same) and Delivered-To. */
void trace_delivery(struct buf *, const char *from, const char *original,
    const char *final);

#endif
