#include "session/users.h"

#include <bsd/string.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/utf8.h"
#include "session/account.h"
#include "session/lines.h"

enum {
	FIRST_UID = 1000,
	NOBODY = 65534,
	FIELDS = 8, /* of a passwd-file line; the last takes what is left */
};

/* A users file may have people with names beyond ASCII (RFC 6531). */
static bool
name_ok(const char *name)
{
	size_t i;

	if (name[0] == '\0' || name[0] == '.' || name[0] == '-')
		return false;
	for (i = 0; name[i] != '\0'; i++)
		if (i >= USER_NAME_MAX ||
		    ((unsigned char)name[i] < 0x80 &&
			!isalnum((unsigned char)name[i]) &&
			strchr("._-+=@", name[i]) == NULL))
			return false;
	return utf8_ok(span(name));
}

static int
system_user(const struct config *c, const char *name, struct user *u)
{
	static struct account a;
	int r = account_by_name(&a, name, c->helpers);

	if (r != 1)
		return r;
	if (a.uid == 0 || a.gid == 0 || a.uid == NOBODY ||
	    (a.uid < FIRST_UID && a.uid != getuid()))
		return 0;
	u->role = (struct role){ a.uid, a.gid };
	(void)strlcpy(u->name, a.name, sizeof(u->name));
	(void)strlcpy(u->home, a.home, sizeof(u->home));
	return 1;
}

/* As the system has it, else in lower case: people type "Bob", and mail
 * programs bob@example.org. */
static int
find_system(const struct config *c, const char *name, struct user *u)
{
	char local[USER_NAME_MAX + 1], lower[USER_NAME_MAX + 1];
	size_t i;
	int r;

	if (!span_copy(span_n(name, span_find(span(name), '@')), local,
		sizeof(local)))
		return 0;
	r = system_user(c, local, u);
	if (r != 0)
		return r;
	for (i = 0; local[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)local[i]);
	lower[i] = '\0';
	return strcmp(lower, local) == 0 ? 0 : system_user(c, lower, u);
}

/* The ids of the line; ours, whatever it says, when we cannot change them. */
static int
take_role(const struct lines *l, struct span uid, struct span gid,
    struct role *r)
{
	uint64_t u, g;

	if (!role_root()) {
		*r = (struct role){ getuid(), getgid() };
		return 0;
	}
	if (span_number(uid, UINT32_MAX - 1, &u) == -1 || u == 0)
		return lines_bad(l, "uid should be a number, not 0");
	if (span_number(gid, UINT32_MAX - 1, &g) == -1 || g == 0)
		return lines_bad(l, "gid should be a number, not 0");
	*r = (struct role){ (uid_t)u, (gid_t)g };
	return 0;
}

/* name:password:uid:gid:gecos:home:shell:extra */
static int
take_line(const struct lines *l, struct span field[FIELDS], struct user *u)
{
	if (!span_copy(field[0], u->name, sizeof(u->name)) || !name_ok(u->name))
		return lines_bad(l, "user name too long or with odd octets");
	if (!span_copy(field[1], u->password, sizeof(u->password)))
		return lines_bad(l, "password too long");
	if (field[5].len == 0 || field[5].p[0] != '/')
		return lines_bad(l, "home should be an absolute path");
	if (!span_copy(field[5], u->home, sizeof(u->home)))
		return lines_bad(l, "home too long");
	return take_role(l, field[2], field[3], &u->role);
}

static void
split(struct span line, struct span field[FIELDS])
{
	unsigned i;

	for (i = 0; i < FIELDS - 1; i++)
		field[i] = span_cut(&line, ':');
	field[i] = line;
}

/* Look at one line.  1: it is the user; 0: it is not, though *u may be his
 * for want of a better one ("bob" for bob@example.org); -1. */
static int
try_line(const struct lines *l, struct span line, struct span name,
    struct user *u)
{
	struct span field[FIELDS], local;

	split(line, field);
	if (span_same(field[0], name))
		return take_line(l, field, u) == -1 ? -1 : 1;
	local = span_cut(&name, '@');
	if (span_same(field[0], local))
		return take_line(l, field, u);
	if (u->password[0] == '\0' && field[1].p != NULL)
		(void)span_copy(field[1], u->password, sizeof(u->password));
	return 0;
}

static int
find_in_file(const struct config *c, const char *name, struct user *u)
{
	char path[PATH_MAX];
	struct span line;
	struct lines l;
	int r;

	config_path(c, "users", path);
	r = lines_open(&l, path);
	if (r != 1)
		return r == 0 ? fail_as(ENOENT, "%s: has gone", path) : -1;
	while ((r = lines_word(&l, &line)) == 1)
		if ((r = try_line(&l, line, span(name), u)) != 0)
			break;
	lines_close(&l);
	explicit_bzero(l.data, sizeof(l.data));
	return r == 0 ? u->name[0] != '\0' : r;
}

int
users_find(const struct config *c, const char *name, struct user *u)
{
	u->name[0] = u->home[0] = u->password[0] = '\0';
	u->role = (struct role){ (uid_t)-1, (gid_t)-1 };
	if (c->system_users)
		return name_ok(name) ? find_system(c, name, u) : 0;
	/* No line has that name, but the password to check in vain is in
	 * the file. */
	return find_in_file(c, name_ok(name) ? name : " ", u);
}

int
users_each(const struct config *c, int (*each)(void *ctx, const struct user *),
    void *ctx)
{
	char path[PATH_MAX];
	struct span line, field[FIELDS];
	struct user u;
	struct lines l;
	int r;

	if (c->system_users)
		return 0;
	config_path(c, "users", path);
	r = lines_open(&l, path);
	while (r == 1 && (r = lines_word(&l, &line)) == 1) {
		split(line, field);
		r = take_line(&l, field, &u);
		if (r == 0)
			r = each(ctx, &u);
		if (r != 0)
			break;
		r = 1;
	}
	lines_close(&l);
	explicit_bzero(l.data, sizeof(l.data));
	users_forget(&u);
	return r;
}

bool
users_have_keys(const struct config *c)
{
	char path[PATH_MAX];
	struct span line, field[FIELDS];
	struct lines l;
	bool all = true;
	unsigned n = 0;
	int r;

	if (c->scram)
		return true;
	if (c->system_users)
		return false;
	config_path(c, "users", path);
	if (lines_open(&l, path) != 1)
		return false;
	while (all && (r = lines_word(&l, &line)) == 1) {
		split(line, field);
		all = field[1].p != NULL &&
		    span_starts(field[1], "{SCRAM-SHA-256}");
		n++;
	}
	lines_close(&l);
	explicit_bzero(l.data, sizeof(l.data));
	return all && n > 0 && r == 0;
}

void
users_forget(struct user *u)
{
	explicit_bzero(u->password, sizeof(u->password));
}
