/* Between deliver.c, deliver-add.c and commit.c. */
#ifndef SMTP_SESSION_DELIVER_PARTS_H
#define SMTP_SESSION_DELIVER_PARTS_H

#include "smtp-session/deliver.h"

/* Have the monitor fork an agent.  Its socket; -1 with why. */
int deliver_hire(struct deliver *, uint32_t ask, int value, const char *addr);

/* The same for d->spool, if there is none.  0; -1 with why. */
int deliver_hire_spool(struct deliver *);

/* The agent's next record into d->record; false with why. */
bool deliver_hear(struct deliver *, int sock, const char *who);

/* Dismiss an agent that broke off. */
void deliver_let_go(struct deliver_agent *);

/* What becomes of the message when that went wrong. */
enum deliver_result deliver_by_error(int error);

/* One more target: what stands behind the command that is target 0. */
void deliver_behind(struct deliver *);

/* A string into d->text: where it lies. */
size_t deliver_string(struct deliver *, const char *);

#endif
