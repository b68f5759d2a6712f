/* Mail filters ("milters"), asked at each step of a message.
 *
 * The filters of a session are connected at its first MAIL, by a child of the
 * monitor (milter-connect.c); the sockets come to the parser, which talks
 * with them itself.  What the place of a filter says of failures happens to a
 * message for which it is not there, is late or talks nonsense
 * (session/milter-place.h); for the next message all are connected anew. */
#ifndef SMTP_SESSION_MILTER_H
#define SMTP_SESSION_MILTER_H

#include <stdnoreturn.h>

#include "session/config.h"
#include "session/start.h"
#include "smtp-session/smtp.h"

/* So often in one session. */
enum { MILTER_TIMES = 20 };

/* The filters for a client: a value of mailroom.conf, "" none. */
const char *milter_list(const struct config *, const struct peer *,
    bool submission);

/* ---- in the parser.  Each returns the reply that a filter wants, or NULL
 * for our own. */

/* The sender is good so far. */
const struct reply *milter_mail(struct smtp *);

/* A recipient is good so far, or gets this refusal. */
const struct reply *milter_rcpt(struct smtp *, const struct recipient *,
    const struct reply *refusal);

/* He was taken. */
void milter_taken(struct smtp *, const struct recipient *);

/* The content will come. */
const struct reply *milter_data(struct smtp *);

/* The content is there, in s->content: have it looked at and changed, and
 * its sender and recipients too. */
const struct reply *milter_content(struct smtp *);

/* A command that we do not know. */
const struct reply *milter_unknown(struct smtp *, struct span line);

/* The message is over; the session is, or what they know of it. */
void milter_reset(struct smtp *);
void milter_end(struct smtp *);

/* ---- in a child of the monitor; MAY HOLD ROOT until it is the net user.
 * Sends one record for each place of the list: MILTER_UP with a socket, or
 * MILTER_DOWN with errno and a reason. */
enum { MILTER_UP = 1, MILTER_DOWN };
noreturn void milter_connect(int sock, const struct config *, const char *list);

#endif
