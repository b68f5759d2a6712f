/* What the hosts teach us about how much they take, in this run and, by
 * hosts.h, for those to come. */
#ifndef MAILQ_RUN_LEARN_H
#define MAILQ_RUN_LEARN_H

#include "mailq-run/run.h"

/* What earlier runs learned of an address: limits go into *d; why it is dead,
 * NULL. */
const char *learn_before(struct run *, struct dest *, size_t address);

/* It refused one connection more than it has of ours; "serves": to those that
 * it has it has said good day. */
void learn_refused(struct run *, struct dest *, size_t address, bool serves);

/* It ended a connection over which it took so many letters, perhaps with this
 * code: it gets time to breathe, and, when it said that it was enough, so many
 * next time. */
void learn_ended(struct run *, struct dest *, size_t address, unsigned code,
    size_t letters);

/* How many letters to give to one connection, "most" (0: unknown) being what
 * it said itself. */
size_t learn_letters(struct run *, const struct dest *, size_t address,
    size_t most);

#endif
