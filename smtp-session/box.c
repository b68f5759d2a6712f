#include "smtp-session/box.h"

#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

/* Mail for postmaster is always taken (RFC 5321 s. 4.5.1), and cron writes to
 * root: without an alias both lie in a Maildir of the spool user. */
static int
fallback(const struct config *c, const char *local, struct box *box)
{
	struct user *u = &box->user;

	if (strcmp(local, "postmaster") != 0 && strcmp(local, "root") != 0)
		return 0;
	if (role_root() && role_find(&u->role, c->spool_user) == -1)
		return -1;
	(void)strlcpy(u->name, "postmaster", sizeof(u->name));
	(void)strlcpy(u->home, c->spool, sizeof(u->home));
	(void)strlcpy(box->maildir, "postmaster", sizeof(box->maildir));
	box->nobodys = true;
	return 1;
}

/* The user "local" of that domain, or of any.  1; 0; -1. */
static int
find_user(const struct config *c, const char *local, const char *domain,
    struct user *u)
{
	char name[ADDR_MAX + 1];
	int r = 0;

	(void)snprintf(name, sizeof(name), "%s@%s", local, domain);
	if (!c->system_users)
		r = users_find(c, name, u);
	if (r == 0)
		r = users_find(c, local, u);
	users_forget(u);
	return r;
}

const char *
box_base(const char *local, char base[ADDR_LOCAL_MAX + 1])
{
	char *plus;

	(void)strlcpy(base, local, ADDR_LOCAL_MAX + 1);
	plus = strchr(base, '+');
	if (plus == NULL || plus == base)
		return "";
	*plus = '\0';
	return local + (plus - base) + 1;
}

int
box_find(const struct config *c, const char *local, const char *domain,
    struct box *box)
{
	char base[ADDR_LOCAL_MAX + 1];
	const char *extension = box_base(local, base);
	int r;

	memset(box, 0, sizeof(*box));
	(void)snprintf(box->final, sizeof(box->final), "%s@%s", local, domain);
	(void)strlcpy(box->maildir, c->maildir, sizeof(box->maildir));
	/* "a@b"@ours names nobody: an at sign is only in full names. */
	if (strpbrk(local, "@%!/|") != NULL || strpbrk(local, ".-") == local)
		return 0;
	r = find_user(c, local, domain, &box->user);
	if (r == 0 && extension[0] != '\0') {
		r = find_user(c, base, domain, &box->user);
		(void)strlcpy(box->extension, extension,
		    sizeof(box->extension));
	}
	return r == 0 ? fallback(c, local, box) : r;
}
