/* What was learned of hosts, remembered from one run to the next: which could
 * not be reached (RFC 5321 s. 4.5.4.1), so that not every new message waits
 * for them again, and what more than which they do not take.  In SPOOL/hosts,
 * a line each: kind, until when, address, number or reason. */
#ifndef MAILQ_RUN_HOSTS_H
#define MAILQ_RUN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
	HOSTS_MOST = 1000, /* lines that are remembered; more are not */
	HOSTS_SECONDS = 600, /* so long it is dead */
	HOSTS_LIMITS = 86400, /* and so long a limit holds */
	HOSTS_ADDRESS = 64,
	HOSTS_WHY = 128,
};

enum hosts_kind {
	HOSTS_DEAD,
	HOSTS_LETTERS, /* of one connection */
	HOSTS_CONNECTIONS, /* at a time */
};

struct hosts_line {
	enum hosts_kind kind;
	time_t until;
	char address[HOSTS_ADDRESS]; /* as route_text writes it */
	char why[HOSTS_WHY]; /* HOSTS_DEAD */
	unsigned n; /* the others */
};

struct hosts {
	size_t count;
	bool changed;
	struct hosts_line *line; /* HOSTS_MOST of them; NULL: none */
};

/* Read what is remembered at "now"; a file that is missing or strange is
 * none at all.  hosts_save writes it when something changed. */
void hosts_load(struct hosts *, int spool, time_t now);
void hosts_save(struct hosts *, int spool, time_t now);

/* Why the address is not worth a call now; NULL: it is. */
const char *hosts_find(const struct hosts *, const char *address, time_t now);

void hosts_dead(struct hosts *, const char *address, const char *why,
    time_t now);
/* It answered. */
void hosts_alive(struct hosts *, const char *address);

/* It took n and no more (n > 0); what it takes, 0: nothing is known. */
void hosts_learn(struct hosts *, enum hosts_kind, const char *address,
    unsigned n, time_t now);
unsigned hosts_limit(const struct hosts *, enum hosts_kind, const char *address,
    time_t now);

#endif
