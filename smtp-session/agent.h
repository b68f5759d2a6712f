/* Delivery agents: processes that write mail as those who own it.
 *
 * MAY HOLD ROOT until it has dropped to the user.  The monitor forks one per
 * mailbox (or for the spool) and gives the other end of its socket to the
 * parser; from then on the two talk directly, in records:
 *
 *	parser			agent			data
 *	(AGENT_BEGIN how				address)
 *				AGENT_MAILBOX		name NUL final NUL
 *				AGENT_REMOTE		(exits)
 *				AGENT_UNKNOWN		(exits)
 *				AGENT_REFUSED		text NUL rule NUL (exits)
 *				AGENT_TROUBLE errno	text (exits)
 *				AGENT_TARGETS more	target NUL ... (exits)
 *				AGENT_SPOOL		(spool agent)
 *	AGENT_PREPARE + fd				from NUL original NUL
 *				AGENT_DONE more | AGENT_FAILED errno, text
 *					| AGENT_BOUNCED status+more, text
 *	AGENT_COMMIT		AGENT_DONE | AGENT_FAILED
 *	AGENT_DELIVER + fd	as PREPARE and COMMIT in one
 *	AGENT_ABORT		(no answer)
 *	AGENT_AHEAD + fd	(no answer)		as PREPARE
 *
 * The spool agent has two more before PREPARE (whose data it ignores), and gives
 * out unlinked files.  Each PREPARE is an entry, COMMIT and ABORT are for all:
 *
 *	AGENT_ENVELOPE flags	(no answer)		id NUL from NUL user NUL
 *							envid NUL via NUL
 *	AGENT_RCPT notify	(no answer)		state address NUL
 *							orcpt NUL
 *	AGENT_FILE		AGENT_DONE + fd
 *
 * An agent answers as soon as it knows and locks itself down then; if that
 * fails it is gone before it has read any message.
 *
 * The fd is the content, to be read from its beginning.  When the socket
 * closes, what is not committed is taken back and the agent exits. */
#ifndef SMTP_SESSION_AGENT_H
#define SMTP_SESSION_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "message/span.h"
#include "session/config.h"

enum {
	AGENT_SECONDS = 60, /* for one request, then it is killed */
	AGENT_LIVES = 1800, /* without a request */
	AGENT_ADDRESS_MAX = 400, /* octets */
	AGENT_DRAFTS = 32, /* entries of the spool for one message */
	AGENT_HEAD_MAX = 4096, /* of what is written above a message */
	AGENT_CONTINUE = 1, /* a value: the message of AHEAD, complete */
	AGENT_MORE = 1 << 16, /* in a value: those behind a command follow */
};

enum agent_record {
	/* answers */
	AGENT_MAILBOX = 1,
	AGENT_REMOTE,
	AGENT_UNKNOWN,
	AGENT_REFUSED,
	AGENT_TROUBLE,
	AGENT_TARGETS,
	AGENT_SPOOL,
	AGENT_DONE,
	AGENT_FAILED,
	AGENT_BOUNCED, /* a command says no */
	/* requests */
	AGENT_PREPARE,
	AGENT_COMMIT,
	AGENT_DELIVER,
	AGENT_ABORT,
	AGENT_ENVELOPE,
	AGENT_RCPT,
	AGENT_FILE,
	AGENT_BEGIN,
	AGENT_AHEAD, /* a message that still grows; without fd: it has grown */
};

/* How a mailbox agent is asked to begin (ASK_RCPT's value). */
enum agent_how {
	AGENT_OPEN, /* resolve; if it is a mailbox become its owner */
	AGENT_FINAL, /* a mailbox: no aliases, no .forward */
	AGENT_USER, /* a user: no aliases */
	AGENT_OUTLET, /* a command or file by its name, see outlet.h */
	AGENT_LOOK, /* resolve only, then exit */
	AGENT_NAMES, /* a name without domain: who has it in which domain */
	AGENT_HOW_KINDS,
};

/* Flags of AGENT_ENVELOPE. */
enum {
	ENVELOPE_BODY8 = 1,
	ENVELOPE_UTF8_ASKED = 2,
	ENVELOPE_RET_FULL = 4,
	ENVELOPE_RET_HDRS = 8,
	ENVELOPE_HELD = 16,
	ENVELOPE_TLS = 32, /* REQUIRETLS */
	ENVELOPE_FOREIGN = 64, /* the sender's domain is none of ours */
};

/* The whole life of a child that the monitor just forked. */
noreturn void agent_mailbox(int sock, const struct config *,
    const char *local_ip, struct span address, enum agent_how);
/* The same for one that is told its address by the parser, in AGENT_BEGIN. */
noreturn void agent_ready(int sock, const struct config *,
    const char *local_ip);
noreturn void agent_spool(int sock, const struct config *);

/* May it be asked so: a known "how", an address of sane length without
 * control octets? */
bool agent_may(int how, struct span address);

/* The next string of a record's data, NUL-terminated; "" when it has none or
 * holds an octet that no header may have. */
const char *agent_string(struct span *rest);

#endif
