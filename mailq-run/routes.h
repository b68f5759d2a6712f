/* The file `routes` of the configuration: where mail goes that shall not go
 * by the MX records of its domain; see mailroom-routes(5). */
#ifndef MAILQ_RUN_ROUTES_H
#define MAILQ_RUN_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailq-run/secure.h"
#include "message/domain.h"
#include "session/config.h"

enum { ROUTES_USER = 256, ROUTES_PASSWORD = 512 };

/* Who we are for a smart host. */
struct routes_login {
	char user[ROUTES_USER + 1];
	char password[ROUTES_PASSWORD + 1];
};

struct routes_line {
	char domain[DOMAIN_MAX + 2]; /* folded; ".d": all below d; "": all */
	bool mx; /* by its MX records after all */
	char host[DOMAIN_MAX + 1]; /* folded, or an address */
	bool literal; /* it is an address */
	uint16_t port;
	enum secure_level tls;
	bool smtps; /* TLS before the greeting (RFC 8314 s. 3.3) */
	char auth[128]; /* the file's name; "": no login */
	struct routes_login *login; /* NULL: none */
};

struct routes {
	size_t count, room;
	struct routes_line *line;
};

/* Read DIR/routes, and what it names; none is no error.  0; -1: fail_text() is
 * "FILE:LINE: ...".  routes_free either way. */
int routes_load(struct routes *, const struct config *);
void routes_free(struct routes *);

/* The route of a folded domain: its own line, else the longest ".suffix"
 * above it, else "*".  NULL: by its MX records. */
const struct routes_line *routes_find(const struct routes *,
    const char *domain);

#endif
