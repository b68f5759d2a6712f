/* What TLS must prove before mail goes to a host: by a line of `routes`, by
 * MTA-STS (RFC 8461), by TLSA records (DANE, RFC 7672). */
#ifndef MAILQ_RUN_SECURE_H
#define MAILQ_RUN_SECURE_H

#include <stdbool.h>
#include <stddef.h>

#include "mailq-run/letter.h"

struct dest;
struct run;
struct tls_policy;

enum secure_level {
	SECURE_NEVER, /* no TLS */
	SECURE_MAY, /* where it is offered, whoever it is */
	SECURE_ENCRYPT, /* always, whoever it is */
	SECURE_VERIFY, /* a certificate of the host's name, by an authority */
	SECURE_DANE, /* one that TLSA records name */
};

/* Of one address of a destination. */
struct secure {
	enum secure_level level;
	const char *by; /* who demands it, for people */
	struct tls_policy *dane; /* what to prove; NULL but for DANE */
};

/* The addresses are known: ask of each host whose name is an alias and whose
 * addresses are not signed whether that it is one is (RFC 7672 s. 2.2.2).
 * d->awaited counts the questions. */
void secure_ask_aliases(struct run *, struct dest *);

/* That is known too: ask for the TLSA records of those hosts to which the way
 * was signed.  d->awaited counts the questions. */
void secure_ask(struct run *, struct dest *);

/* All answers have come: fill d->secure.  Addresses whose records nobody could
 * tell are dead for this run. */
void secure_decide(struct run *, struct dest *);

void secure_free(struct dest *);

/* How the worker of a connection to this address begins. */
enum start_tls secure_tls(const struct dest *, size_t address);
void secure_start(const struct run *, const struct dest *, size_t address,
    struct start *);

/* What the relay shall prove at this address. */
void secure_policy(const struct dest *, size_t address, struct tls_policy *);

#endif
