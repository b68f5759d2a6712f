/* ~/.forward: where a user wants his mail (see mailroom-aliases(5)).
 * Called as that user. */
#ifndef SMTP_SESSION_FORWARD_H
#define SMTP_SESSION_FORWARD_H

#include "message/buf.h"
#include "smtp-session/outlet.h"

enum { FORWARD_MAX = 64 * 1024 };

/* Read what it says behind its outlet *number (0: from its beginning) up to
 * the next command, which decides whether those behind it get the mail, too:
 * its number is *number then, else 0.
 * 1: "targets" has it, TARGET_* address NUL ... (append).
 * 0: there is none, or nothing.
 * -1: it cannot be used now, fail_text(): wrong owner or rights, a target of
 * a kind that may not stand there, a home with the sticky bit (its owner is
 * editing). */
int forward_read(const struct box *, unsigned *number, struct buf *targets);

/* The command or file of that number in it (o->box and o->number are set), and
 * o->more.  1; 0: it has none such any more; -1: as above. */
int forward_outlet(struct outlet *);

#endif
