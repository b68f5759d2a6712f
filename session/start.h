/* How a session begins: what descriptor 0 is decides.
 *
 * A connected socket: one process, one connection (inetd nowait, systemd
 * Accept=yes, tcpserver).  A listening socket: accept, fork per connection,
 * leave after 60 s without one (inetd wait, systemd Accept=no).  Anything else
 * (pipe, socketpair, terminal): one connection with the user who runs us.
 * A descriptor 3 of LISTEN_FDS is 0 since sandbox_start. */
#ifndef SESSION_START_H
#define SESSION_START_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

enum peer_kind {
	PEER_INET, /* TCP from somewhere */
	PEER_UNIX, /* a Unix socket: uid and gid are the kernel's word */
	PEER_PIPE, /* pipe or terminal: uid and gid are our own */
};

struct peer {
	enum peer_kind kind;
	bool loopback; /* PEER_INET from 127/8 or ::1 */
	char ip[INET6_ADDRSTRLEN]; /* "" unless PEER_INET */
	char port[8];
	char local_ip[INET6_ADDRSTRLEN]; /* our end */
	uid_t uid; /* not for PEER_INET */
	gid_t gid;
};

/* Accept mode: is descriptor 0 a listening socket? */
bool start_listens(void);

/* For accept mode: at most "all" (the rest waits in the kernel's queue) and
 * "each" from one address (the rest is told "busy", a whole reply with its
 * line end, or NULL).  Borrowed.  Defaults: 100, 20, NULL. */
void start_limits(unsigned all, unsigned each, const char *busy);

/* For accept mode: from these addresses (address_listed) any number may come.
 * Borrowed. */
void start_except(const char *list);

/* For accept mode on an Internet address: processes wait that have called
 * "ready" before there is a client.  Descriptors 0 and 1 are /dev/null then,
 * "ctx" is that of start_sessions, which calls "session" later as ever; it
 * must not take longer than a session may take to begin. */
void start_ahead(void (*ready)(void *ctx));

/* Find out and call "session" once per connection, with it as descriptors 0
 * and 1; returns the exit status for main.  In accept mode each call happens
 * in a forked child; SIGTERM is passed on to the sessions. */
int start_sessions(int (*session)(const struct peer *, void *ctx), void *ctx);

#endif
