/* Who may send to whom.  One pure function decides; nothing else does. */
#ifndef SMTP_SESSION_POLICY_H
#define SMTP_SESSION_POLICY_H

#include <stdbool.h>

enum policy_peer {
	POLICY_STRANGER, /* TCP from somewhere */
	POLICY_LOOPBACK, /* TCP from this host: no more rights to relay */
	POLICY_LOCAL, /* Unix socket or pipe: the kernel says who it is */
};

enum policy_class { /* of a recipient, as the delivery agent found it */
	CLASS_MAILBOX, /* a mailbox here */
	CLASS_ALIAS, /* a name here that stands for others */
	CLASS_REMOTE, /* none of our domains */
	CLASS_UNKNOWN, /* our domain, but nobody of that name */
	CLASS_REFUSED, /* an alias says so (`:fail:`) */
	CLASS_TROUBLE, /* cannot be told now */
};

struct policy_facts {
	enum policy_peer peer;
	bool submission; /* the port for our own users: login demanded */
	bool authenticated;
	enum policy_class rcpt;
};

enum policy_verdict {
	POLICY_TAKE, /* deliver it here */
	POLICY_RELAY, /* take it and send it on */
	POLICY_NO_RELAY, /* 550 5.7.1 */
	POLICY_NO_USER, /* 550 5.1.1 */
	POLICY_NO_LOGIN, /* 530 5.7.0 */
	POLICY_REFUSED, /* 550 5.2.1 or what the alias says */
	POLICY_LATER, /* 451 4.3.0 */
};

/* *why is one constant word for the log and for -explain. */
enum policy_verdict policy_rcpt(const struct policy_facts *, const char **why);

/* May the peer ask who exists here (VRFY and EXPN in earnest, VERB)? */
bool policy_curious(const struct policy_facts *);

#endif
