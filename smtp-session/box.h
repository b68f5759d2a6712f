/* A mailbox of ours: whose it is and where it lies.
 *
 * MAY HOLD ROOT: reads only the system's user database or the users file. */
#ifndef SMTP_SESSION_BOX_H
#define SMTP_SESSION_BOX_H

#include "message/addr.h"
#include "session/config.h"
#include "session/users.h"

struct box {
	struct user user;
	char maildir[128]; /* in the home */
	char final[ADDR_MAX + 1]; /* address for Delivered-To */
	char extension[ADDR_LOCAL_MAX + 1]; /* "lists" of bob+lists; "" none */
	bool nobodys; /* postmaster's without an alias: the spool user's */
};

/* "local" and "domain" are folded.  1: *box is set; 0: nobody of that name;
 * -1: cannot tell, fail_text(). */
int box_find(const struct config *, const char *local, const char *domain,
    struct box *);

/* "local" without "+extension", which is returned; "" when it has none. */
const char *box_base(const char *local, char base[ADDR_LOCAL_MAX + 1]);

#endif
