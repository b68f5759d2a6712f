/* Hosts that could not be reached, remembered from one run to the next
 * (RFC 5321 s. 4.5.4.1), so that not every new message waits for them again.
 * In SPOOL/hosts, a line each: "until address reason". */
#ifndef MAILQ_RUN_HOSTS_H
#define MAILQ_RUN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
	HOSTS_MOST = 1000, /* that are remembered; more are not */
	HOSTS_SECONDS = 600, /* so long */
	HOSTS_ADDRESS = 64,
	HOSTS_WHY = 128,
};

struct hosts_line {
	time_t until;
	char address[HOSTS_ADDRESS]; /* as route_text writes it */
	char why[HOSTS_WHY];
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

#endif
