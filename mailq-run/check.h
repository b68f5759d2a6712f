/* mailroom-check: what its parts share.
 *
 * Each topic is one function that looks at its part of the host and says what
 * is wrong there, one line for each fault, which ends in what to do. */
#ifndef MAILQ_RUN_CHECK_H
#define MAILQ_RUN_CHECK_H

#include <netinet/in.h>
#include <stdbool.h>

#include "mailq-run/dns.h"
#include "mailq-run/routes.h"
#include "session/config.h"

enum check_level { CHECK_OK, CHECK_WARNING, CHECK_FAULT };

enum { CHECK_OWN = 64 };

struct check_address {
	int family; /* AF_INET, AF_INET6 */
	unsigned char octets[16];
	char text[INET6_ADDRSTRLEN];
};

struct check_addresses {
	size_t count;
	struct check_address at[CHECK_OWN];
};

struct check {
	struct config config;
	struct routes routes;
	const char *root; /* the system's files are below it; "" */
	const char *host; /* to try port 25 with; NULL: find one */
	bool verbose;
	const char *topic; /* being looked at */
	enum check_level worst;
	int dns; /* socket to the resolver; -1: not started */
	bool secure; /* some answer of the DNS was vouched for */
	bool named; /* `addresses` has been filled, or cannot be */
	bool unsure; /* the DNS was silent, so `addresses` may lack some */
	struct check_addresses addresses; /* of our name, in the DNS */
	struct check_addresses own; /* of interfaces, and nat-address */
};

/* "warning: TOPIC: WHERE: what; FIX", to standard output. */
void check_say(struct check *, enum check_level, const char *where,
    const char *fix, const char *what, ...)
    __attribute__((format(printf, 5, 6)));
/* "ok: TOPIC: what", when wanted. */
void check_ok(struct check *, const char *what, ...)
    __attribute__((format(printf, 2, 3)));

/* "", " s": "1 message", "2 messages". */
const char *check_plural(size_t n);

/* The path of a program where this one is, or beside it ("../bin/sendmail").
 * "" when that cannot be told. */
void check_sibling(char path[PATH_MAX], const char *name);

/* ---- the topics */

void check_config(struct check *);
void check_aliases(struct check *);
void check_files(struct check *);
void check_disk(struct check *);
void check_services(struct check *);
void check_queue(struct check *);
void check_name(struct check *);
void check_mx(struct check *);
void check_dnssec(struct check *);
void check_tls(struct check *);
void check_port25(struct check *);

/* Print what to publish for each of these domains, or with none for all of
 * ours.  0; -1: fail_text(). */
int check_records(struct check *, char **domain);

/* ---- what topics ask of each other */

/* Ask and wait.  DNS_TEMP with a->why when nobody answers. */
enum dns_status check_ask(struct check *, enum dns_type, const char *name,
    struct dns_answer *a);

/* Those of a name, IPv4 and IPv6.  DNS_OK; NXDOMAIN, NODATA, TEMP ("why" in
 * *a, which is for the caller's use). */
enum dns_status check_lookup(struct check *, const char *name,
    struct check_addresses *, struct dns_answer *a);

/* Find out addresses and own, once. */
void check_know(struct check *);
bool check_has(const struct check_addresses *, const struct check_address *);

#endif
