/* The content of a message: from the wire to what is stored.
 *
 * Octets go in as they come, in any division; lines with LF come out of
 * "out", header first.  Only CR LF . CR LF is the end: a bare LF ends a line
 * but is never part of the end of the message, a bare CR ends nothing
 * (RFC 5321 s. 2.3.8 and 4.1.1.4). */
#ifndef SMTP_SESSION_DATA_H
#define SMTP_SESSION_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"

enum {
	DATA_HEADER_MAX = 256 * 1024, /* what we look at */
	DATA_FIELDS_MAX = 1000,
	DATA_RECEIVED_MAX = 100, /* RFC 5321 s. 6.3 */
	DATA_STEP = 32 * 1024, /* decoded at a time */
	DATA_LOOPS_MAX = 16 * 1024, /* of Delivered-To values */
	DATA_FROM_MAX = 64 * 1024, /* of From values, and of Sender */
	DATA_NAMES_MAX = 4 * DATA_FROM_MAX + 1, /* list_next's scratch */
};

enum data_at { /* what the octets so far end with */
	AT_LINE, /* CR LF, or nothing yet */
	AT_BARE_LINE, /* a LF without CR */
	AT_TEXT,
	AT_CR,
	AT_DOT, /* CR LF . */
	AT_DOT_CR, /* CR LF . CR */
	AT_END,
};

struct data {
	/* set by the caller */
	uint64_t limit; /* octets of a message; more are not stored */
	bool mend_cr; /* a bare CR becomes a blank */
	/* A message of one of our users is completed (complete.h), with this
	 * name, domain and envelope sender ("" null path); NULL leaves it. */
	const char *id, *host, *sender;
	bool login; /* the sender is who has logged in, and said to be so */
	int (*out)(void *ctx, const void *, size_t); /* 0 / -1, fail_text() */
	void *ctx;

	/* to be read at the end */
	uint64_t size; /* octets as stored, without what we added */
	bool too_big;
	bool bare; /* a line end that is none was among it */
	bool endless; /* fields beyond what we look at */
	bool high; /* octets above 0x7f in the header */
	unsigned fields; /* of the header */
	unsigned received; /* those of them that are Received */
	struct buf loops; /* values of Delivered-To, each with a NUL */
	struct buf from; /* values of From fields, each with a NUL */
	struct buf senders; /* the same of Sender */
	int error; /* errno of "out", 0 for none */

	/* its own */
	enum data_at at;
	bool in_body;
	bool has_id, has_date, has_from;
	struct buf head;
	size_t searched; /* of head, for the empty line */
	char step[DATA_STEP];
};

/* Before the first message; data_start before each. */
void data_init(struct data *);
void data_start(struct data *);

/* Decode what stands between "354" and the final dot.  Returns how many
 * octets of "in" belong to it; when at == AT_END the message is complete and
 * the rest is the next command. */
size_t data_feed(struct data *, struct span in);

/* The same for a chunk of BDAT, which knows no dots (RFC 3030). */
void data_chunk(struct data *, struct span in);

/* After the last octet: write what is still held. */
void data_finish(struct data *);

/* Was it delivered to "final" before? */
bool data_loops(const struct data *, const char *final);

static inline bool
data_done(const struct data *d)
{
	return d->at == AT_END;
}

#endif
