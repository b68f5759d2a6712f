/* Fixed-layout records between two processes of one connection.
 *
 * They cross a SOCK_SEQPACKET pair, one record per packet, perhaps with one
 * descriptor.  A packet that is short, long, or whose len does not match is
 * an error of the peer (EBADMSG), and ends the connection. */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

enum {
	RECORD_DATA = 8192,
	/* RLIMIT_NOFILE of whoever sends descriptors.  The kernel compares it
	 * with how many all processes of that uid have on the way, to
	 * whomever, not with how many are open. */
	RECORD_FILES = 1024,
};

struct record {
	uint32_t kind; /* which request or answer, by the pair's own enum */
	int32_t value;
	uint32_t len; /* octets of data in use */
	char data[RECORD_DATA]; /* [len] is NUL after record_recv */
};

/* A connected pair, close-on-exec.  0 / -1. */
int record_pair(int pair[2]);

/* Send kind, value, data and, unless fd is -1, a descriptor.
 * 0; -1: errno (EMSGSIZE when data is longer than RECORD_DATA - 1). */
int record_send(int sock, uint32_t kind, int32_t value, struct span data,
    int fd);

/* Receive one; *fd is the descriptor or -1; with fd == NULL one that comes is
 * closed.  "ms" < 0 waits for ever.
 * 1; 0: the peer is gone; -1: errno (ETIMEDOUT, EBADMSG, ...). */
int record_recv(int sock, struct record *r, int *fd, int ms);

static inline struct span
record_span(const struct record *r)
{
	return (struct span){ r->data, r->len };
}

#endif
