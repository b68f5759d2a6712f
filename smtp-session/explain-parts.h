/* Between explain.c, explain-where.c and explain-client.c. */
#ifndef SMTP_SESSION_EXPLAIN_PARTS_H
#define SMTP_SESSION_EXPLAIN_PARTS_H

#include "smtp-session/resolve.h"

/* One line for each place; "from" is the sender, "" the null path.
 * 0; -1: a .forward cannot be used now, which is printed. */
int explain_where(const struct config *, const struct resolved *,
    const char *from);

/* What refuse-from, DNS lists, the grey list and filters have to do with it:
 * printed, where they have.  True: that is a reason. */
bool explain_turned(const struct config *, const char *ip);
bool explain_listed(const struct config *, const char *ip);
bool explain_early(const struct config *, const char *ip, const char *from,
    const char *rcpt);
void explain_filters(const struct config *, const struct policy_facts *);

/* Questions to the DNS, asked as in a session. */
enum policy_domain explain_domain(const struct config *, const char *domain);
bool explain_mute(const struct config *, struct span targets);

#endif
