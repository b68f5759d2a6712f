/* Where an alias or a .forward leads beside addresses: a command, a file, a
 * Maildir.
 *
 * Mail for one goes by the spool, so nobody waits for a command but
 * mailq-run(8), which gives it back on the socket `submit` under a name:
 *
 *	|prog#2@here.example	the second such value of the alias "prog"
 *	|~bob#1@here.example	the first one of bob's .forward
 *	|~bob#1+@here.example	what stands there behind that command
 *
 * What it stands for is read anew then, from the file, by who is to be it: no
 * command line is ever told from one process to another, and what a command
 * is can be mended while mail for it waits. */
#ifndef SMTP_SESSION_OUTLET_H
#define SMTP_SESSION_OUTLET_H

#include <stdbool.h>

#include "message/addr.h"
#include "smtp-session/alias.h"
#include "smtp-session/aliases.h"
#include "smtp-session/box.h"

enum { OUTLET_TEXT = 4096 };

struct outlet {
	bool home; /* of a .forward */
	bool behind; /* not it: what stands behind it */
	unsigned number; /* from 1 */
	bool more; /* something does, in a .forward */
	enum alias_kind kind; /* ALIAS_COMMAND or ALIAS_FILE */
	char text[OUTLET_TEXT]; /* the command or the path */
	struct box box; /* whose it is; of an alias role, home "/" and final */
	char at[ALIASES_AT]; /* FILE:LINE, or FILE */
};

/* The name of one.  0; -1: too long. */
int outlet_name(char *out, size_t size, const char *local, const char *domain,
    bool home, unsigned number);

/* The name of what stands behind the command "name".  0; -1: too long. */
int outlet_behind(char *out, size_t size, const char *name);

/* What a name says: "local" takes the rest of it, folded.  0; -1: no name. */
int outlet_read(struct outlet *, const struct addr *,
    char local[ADDR_LOCAL_MAX + 1]);

/* The address behind a name, "bob@here.example" (append); what is none stays
 * as it is. */
void outlet_address(struct buf *, const char *name);

/* Number "o->number" of these values (alias_value) into kind and text.
 * 1; 0: there is none; -1: fail_text(). */
int outlet_pick(struct outlet *, const struct buf *values, unsigned *line);

/* Find number "o->number" of an alias, and as whom it is used.
 * 1; 0: it has none such any more; -1: fail_text(). */
int outlet_find(struct outlet *, const struct config *, const char *local,
    const char *domain);

#endif
