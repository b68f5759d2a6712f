/* How a session begins: what descriptor 0 is decides.
 *
 * A connected socket: one process, one connection (inetd nowait, systemd
 * Accept=yes, tcpserver).  A listening socket: accept, fork per connection,
 * leave after 60 s without one (inetd wait, systemd Accept=no; LISTEN_FDS
 * with descriptor 3 is understood).  Anything else (pipe, terminal): one
 * connection with the user who runs us. */
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

/* Find out and call "session" once per connection, with it as descriptors 0
 * and 1; returns the exit status for main.  In accept mode each call happens
 * in a forked child, and "ready" has run once before the first. */
int start_sessions(int (*session)(const struct peer *, void *ctx), void *ctx);

#endif
