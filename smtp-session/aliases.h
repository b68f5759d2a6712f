/* The alias files of this host, open for one look-up after another.
 *
 * MAY HOLD ROOT: runs in a delivery agent before it becomes the user. */
#ifndef SMTP_SESSION_ALIASES_H
#define SMTP_SESSION_ALIASES_H

#include "session/config.h"
#include "smtp-session/alias.h"

enum { ALIASES_AT = 320 };

struct aliases {
	const struct config *config;
	struct alias_file file[2]; /* of the configuration, of the system */
	size_t n;
	bool catch_all; /* some entry is for "@domain" */
};

/* Those that are missing are none.  0; -1: fail_text(), but close them. */
int aliases_open(struct aliases *, const struct config *);
void aliases_close(struct aliases *);

/* The alias of a folded name: of the whole address before the name alone, with
 * the extension before without; last, for a name that nobody has, "@domain".
 * 1: values as alias_find has them, "at" is FILE:LINE; 0: none; -1:
 * fail_text(). */
int aliases_find(struct aliases *, const char *local, const char *domain,
    struct buf *values, char at[ALIASES_AT]);

#endif
