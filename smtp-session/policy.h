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
	CLASS_FULL, /* its quota is used up */
	CLASS_LONG_FULL, /* for more than a day */
};

/* Mail for "postmaster" is taken from everybody (RFC 5321 s. 4.5.1). */

struct policy_facts {
	enum policy_peer peer;
	bool submission; /* the port for our own users: login demanded */
	bool authenticated;
	enum policy_class rcpt;
	bool postmaster; /* the recipient's local part */
	bool mute; /* all of it would go to domains that take no mail */
	bool listed; /* a DNS list has the client's address */
	bool early; /* the grey list wants it to come again */
};

enum policy_verdict {
	POLICY_TAKE, /* deliver it here */
	POLICY_RELAY, /* take it and send it on */
	POLICY_NO_RELAY, /* 550 5.7.1 */
	POLICY_NO_USER, /* 550 5.1.1 */
	POLICY_NO_LOGIN, /* 530 5.7.0 */
	POLICY_REFUSED, /* 550 5.2.1 or what the alias says */
	POLICY_LATER, /* 451 4.3.0 */
	POLICY_FULL, /* 452 4.2.2 */
	POLICY_LONG_FULL, /* 552 5.2.2 */
	POLICY_MUTE, /* 556 5.1.10 */
	POLICY_LISTED, /* 554 5.7.1 */
	POLICY_EARLY, /* 450 4.7.1 */
};

enum policy_domain { /* of a sender, as the DNS has it */
	DOMAIN_GOOD, /* mail for it goes somewhere; or nobody asked */
	DOMAIN_MUTE, /* it says that it takes no mail (RFC 7505) */
	DOMAIN_MISSING, /* there is none, or nothing that mail could go to */
	DOMAIN_UNSURE, /* nobody can tell now */
};

enum policy_sender {
	SENDER_TAKE,
	SENDER_MUTE, /* 550 5.7.27 */
	SENDER_MISSING, /* 550 5.1.8 */
	SENDER_LATER, /* 451 4.1.8 */
};

/* May mail come from there?  A report on it could not go back. */
enum policy_sender policy_sender(const struct policy_facts *,
    enum policy_domain, const char **why);

/* Are sender and client to be looked up, in the DNS and the grey list? */
bool policy_asks(const struct policy_facts *);

/* *why is one constant word for the log and for -explain. */
enum policy_verdict policy_rcpt(const struct policy_facts *, const char **why);

/* May the peer ask who exists here (VRFY and EXPN in earnest, VERB)? */
bool policy_curious(const struct policy_facts *);

#endif
