/* ~/.forward: where a user wants his mail (see mailroom-aliases(5)).
 * Called as that user. */
#ifndef SMTP_SESSION_FORWARD_H
#define SMTP_SESSION_FORWARD_H

#include "message/buf.h"
#include "smtp-session/outlet.h"

enum { FORWARD_MAX = 64 * 1024 };

/* Read it.  1: "targets" has what it says, TARGET_* address NUL ... .
 * 0: there is none, or it is empty.
 * -1: it cannot be used now, fail_text(): wrong owner or rights, a target of
 * a kind that may not stand there, a home with the sticky bit (its owner is
 * editing). */
int forward_read(const struct box *, struct buf *targets);

/* The command or file of that number in it (o->box and o->number are set).
 * 1; 0: it has none such any more; -1: as above. */
int forward_outlet(struct outlet *);

#endif
