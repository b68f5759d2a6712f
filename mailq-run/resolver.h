/* The resolver: a process of its own that asks name servers for the manager.
 * It sees names only, and no file. */
#ifndef MAILQ_RUN_RESOLVER_H
#define MAILQ_RUN_RESOLVER_H

#include <stdnoreturn.h>

#include "mailq-run/dns.h"
#include "session/config.h"

/* Answer questions that come over "sock" until its other end closes; each
 * gets exactly one answer within RESOLVER_BUDGET (divided by "hurry").  At most
 * DNS_WINDOW may be without an answer at a time.  packet_start has been called.
 * 0; -1: fail_text(). */
int resolver_serve(int sock, const struct dns_servers *, int hurry);

/* The whole life of a resolver that somebody else than mailq-run forks: find
 * the servers, go into the jail, serve.  MAY HOLD ROOT until it is there. */
noreturn void resolver_alone(int sock, const struct config *, int hurry);

enum { RESOLVER_BUDGET = 15000 }; /* milliseconds */

#endif
