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
#include "smtp-session/target.h"

enum {
	DELIVER_AGENTS = 32, /* mailboxes open at once; more: by the spool */
	DELIVER_TARGETS = SPOOL_RCPTS,
	DELIVER_TEXT_MAX = 2 << 20,
	DELIVER_SECONDS = AGENT_SECONDS + 5,
	DELIVER_STEP = 1 << 20, /* of deliver_ahead */
};

struct deliver_agent {
	int sock; /* -1: none */
	enum agent_how how; /* it was asked */
	bool used; /* in this transaction */
	unsigned asked; /* answers are due */
	bool ahead; /* it copies what has come of the message */
	char addr[ENVELOPE_TEXT]; /* what was asked for */
	char name[ADDR_MAX + 1]; /* of the mailbox */
	char final[ADDR_MAX + 1];
};

struct deliver {
	int monitor;
	struct deliver_agent agent[DELIVER_AGENTS];
	int agents; /* slots that were ever in use */
	int ready; /* socket of an agent that waits for its address; -1 none */
	struct deliver_agent spool;
	struct target target[DELIVER_TARGETS];
	size_t targets;
	struct group group[AGENT_DRAFTS];
	size_t groups;
	struct buf text; /* strings of the targets; the first one is empty */
	bool held; /* deliver_hold */
	uint64_t ahead; /* the size at which deliver_ahead has work again */
	bool twice; /* deliver_add met somebody who gets a copy already */

	/* what deliver_look found */
	int found; /* index of the agent, -1 none */
	char found_name[ADDR_MAX + 1];
	char found_final[ADDR_MAX + 1];
	struct buf found_targets;
	struct buf why; /* reason for the log */
	char rule[400]; /* FILE:LINE of what refused; "" none */
	int error; /* errno of the last failure */
	bool foreign; /* the sender's domain is none of ours */
	int status; /* exit status of a command; 0 none */
	bool more; /* those behind it get the mail, too */
	int seconds; /* for the next answer of an agent */
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
	DELIVER_LONG_FULL, /* 552 5.2.2 */
	DELIVER_LOOP, /* 554 5.4.6 */
	DELIVER_BOUNCED, /* a command refused it: status, why */
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

/* "size" octets of a large message are in its file: have mailboxes copy them
 * while the rest comes.  Only for content that will not change any more. */
void deliver_ahead(struct deliver *, const struct deliver_mail *,
    uint64_t size);

/* An unlinked file of the spool for a large message; -1 and why. */
int deliver_file(struct deliver *);

void deliver_end(struct deliver *); /* close all agents */

#endif
