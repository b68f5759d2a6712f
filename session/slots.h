/* Admission: how many sessions run, without a process that counts them.
 *
 * A slot is an octet of a file in the run directory, locked by the kernel for
 * as long as a descriptor of its holder is open: whatever kills a session
 * frees its slot, and nothing is ever left over.  The file stays empty; the
 * slots of an address are octets far behind its end, where the address says
 * (open file description locks, fcntl(2)). */
#ifndef SESSION_SLOTS_H
#define SESSION_SLOTS_H

#include <stdbool.h>
#include <sys/types.h>

struct slots {
	int fd; /* -1: none taken; close-on-exec */
	unsigned taken; /* slots in use, ours too */
	bool stress; /* four of five are taken: shorter waits */
};

/* Take one of "all" slots and, for an Internet address ("ip" not ""), one of
 * "each" of that address (/32 or /64); neither is above 4096.  "service" names
 * the file RUN/slots-SERVICE.
 * 1: taken, until slots_close or the end of every process that inherited it.
 * 0: all are taken, *limit is the config word that says how many.
 * -1: fail_text(): serve the client, and say so in the log. */
int slots_take(struct slots *, const char *run, const char *service,
    const char *ip, unsigned all, unsigned each, const char **limit);

/* One more of the same session, of "each" slots that a user has: after the
 * login.  Without a slot of slots_take (fd -1) it takes the file itself.
 * 1, 0, -1 as above. */
int slots_user(struct slots *, const char *run, const char *service,
    const char *user, unsigned each);

/* One of n slots, as soon as there is one, for "seconds" at most: so many hash
 * passwords at a time.  1; 0: none came free; -1: fail_text(). */
int slots_wait(struct slots *, const char *run, const char *service, unsigned n,
    unsigned seconds);

void slots_close(struct slots *);

#endif
