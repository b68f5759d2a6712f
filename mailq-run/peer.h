/* Connections and their workers. */
#ifndef MAILQ_RUN_PEER_H
#define MAILQ_RUN_PEER_H

#include "mailq-run/run.h"

enum peer_state {
	PEER_FREE,
	PEER_CONNECTING, /* fd is the TCP socket */
	PEER_GREETING,
	PEER_IDLE, /* wants a letter, or to be told to quit */
	PEER_BUSY,
	PEER_QUITTING,
};

struct peer {
	struct peer *next; /* of its destination */
	struct dest *dest;
	enum peer_state state;
	size_t address; /* index in dest->route */
	int fd;
	int64_t since; /* ms; in this state */
	unsigned features;
	size_t most; /* letters that it takes */
	size_t took; /* letters of which it took something */
	size_t letters, good; /* given to it; recipients it took */
	struct job *job[2]; /* in work; sent ahead */
};

/* Begin to connect to an address of the destination.  0; -1: not even that,
 * the address is marked dead. */
int peer_open(struct run *, struct dest *, size_t address);

/* Its descriptor has an event. */
void peer_ready(struct run *, struct peer *);

/* Give letters to idle ones, or let them go. */
void peer_hand_out(struct run *);

/* End what takes too long. */
void peer_tick(struct run *);

#endif
