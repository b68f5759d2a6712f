/* Where mail filters are and how long we bear with them: the value of the
 * words `milters`, `milters-local` and `milters-submission` of
 * mailroom.conf(5).
 *
 *	PLACE[,fail=tempfail|accept|reject][,seconds=N] ...
 *	PLACE: unix:/PATH or inet:ADDRESS@PORT */
#ifndef SESSION_MILTER_PLACE_H
#define SESSION_MILTER_PLACE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "message/span.h"

enum {
	MILTERS_MAX = 8, /* of one list */
	MILTER_SECONDS = 30, /* for one answer, when nothing else is said */
	MILTER_SECONDS_MAX = 600,
};

enum milter_failure { /* when the filter is not there or talks nonsense */
	MILTER_TEMPFAIL,
	MILTER_ACCEPT, /* go on as if it did not exist */
	MILTER_REJECT,
};

struct milter_place {
	struct span text; /* the place, for the log */
	struct sockaddr_storage addr;
	socklen_t addr_len;
	enum milter_failure failure;
	unsigned seconds;
};

/* Take the next one off *rest.  1; 0: none left; -1: not of that form. */
int milter_place_next(struct span *rest, struct milter_place *);

/* Are all of it places, and no more than MILTERS_MAX? */
bool milter_places_ok(struct span);

#endif
