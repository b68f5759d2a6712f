/* The root process of a connection: answers the parser's requests.
 *
 * MAY HOLD ROOT.  No parser, no malloc, nothing of the network: it receives
 * fixed-size records, looks them up in the program's table of rights, and
 * ends the connection over whatever is not in it, too long or too often. */
#ifndef SESSION_MONITOR_H
#define SESSION_MONITOR_H

#include <stddef.h>
#include <sys/types.h>

#include "session/record.h"

struct monitor;

struct right {
	unsigned times; /* per connection; 0: no such request */
	size_t longest; /* octets of data */
	/* 0: go on; 1: the connection is done, leave with success (the
	 * answer took care of the child); -1: end it, fail_text() is logged. */
	int (*answer)(struct monitor *, const struct record *, int fd);
};

enum { MONITOR_KINDS = 16, ASK_LOG = 0 }; /* every program's request 0 */

struct monitor {
	int sock;
	pid_t child; /* the parser */
	int life; /* its pidfd; the monitor's own */
	void *ctx; /* the program's own */
	/* Called once, with powers lowered, before the first request; NULL. */
	void (*first)(struct monitor *);
	const struct right *rights; /* MONITOR_KINDS rows, [ASK_LOG] too */
	unsigned used[MONITOR_KINDS];
};

/* Lower our own powers, then serve requests until the child closes its end or
 * breaks a rule; then kill and reap it (and reap whatever answers forked).
 * SIGTERM is passed on to the child.  Exit status for main: the child's, or
 * 71 (EX_OSERR).
 * The soft limits (16 MiB of memory, 1024 descriptors) are inherited by what an
 * answer forks: sandbox_limits sets its own, higher ones too. */
int monitor_serve(struct monitor *);

/* In a child that an answer forked: close all of the monitor's descriptors but
 * "sock", 2 and the log, so that nobody waits for an end that it holds. */
void monitor_leave(int sock);

/* The answer for ASK_LOG, for the rights table: value is the priority.
 * Nothing is sent back. */
int monitor_log(struct monitor *, const struct record *, int fd);

/* In the child: let log_line send ASK_LOG records over "sock". */
void monitor_client(int sock);
unsigned monitor_lines(void); /* so many were sent */

/* The same in the parser, which keeps only its client, 2, "sock" and "other"
 * (made after it; -1 none) of what the monitor has open. */
void monitor_parser(int sock, int other);

#endif
