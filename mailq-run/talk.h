/* The client's end of a connection: output collected, replies read, a time
 * limit on each.  While it writes it also reads, so two sides that both have
 * much to say do not wait for each other for ever (RFC 2920 s. 3.1). */
#ifndef MAILQ_RUN_TALK_H
#define MAILQ_RUN_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailq-run/reply.h"

enum {
	TALK_IN = 16384,
	TALK_OUT = 131072,
	TALK_BLOCK = 180, /* seconds to write it (RFC 5321 s. 4.5.3.2.5) */
};

enum talk_got {
	TALK_OK,
	TALK_GONE, /* closed or broken */
	TALK_LATE, /* a time limit passed */
	TALK_STRANGE, /* what came is no reply */
};

struct talk {
	int fd; /* non-blocking */
	int leash; /* when its other end closes, nobody wants the outcome any
		    * more and the process ends; -1: none */
	unsigned hurry; /* divides every time limit; 1 */
	int64_t stop; /* the end of it all, CLOCK_MONOTONIC ms */
	size_t at, end; /* unread octets of in */
	size_t olen;
	bool eof;
	bool quiet; /* nothing that comes now was asked for */
	struct reply reply; /* the last one */
	char in[TALK_IN];
	char out[TALK_OUT];
};

void talk_init(struct talk *, int fd, int leash, unsigned hurry, int seconds);

/* The same server from now on by another descriptor. */
void talk_change(struct talk *, int fd);

/* Room for n octets of output at t->out + t->olen (n <= TALK_OUT / 2), made by
 * writing what is there, within TALK_BLOCK. */
enum talk_got talk_room(struct talk *, size_t n);

/* Collect one command, CRLF appended. */
void talk_printf(struct talk *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Write all that was collected.  While "quiet" it stops, TALK_STRANGE, when
 * something comes and no more can be written. */
enum talk_got talk_flush(struct talk *, int seconds);

/* Write what was collected, then read the next reply into t->reply; the limit
 * is for the whole of it. */
enum talk_got talk_reply(struct talk *, int seconds);

/* Octets that came without being asked for are waiting. */
bool talk_unread(const struct talk *);

#endif
