/* One connection: its monitor, its parser, its first agent.
 *
 * MAY HOLD ROOT. */
#ifndef SMTP_SESSION_CONNECTION_H
#define SMTP_SESSION_CONNECTION_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "session/config.h"
#include "session/start.h"

struct service {
	const char *dir; /* of the configuration */
	bool submission;
	bool tls; /* from the first octet */
	pid_t main; /* of the process that was started */
	bool configured; /* else fail_text() */
	struct config config;
	struct stat file; /* mailroom.conf as it was read */
};

#define CONNECTION_BUSY "421 4.7.0 Too many connections, try again later\r\n"

/* Read the configuration. */
void connection_load(struct service *);

/* Fork the parser that will serve the client, who is yet to come (start_ahead)
 * or there already: it locks itself up while we find out who he is. */
void connection_ready(void *service);

/* For start_sessions: serve who is at descriptors 0 and 1. */
int connection_serve(const struct peer *, void *service);

#endif
