/* The handlers of the command table.  Each is called only in a state and with
 * an argument that its row allows, and returns the reply, or NULL when there
 * is none to write. */
#ifndef SMTP_SESSION_COMMAND_H
#define SMTP_SESSION_COMMAND_H

#include "message/span.h"
#include "smtp-session/smtp.h"

/* mail.c */
const struct reply *cmd_mail(struct smtp *, struct span arg);
int mail_resolver(struct smtp *); /* its socket, see names.h; -1 */
/* The reply to such a fault, "syntax" to one of the address; NULL: none. */
const struct reply *mail_fault(enum envelope_fault, const struct reply *syntax);

/* rcpt.c */
const struct reply *cmd_rcpt(struct smtp *, struct span arg);

/* content.c.  BDAT must swallow its octets also where it may not stand. */
const struct reply *cmd_data(struct smtp *, struct span arg);
const struct reply *cmd_no_rcpt(struct smtp *, struct span arg);
const struct reply *cmd_bdat(struct smtp *, struct span arg);
const struct reply *cmd_bdat_early(struct smtp *, struct span arg);
const struct reply *cmd_bdat_no_rcpt(struct smtp *, struct span arg);

/* limit.c: may a user's mail to so many still go?  NULL, or a refusal, after
 * which the transaction has no recipients any more.  Once its reply is known
 * the count is settled. */
const struct reply *limit_count(struct smtp *);
void limit_settle(struct smtp *, const struct reply *);

/* login.c, starttls.c, ask.c */
const struct reply *cmd_auth(struct smtp *, struct span arg);
/* May AUTH be used now, and which SASL_* mechanisms? */
bool login_possible(const struct smtp *);
unsigned login_offered(const struct smtp *);
const struct reply *cmd_starttls(struct smtp *, struct span arg);
const struct reply *cmd_vrfy(struct smtp *, struct span arg);
const struct reply *cmd_expn(struct smtp *, struct span arg);

#endif
