/* The file `routes` of the configuration: where mail goes that shall not go
 * by the MX records of its domain; see mailroom-routes(5). */
#ifndef MAILQ_RUN_ROUTES_H
#define MAILQ_RUN_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/domain.h"
#include "session/config.h"

struct routes_line {
	char domain[DOMAIN_MAX + 2]; /* folded; ".d": all below d; "": all */
	bool mx; /* by its MX records after all */
	char host[DOMAIN_MAX + 1]; /* folded, or an address */
	uint16_t port;
};

struct routes {
	size_t count, room;
	struct routes_line *line;
};

/* Read DIR/routes; none is no error.  0; -1: fail_text() is
 * "FILE:LINE: ...".  routes_free either way. */
int routes_load(struct routes *, const struct config *);
void routes_free(struct routes *);

/* The route of a folded domain: its own line, else the longest ".suffix"
 * above it, else "*".  NULL: by its MX records. */
const struct routes_line *routes_find(const struct routes *,
    const char *domain);

#endif
