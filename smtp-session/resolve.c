/* Aliases are a graph of names.  It is walked depth first; a name is entered
 * once, so loops end by themselves and every leaf comes out once.  A name met
 * again on its own way down ("bob: bob, archive") means the mailbox. */
#include "smtp-session/resolve.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "message/domain.h"
#include "message/fail.h"
#include "session/log.h"
#include "smtp-session/alias.h"

#define SYSTEM_ALIASES "/etc/aliases"

struct walk {
	const struct config *config;
	const char *local_ip;
	struct resolved *to;
	struct alias_file files[2];
	size_t opened;
	bool catch_all; /* some entry is for "@domain" */
	struct buf seen; /* names entered, each with a NUL */
	char at[320]; /* file:line of the entry being read */
};

static void enter(struct walk *, const char *local, const char *domain,
    unsigned depth);

/* The first trouble stays: it is the cause of later ones. */
__attribute__((format(printf, 2, 3))) static void
trouble(struct walk *w, const char *format, ...)
{
	va_list ap;

	if (w->to->class == CLASS_TROUBLE || w->to->class == CLASS_REFUSED)
		return;
	w->to->class = CLASS_TROUBLE;
	va_start(ap, format);
	(void)vsnprintf(w->to->why, sizeof(w->to->why), format, ap);
	va_end(ap);
}

/* 1: ours, folded into "out".  0: not.  -1: cannot tell. */
static int
our_domain(struct walk *w, const char *domain, char out[DOMAIN_MAX + 1])
{
	struct sockaddr_storage ss;
	char ip[INET6_ADDRSTRLEN] = "";
	socklen_t len;

	if (domain_literal(span(domain), &ss, &len) == 0) {
		const void *p = ss.ss_family == AF_INET ?
		    (const void *)&((const struct sockaddr_in *)&ss)->sin_addr :
		    &((const struct sockaddr_in6 *)&ss)->sin6_addr;

		(void)inet_ntop(ss.ss_family, p, ip, sizeof(ip));
		(void)strlcpy(out, domain, DOMAIN_MAX + 1);
		return ip[0] != '\0' && strcmp(ip, w->local_ip) == 0;
	}
	if (domain_fold(out, span(domain)) == -1)
		return 0;
	return config_domain(w->config, out);
}

static bool
was_seen(struct walk *w, const char *name)
{
	struct span all = buf_all(&w->seen);

	while (all.len > 0)
		if (span_eq(span_cut(&all, '\0'), span(name)))
			return true;
	return false;
}

static void
add_target(struct walk *w, char kind, const char *addr)
{
	char text[ADDR_MAX + 84];
	struct span all = buf_all(&w->to->targets);

	(void)snprintf(text, sizeof(text), "%c%s", kind, addr);
	while (all.len > 0)
		if (span_same(span_cut(&all, '\0'), span(text)))
			return;
	if (w->to->count == RESOLVE_TARGETS) {
		trouble(w, "%s: more than %d targets", w->at, RESOLVE_TARGETS);
		return;
	}
	buf_add(&w->to->targets, text, strlen(text) + 1);
	w->to->count++;
}

/* ---- mailboxes */

/* Mail for postmaster is always taken (RFC 5321 s. 4.5.1), and cron writes to
 * root: without an alias both lie in a Maildir of the spool user. */
static int
fallback_box(struct walk *w, const char *local, struct resolve_box *box)
{
	struct user *u = &box->user;

	if (strcmp(local, "postmaster") != 0 && strcmp(local, "root") != 0)
		return 0;
	if (role_root() && role_find(&u->role, w->config->spool_user) == -1)
		return -1;
	(void)strlcpy(u->name, "postmaster", sizeof(u->name));
	(void)strlcpy(u->home, w->config->spool, sizeof(u->home));
	(void)strlcpy(box->maildir, "postmaster", sizeof(box->maildir));
	return 1;
}

/* The user "local" of that domain, or of any.  1; 0; -1. */
static int
find_user(struct walk *w, const char *local, const char *domain, struct user *u)
{
	char name[ADDR_MAX + 1];
	int r = 0;

	(void)snprintf(name, sizeof(name), "%s@%s", local, domain);
	if (!w->config->system_users)
		r = users_find(w->config, name, u);
	if (r == 0)
		r = users_find(w->config, local, u);
	users_forget(u);
	return r;
}

/* "local" without "+extension", which is returned; "" when it has none. */
static const char *
base_of(const char *local, char base[ADDR_LOCAL_MAX + 1])
{
	char *plus;

	(void)strlcpy(base, local, ADDR_LOCAL_MAX + 1);
	plus = strchr(base, '+');
	if (plus == NULL || plus == base)
		return "";
	*plus = '\0';
	return local + (plus - base) + 1;
}

/* "local" is folded.  1: *box is set; 0: nobody; -1: cannot tell. */
static int
find_box(struct walk *w, const char *local, const char *domain,
    struct resolve_box *box)
{
	char base[ADDR_LOCAL_MAX + 1];
	const char *extension = base_of(local, base);
	int r;

	memset(box, 0, sizeof(*box));
	(void)snprintf(box->final, sizeof(box->final), "%s@%s", local, domain);
	(void)strlcpy(box->maildir, w->config->maildir, sizeof(box->maildir));
	/* "a@b"@ours names nobody: an at sign is only in full names. */
	if (strpbrk(local, "@%!/|") != NULL || strpbrk(local, ".-") == local)
		return 0;
	r = find_user(w, local, domain, &box->user);
	if (r == 0 && extension[0] != '\0') {
		r = find_user(w, base, domain, &box->user);
		(void)strlcpy(box->extension, extension,
		    sizeof(box->extension));
	}
	return r == 0 ? fallback_box(w, local, box) : r;
}

static void
add_mailbox(struct walk *w, const char *local, const char *domain)
{
	struct resolve_box box;

	switch (find_box(w, local, domain, &box)) {
	case 1:
		add_target(w, TARGET_MAILBOX, box.final);
		w->to->box = box;
		break;
	case 0:
		/* The others of the list shall have their mail. */
		if (w->at[0] != '\0')
			log_line(LOG_WARNING, "alias unknown=%s@%s at=%s",
			    local, domain, w->at);
		break;
	default:
		trouble(w, "%s", fail_text());
	}
}

/* ---- aliases */

static void
fold(char *out, const char *in, size_t size)
{
	(void)strlcpy(out, in, size);
	for (char *p = out; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
}

static void
follow_name(struct walk *w, struct span value, bool final, const char *domain,
    unsigned depth)
{
	char ours[DOMAIN_MAX + 1], local[ADDR_LOCAL_MAX + 1];
	struct span rest = value;
	struct addr a;
	struct buf text;

	if (addr_path(&rest, &a) == -1 || rest.len > 0 || addr_null(&a)) {
		trouble(w, "%s: \"%.*s\" is no address", w->at,
		    (int)(value.len < 80 ? value.len : 80), value.p);
		return;
	}
	switch (a.domain[0] == '\0' ? 2 : our_domain(w, a.domain, ours)) {
	case -1:
		trouble(w, "%s", fail_text());
		return;
	case 0:
		buf_init(&text, ADDR_MAX + 80);
		addr_put(&text, &a);
		add_target(w, TARGET_REMOTE, text.p);
		buf_free(&text);
		return;
	case 2:
		(void)strlcpy(ours, domain, sizeof(ours));
	}
	fold(local, a.local, sizeof(local));
	if (final)
		add_mailbox(w, local, ours);
	else
		enter(w, local, ours, depth + 1);
}

static void follow(struct walk *, struct span, const char *, unsigned);

/* Each value in a file of its own, which is read once. */
static void
include(struct walk *w, struct span name, const char *domain, unsigned depth)
{
	char path[256], at[sizeof(w->at)];
	struct alias_file file;
	struct buf values;
	struct span all;

	(void)snprintf(path, sizeof(path), "%.*s", (int)name.len, name.p);
	if (was_seen(w, path))
		return;
	buf_add(&w->seen, path, strlen(path) + 1);
	if (depth > RESOLVE_DEPTH || name.len >= sizeof(path) ||
	    name.p[0] != '/') {
		trouble(w, "%s: no path, or too deep: %s", w->at, path);
		return;
	}
	switch (alias_open(&file, path)) {
	case 0:
		trouble(w, "%s: there is no %s", w->at, path);
		return;
	case -1:
		trouble(w, "%s: %s", w->at, fail_text());
		return;
	}
	buf_init(&values, ALIAS_VALUES_MAX);
	if (alias_list(&file, &values) == -1)
		trouble(w, "%s", fail_text());
	(void)strlcpy(at, w->at, sizeof(at));
	(void)strlcpy(w->at, path, sizeof(w->at));
	all = buf_all(&values);
	while (all.len > 0)
		follow(w, span_cut(&all, '\0'), domain, depth + 1);
	(void)strlcpy(w->at, at, sizeof(w->at));
	buf_free(&values);
	alias_close(&file);
}

static void
follow(struct walk *w, struct span value, const char *domain, unsigned depth)
{
	struct buf plain;
	struct span rest;

	buf_init(&plain, ALIAS_VALUES_MAX);
	switch (alias_kind(value, &plain, &rest)) {
	case ALIAS_NAME:
		follow_name(w, value, false, domain, depth);
		break;
	case ALIAS_FINAL:
		follow_name(w, rest, true, domain, depth);
		break;
	case ALIAS_FAIL:
		if (w->to->class != CLASS_TROUBLE) {
			w->to->class = CLASS_REFUSED;
			(void)snprintf(w->to->why, sizeof(w->to->why), "%.*s",
			    (int)(rest.len < 200 ? rest.len : 200), rest.p);
		}
		break;
	case ALIAS_INCLUDE:
		include(w, rest, domain, depth);
		break;
	case ALIAS_COMMAND:
	case ALIAS_FILE:
		trouble(w, "%s: this kind of target is not supported: %.*s",
		    w->at, (int)(rest.len < 80 ? rest.len : 80), rest.p);
	}
	buf_free(&plain);
}

/* The values of the first of "keys" that some file has.  1, 0, -1. */
static int
look_up(struct walk *w, const char *const keys[], size_t n, struct buf *values)
{
	unsigned line;
	int r = 0;

	for (size_t f = 0; f < w->opened && r == 0; f++)
		for (size_t k = 0; k < n && r == 0; k++) {
			r = alias_find(&w->files[f], keys[k], values, &line);
			if (r == 1)
				(void)snprintf(w->at, sizeof(w->at), "%s:%u",
				    w->files[f].path, line);
		}
	return r;
}

/* The alias of a name: of the whole address before the name alone, with the
 * extension before without; last, for a name that nobody has, "@domain".
 * 1, 0, -1. */
static int
find_alias(struct walk *w, const char *local, const char *domain,
    struct buf *values)
{
	char full[ADDR_MAX + 1], base[ADDR_LOCAL_MAX + 1];
	char base_full[ADDR_MAX + 1];
	const char *const keys[] = { full, local, base_full, base };
	const char *all = full;
	bool extended = base_of(local, base)[0] != '\0';
	struct resolve_box box;
	int r;

	(void)snprintf(full, sizeof(full), "%s@%s", local, domain);
	(void)snprintf(base_full, sizeof(base_full), "%s@%s", base, domain);
	all = full + strlen(local);
	r = look_up(w, keys, extended ? 4 : 2, values);
	if (r != 0 || !w->catch_all)
		return r;
	r = find_box(w, local, domain, &box);
	return r == 0 ? look_up(w, &all, 1, values) : r == 1 ? 0 : -1;
}

/* One name of ours, folded: its alias, else its mailbox. */
static void
enter(struct walk *w, const char *local, const char *domain, unsigned depth)
{
	char full[ADDR_MAX + 1];
	struct buf values;
	struct span all;
	int r;

	(void)snprintf(full, sizeof(full), "%s@%s", local, domain);
	if (was_seen(w, full)) {
		add_mailbox(w, local, domain);
		return;
	}
	buf_add(&w->seen, full, strlen(full) + 1);
	if (depth > RESOLVE_DEPTH) {
		trouble(w, "%s: aliases deeper than %d", w->at, RESOLVE_DEPTH);
		return;
	}
	buf_init(&values, ALIAS_VALUES_MAX);
	r = find_alias(w, local, domain, &values);
	if (r == -1)
		trouble(w, "%s", fail_text());
	if (r == 0)
		add_mailbox(w, local, domain);
	if (r == 1 && w->to->class == CLASS_UNKNOWN)
		w->to->class = CLASS_ALIAS;
	all = buf_all(&values);
	while (r == 1 && all.len > 0)
		follow(w, span_cut(&all, '\0'), domain, depth);
	buf_free(&values);
}

static void
open_files(struct walk *w)
{
	char own[PATH_MAX];
	const char *const paths[] = { own, SYSTEM_ALIASES };

	config_path(w->config, "aliases", own);
	for (size_t i = 0; i < 2; i++) {
		int r = alias_open(&w->files[w->opened], paths[i]);

		if (r == -1)
			trouble(w, "%s", fail_text());
		if (r == 1)
			w->catch_all |=
			    alias_has_catch_all(&w->files[w->opened++]);
	}
}

/* What came together: one mailbox needs no list. */
static void
conclude(struct walk *w)
{
	struct resolved *to = w->to;

	(void)strlcpy(to->at, w->at, sizeof(to->at));
	if (w->seen.over || to->targets.over)
		trouble(w, "%s: out of memory", w->at);
	if (to->class == CLASS_TROUBLE || to->class == CLASS_REFUSED)
		return;
	if (to->count == 0 && to->class == CLASS_ALIAS)
		trouble(w, "%s: nobody of this alias exists", w->at);
	else if (to->count == 1 && to->targets.p[0] == TARGET_MAILBOX)
		to->class = CLASS_MAILBOX;
	else if (to->count > 0)
		to->class = CLASS_ALIAS;
}

static void
walk_final(struct walk *w, const char *local, const char *domain)
{
	switch (find_box(w, local, domain, &w->to->box)) {
	case 1:
		w->to->class = CLASS_MAILBOX;
		break;
	case -1:
		trouble(w, "%s", fail_text());
	}
}

static void
walk_aliases(struct walk *w, const char *local, const char *domain)
{
	buf_init(&w->seen, RESOLVE_TEXT_MAX);
	open_files(w);
	if (w->to->class == CLASS_UNKNOWN)
		enter(w, local, domain, 0);
	conclude(w);
	while (w->opened > 0)
		alias_close(&w->files[--w->opened]);
	buf_free(&w->seen);
}

/* 1: the address is ours, its domain folded in "out"; 0; -1.  "postmaster"
 * alone always is (RFC 5321 s. 4.5.1), and so is what we said before. */
static int
where(struct walk *w, const struct addr *a, bool final,
    char out[DOMAIN_MAX + 1])
{
	(void)strlcpy(out,
	    a->domain[0] == '\0' ? w->config->hostname : a->domain,
	    DOMAIN_MAX + 1);
	return final || a->domain[0] == '\0' ? 1 :
					       our_domain(w, a->domain, out);
}

void
resolve(struct resolved *to, const struct config *c, const struct addr *a,
    const char *local_ip, bool final)
{
	struct walk w = { .config = c, .local_ip = local_ip, .to = to };
	char ours[DOMAIN_MAX + 1], local[ADDR_LOCAL_MAX + 1];

	memset(to, 0, sizeof(*to));
	buf_init(&to->targets, RESOLVE_TEXT_MAX);
	to->class = CLASS_UNKNOWN;
	fold(local, a->local, sizeof(local));
	switch (where(&w, a, final, ours)) {
	case -1:
		trouble(&w, "%s", fail_text());
		return;
	case 0:
		to->class = CLASS_REMOTE;
		return;
	}
	if (final)
		walk_final(&w, local, ours);
	else
		walk_aliases(&w, local, ours);
}

void
resolve_free(struct resolved *to)
{
	buf_free(&to->targets);
}
