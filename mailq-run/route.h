/* Where mail for a domain goes: RFC 5321 s. 5.1, RFC 7505.  Pure functions of
 * DNS answers; the manager asks the questions. */
#ifndef MAILQ_RUN_ROUTE_H
#define MAILQ_RUN_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "mailq-run/dns.h"
#include "message/buf.h"

enum {
	ROUTE_HOSTS = 5, /* mail exchangers whose addresses are looked up */
	ROUTE_PER_HOST = 2, /* addresses of each that are tried */
	ROUTE_ADDRESSES = ROUTE_HOSTS * ROUTE_PER_HOST,
	ROUTE_OWN = 64,
};

/* Who we are, to see when mail would come back to us. */
struct route_self {
	const char *hostname;
	size_t own; /* addresses of our interfaces, loopback left out */
	struct sockaddr_storage addr[ROUTE_OWN];
	bool inside; /* loopback and private addresses are fine anywhere */
	uint32_t (*random)(uint32_t bound); /* arc4random_uniform */
};

enum route_state {
	ROUTE_OK,
	ROUTE_DEFER, /* cannot be told now */
	ROUTE_FAIL, /* will never work */
};

struct route_verdict {
	enum route_state state;
	char status[8]; /* "5.1.2" */
	char why[400];
};

struct route_host {
	uint16_t preference;
	char name[DNS_NAME]; /* folded */
};

/* The mail exchangers of a domain, best first. */
struct route_mx {
	struct route_verdict verdict;
	bool public; /* private addresses are not believed */
	bool implicit; /* no MX: the domain is its own exchanger */
	bool self; /* ours was among them; it and worse ones are gone */
	size_t count;
	struct route_host host[DNS_RRS];
};

struct route_address {
	char host[DNS_NAME];
	uint16_t preference;
	socklen_t len;
	struct sockaddr_storage addr;
};

struct route {
	struct route_verdict verdict;
	size_t count;
	struct route_address address[ROUTE_ADDRESSES];
};

/* First step: the answer to the MX question for "domain" (folded). */
void route_mx(struct route_mx *, const char *domain, const struct dns_answer *,
    const struct route_self *);

/* Two domains with the same key go to the same hosts. */
void route_key(struct buf *, const struct route_mx *);

/* Put hosts of equal preference into random order. */
void route_shuffle(struct route_mx *, const struct route_self *);

/* Second step: the addresses.  a[i] and aaaa[i] are the answers for host i of
 * the first "n" (at most ROUTE_HOSTS).  "v6": that family comes first. */
void route_addresses(struct route *, const struct route_mx *, size_t n,
    const struct dns_answer *const *a, const struct dns_answer *const *aaaa,
    uint16_t port, bool v6, const struct route_self *);

/* The route to one address, "192.0.2.1", "2001:db8::1" or a literal with
 * brackets.  0; -1: it is none. */
int route_literal(struct route *, const char *address, uint16_t port);

/* "[ip]:port" of an address, for logs: into out[64].  Returns "out". */
const char *route_text(const struct sockaddr_storage *, char *out);

#endif
