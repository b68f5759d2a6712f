/* Connections and their workers. */
#ifndef MAILQ_RUN_PEER_H
#define MAILQ_RUN_PEER_H

#include "mailq-run/run.h"

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
