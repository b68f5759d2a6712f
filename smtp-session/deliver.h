/* Two-phase delivery, seen from the parser. */
#ifndef SMTP_SESSION_DELIVER_H
#define SMTP_SESSION_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailq-run/spool.h"
#include "message/addr.h"
#include "message/buf.h"
#include "session/record.h"
#include "smtp-session/agent.h"
#include "smtp-session/data.h"
#include "smtp-session/envelope.h"
#include "smtp-session/policy.h"

enum {
	DELIVER_AGENTS = 32, /* mailboxes open at once; more: by the spool */
	DELIVER_TARGETS = SPOOL_RCPTS,
	DELIVER_TEXT_MAX = 2 << 20,
	DELIVER_SECONDS = AGENT_SECONDS + 5,
};

struct deliver_agent {
	int sock; /* -1: none */
	bool used; /* in this transaction */
	bool asked; /* an answer is due */
	char addr[ENVELOPE_TEXT]; /* what was asked for */
	char name[ADDR_MAX + 1]; /* of the mailbox */
	char final[ADDR_MAX + 1];
};

/* One copy of the message. */
struct target {
	int agent; /* who writes it; -1: the spool does */
	char entry; /* of the spool: 0 none, else which one */
	enum spool_state state; /* with which it goes there */
	unsigned notify;
	size_t addr, original, orcpt; /* in text */
};

struct deliver {
	int monitor;
	struct deliver_agent agent[DELIVER_AGENTS];
	int agents; /* slots that were ever in use */
	int ready; /* socket of an agent that waits for its address; -1 none */
	struct deliver_agent spool;
	struct target target[DELIVER_TARGETS];
	size_t targets;
	struct buf text; /* strings of the targets */
	bool held; /* deliver_hold */
	bool twice; /* deliver_add met somebody who gets a copy already */

	/* what deliver_look found */
	int found; /* index of the agent, -1 none */
	char found_name[ADDR_MAX + 1];
	char found_final[ADDR_MAX + 1];
	struct buf found_targets;
	struct buf why; /* reason for the log */
	int error; /* errno of the last failure */
	struct record record;
};

struct deliver_mail {
	const char *id, *from, *user;
	const struct envelope *envelope;
	const struct data *data;
	int fd; /* the content */
};

enum deliver_result {
	DELIVER_OK,
	DELIVER_TROUBLE, /* 451 */
	DELIVER_FULL, /* 452 4.3.1 */
	DELIVER_QUOTA, /* 452 4.2.2 */
	DELIVER_LOOP, /* 554 5.4.6 */
};

/* The sockets of the monitor and of an agent_ready (-1 none). */
void deliver_init(struct deliver *, int monitor, int ready);

/* Ask for an address.  The agent of a mailbox stays for deliver_add and for
 * later messages; why is set for UNKNOWN, REFUSED and TROUBLE. */
enum policy_class deliver_look(struct deliver *, const char *addr,
    enum agent_how);

/* Let what was found last get a copy; the same mailbox twice is one.
 * 0; -1: too many; -2: it leads to nobody, why. */
int deliver_add(struct deliver *, const struct recipient *, enum policy_class);

void deliver_hold(struct deliver *); /* all wait in the spool, held */
void deliver_reset(struct deliver *); /* end of a transaction; agents stay */

/* Deliver to all.  OK: a promise was kept to everyone, by mailbox or spool.
 * Anything else: why says what failed, and nothing is visible (but see
 * commit_late in commit.c). */
enum deliver_result deliver_message(struct deliver *,
    const struct deliver_mail *);

/* An unlinked file of the spool for a large message; -1 and why. */
int deliver_file(struct deliver *);

void deliver_end(struct deliver *); /* close all agents */
/* ---- between deliver.c and commit.c */
/* Have the monitor fork an agent.  Its socket; -1 with why. */
int deliver_hire(struct deliver *, uint32_t ask, int value, const char *addr);

/* The agent's next record into d->record; false with why. */
bool deliver_hear(struct deliver *, int sock, const char *who);

/* Dismiss an agent that broke off. */
void deliver_let_go(struct deliver_agent *);

#endif
