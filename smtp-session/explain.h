/* smtp-session -explain: what would be decided, and by which rule. */
#ifndef SMTP_SESSION_EXPLAIN_H
#define SMTP_SESSION_EXPLAIN_H

#include <stdbool.h>

#include "session/config.h"

/* "ip" is an address, or "submit" for a local program, or "login:NAME" for a
 * client who has logged in; "file" NULL: no content.  Prints to standard
 * output.  Exit status: 0 taken, 67 (EX_NOUSER) or 77 (EX_NOPERM) refused, 75
 * later, 65 (EX_DATAERR) bad address or content. */
int explain(const struct config *, bool submission, const char *ip,
    const char *helo, const char *from, const char *rcpt, const char *file);

/* smtp-session -aliases: try each entry of the alias files.  One line for each
 * fault to standard output.  Exit status: 0 none, 1 some, 75 cannot tell. */
int explain_aliases(const struct config *);

#endif
