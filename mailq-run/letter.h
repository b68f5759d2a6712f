/* What crosses between the manager and a worker: letters (one message for
 * some recipients of one destination) and results, as records of fixed
 * layout.  Pure: packing and unpacking only. */
#ifndef MAILQ_RUN_LETTER_H
#define MAILQ_RUN_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "session/record.h"

enum {
	LETTER_RCPTS = 100, /* of one transaction (RFC 5321 s. 4.5.3.1.8) */
	RESULT_REPLY = 1024,
};

enum work_kind {
	/* manager to worker */
	WORK_START = 1, /* descriptor: the connected socket; see start_* */
	WORK_LETTER, /* descriptor: the message */
	WORK_NOTHING, /* the answer to WORK_NEXT when there is none */
	WORK_QUIT,
	/* worker to manager */
	WORK_READY, /* greeted; value: FEATURE_*, and from FEATURE_MAILS up
		     * how many letters it will take; 0: no limit known */
	WORK_NEXT, /* a letter now could go in the same group (RFC 2920) */
	WORK_RESULT,
	WORK_TLS, /* to manager: descriptor of the server's socket, for a
		   * handshake; to worker: one from which a record will say
		   * how it went, with the descriptor to go on with and the
		   * struct scram_binding, or why not */
	WORK_CLEAR, /* the handshake failed: try again without; leaves.  With
		     * START_MUST it is WORK_LOST instead */
	WORK_LOST, /* no more letters to this server; a result without
		    * recipient says why; the worker leaves */
};

enum {
	FEATURE_PIPELINING = 1,
	FEATURE_DSN = 2,
	FEATURE_TLS = 4,
	FEATURE_MAILS = 8
};

enum start_tls {
	START_INSIDE = 'I', /* none: the socket of our own host */
	START_CLEAR = 'C', /* none */
	START_MAY = 'O', /* STARTTLS when it is offered */
	START_MUST = 'M', /* always */
	START_SURE = 'S', /* always, and the relay knows who it is */
};

struct start {
	const char *hello; /* our name for EHLO */
	enum start_tls tls;
	bool smtps; /* the handshake comes before the greeting */
	const char *by; /* who demands TLS */
	const char *user, *password; /* for AUTH; "" none */
	unsigned hurry; /* all time limits are divided by this; 1 */
};

int start_send(int sock, const struct start *, int fd);
int start_read(struct start *, const struct record *);

struct letter_rcpt {
	const char *addr;
	const char *orcpt; /* "" */
	unsigned notify; /* NOTIFY_* of spool.h */
};

struct letter {
	uint32_t token; /* the manager's name for it */
	off_t at; /* where the content begins in the file */
	uint64_t size; /* of the content */
	char ret;
	bool body8, utf8, tls; /* tls: REQUIRETLS (RFC 8689) */
	bool report; /* for the filters of smtp-session first */
	const char *from, *envid;
	size_t rcpts;
	struct letter_rcpt rcpt[LETTER_RCPTS];
	char text[RECORD_DATA]; /* of a letter that was read */
};

/* Octets that one recipient takes of a record, and what there is in all
 * beside sender and envid. */
size_t letter_cost(const struct letter_rcpt *);
enum { LETTER_ROOM = 5000 };

int letter_send(int sock, const struct letter *, int fd);
/* 0; -1: EBADMSG. */
int letter_read(struct letter *, const struct record *);

enum verdict {
	VERDICT_SENT,
	VERDICT_FAIL, /* 5xx */
	VERDICT_DEFER, /* later, not at another host of the list now */
	VERDICT_NEXT, /* temporary; another host may be tried now (with a
		       * status 5.x.x: and final when there is none) */
	VERDICT_AGAIN, /* untried: to be given out again at once */
};

struct result {
	uint32_t token;
	uint16_t rcpt; /* index in the letter */
	bool last; /* of the letter */
	enum verdict verdict;
	uint16_t code; /* of the reply; 0: it was no reply */
	char status[12]; /* "5.1.1" */
	char reply[RESULT_REPLY]; /* "550 5.1.1 Unknown", lines between LF */
};

int result_send(int sock, enum work_kind, const struct result *);
int result_read(struct result *, const struct record *);

#endif
