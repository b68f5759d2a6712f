/* Who may come in: the slots (slots.h) of connections, and fewer of those that
 * have yet to log in, so that strangers from one address cannot take all that
 * the users behind it need. */
#ifndef SESSION_ADMIT_H
#define SESSION_ADMIT_H

#include <stdbool.h>

#include "session/config.h"
#include "session/slots.h"
#include "session/start.h"

struct admission {
	struct slots all; /* held until the session ends */
	struct slots stranger; /* held until the login: slots_close */
};

/* For "all" as slots_take of "service".  False: tell him that there are too
 * many, it is logged.  What cannot be counted is logged, and served: better too
 * many than none. */
bool admit(struct admission *, const struct config *, const char *service,
    const struct peer *);

/* For "stranger", where one must log in.  False: as above. */
bool admit_stranger(struct admission *, const struct config *,
    const struct peer *);

#endif
