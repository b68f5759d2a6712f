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

/* One of "each" slots of a user, for after the login. */
int slots_user(struct slots *, const char *run, const char *service, uid_t uid,
    unsigned each);

void slots_close(struct slots *);

#endif
