/* Between explain.c and explain-where.c. */
#ifndef SMTP_SESSION_EXPLAIN_PARTS_H
#define SMTP_SESSION_EXPLAIN_PARTS_H

#include "smtp-session/resolve.h"

/* One line for each place; "from" is the sender, "" the null path.
 * 0; -1: a .forward cannot be used now, which is printed. */
int explain_where(const struct config *, const struct resolved *,
    const char *from);

#endif
