/* What the DNS says of a client and of a sender's domain.
 *
 * The look-ups are mailq-run/dns.h's, by a resolver process that the monitor
 * forks when the first question is due; a session without questions has
 * none. */
#ifndef SMTP_SESSION_NAMES_H
#define SMTP_SESSION_NAMES_H

#include <stdbool.h>
#include <stdnoreturn.h>

#include "mailq-run/dns.h"
#include "session/config.h"
#include "smtp-session/policy.h"

enum {
	NAMES_HURRY = 3, /* a third of the patience of mailq-run: 5 s */
	NAMES_SECONDS = 7, /* and here not even that long */
};

/* The whole life of the resolver: MAY HOLD ROOT until it is in its jail. */
noreturn void names_resolver(int sock, const struct config *);

/* Ask and wait.  DNS_TEMP when nobody answers. */
enum dns_status names_ask(int sock, enum dns_type, const char *name,
    struct dns_answer *);

/* What can be said of a sender's domain, for policy_sender. */
enum policy_domain names_domain(int sock, const char *domain);

/* Targets (resolve.h) that all lead away from here: may it be asked where to?
 * Then: do all of their domains say that they take no mail (RFC 7505)? */
bool names_lead_away(struct span targets);
bool names_all_mute(int sock, struct span targets);

/* Is a client, by its address, in one of the lists of these zones (RFC 5782)?
 * They are asked at once.  1: in "by"; 0: in none that has answered. */
enum { NAMES_ZONES = 8 }; /* the first so many */
int names_listed(int sock, const char *ip, const char *zones,
    char by[DNS_NAME]);

/* The name of a client: the one its address has, if that name has the address
 * too.  0; -1: there is none, or nobody can tell. */
int names_client(int sock, const char *ip, char name[DNS_NAME]);

#endif
