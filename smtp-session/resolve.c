/* Aliases are a graph of names.  It is walked depth first; a name is entered
 * once, so loops end by themselves and every leaf comes out once.  A name met
 * again on its own way down ("bob: bob, archive") means the mailbox. */
#include "smtp-session/resolve.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uninorm.h>

#include "message/domain.h"
#include "message/fail.h"
#include "session/log.h"
#include "smtp-session/aliases.h"
#include "smtp-session/outlet.h"
#include "smtp-session/srs.h"

struct walk {
	const struct config *config;
	const char *local_ip;
	struct resolved *to;
	struct aliases aliases;
	struct buf seen; /* names entered, each with a NUL */
	char at[ALIASES_AT]; /* file:line of the entry being read */
	char owner[ADDR_MAX + 1]; /* of the list being read; "" none */
	char told[ADDR_MAX + 1]; /* the last that the targets say */
	/* The entry whose values are being read: the name by which its
	 * commands and files are called, and how many there were. */
	const char *entry;
	unsigned outlets;
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
add_mark(struct walk *w, char kind, const char *addr)
{
	buf_char(&w->to->targets, kind);
	buf_add(&w->to->targets, addr, strlen(addr) + 1);
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
	if (strcmp(w->told, w->owner) != 0) {
		add_mark(w, TARGET_OWNER, w->owner);
		(void)strlcpy(w->told, w->owner, sizeof(w->told));
		w->to->owned = true;
	}
	if (w->to->count == RESOLVE_TARGETS) {
		trouble(w, "%s: more than %d targets", w->at, RESOLVE_TARGETS);
		return;
	}
	buf_add(&w->to->targets, text, strlen(text) + 1);
	w->to->count++;
}

/* ---- mailboxes */

/* "final": without a look at the user's .forward. */
static void
add_mailbox(struct walk *w, const char *local, const char *domain, bool final)
{
	struct box box;

	switch (box_find(w->config, local, domain, &box)) {
	case 1:
		add_target(w, final ? TARGET_MAILBOX : TARGET_USER, box.final);
		w->to->box = box;
		w->to->final = final;
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

/* Lower case; what is not ASCII in one of the forms that look alike, the usual
 * one (NFC, RFC 6530 s. 10.1). */
static void
fold(char *out, const char *in, size_t size)
{
	size_t len = strlen(in), i = 0;
	uint8_t *normal = NULL;

	(void)strlcpy(out, in, size);
	while (i < len && (unsigned char)in[i] < 0x80)
		i++;
	if (i < len)
		normal = u8_normalize(UNINORM_NFC, (const uint8_t *)in, len + 1,
		    NULL, &len);
	if (normal != NULL && len <= size)
		memcpy(out, normal, len);
	free(normal);
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
		add_mailbox(w, local, ours, true);
	else
		enter(w, local, ours, depth + 1);
}

/* A command or file: called by the name of its entry and its number there.
 * What it is will be looked up again by the one who runs or writes it. */
static void
follow_outlet(struct walk *w, struct span value, const char *domain)
{
	char name[ADDR_MAX + 84];

	if (w->entry == NULL)
		trouble(w, "%s: no commands and files in a list: %.*s", w->at,
		    (int)(value.len < 80 ? value.len : 80), value.p);
	else if (outlet_name(name, sizeof(name), w->entry, domain, false,
		     ++w->outlets) == -1)
		trouble(w, "%s: the name is too long for a command", w->at);
	else
		add_target(w, TARGET_OUTLET, name);
}

static void follow(struct walk *, struct span, const char *, unsigned);

/* Each value in a file of its own, which is read once. */
static void
include(struct walk *w, struct span name, const char *domain, unsigned depth)
{
	char path[256], at[sizeof(w->at)];
	const char *entry = w->entry;
	struct alias_file file;
	struct buf values;
	struct span all, value;
	unsigned line = 1;

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
	w->entry = NULL;
	all = buf_all(&values);
	while (alias_value(&all, &value, &line)) {
		(void)snprintf(w->at, sizeof(w->at), "%s:%u", path, line);
		follow(w, value, domain, depth + 1);
	}
	w->entry = entry;
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
		follow_outlet(w, rest, domain);
	}
	buf_free(&plain);
}

/* The list "local" has an owner when there is an alias of that name: reports
 * go to him, not to who wrote to the list (RFC 5321 s. 3.9.2). */
static void
find_owner(struct walk *w, const char *local, const char *domain)
{
	char name[ADDR_LOCAL_MAX + 8], at[ALIASES_AT];
	struct buf values;

	if (strncmp(local, "owner-", 6) == 0)
		return;
	(void)snprintf(name, sizeof(name), "owner-%s", local);
	buf_init(&values, ALIAS_VALUES_MAX);
	if (aliases_find(&w->aliases, name, domain, &values, at) == 1)
		(void)snprintf(w->owner, sizeof(w->owner), "%s@%s", name,
		    domain);
	buf_free(&values);
}

/* The values of an alias, each in its turn. */
static void
follow_all(struct walk *w, const struct buf *values, const char *local,
    const char *domain, unsigned depth)
{
	struct span all = buf_all(values);
	char owner[sizeof(w->owner)], at[sizeof(w->at)];
	const char *entry = w->entry;
	unsigned outlets = w->outlets;

	(void)strlcpy(owner, w->owner, sizeof(owner));
	(void)strlcpy(at, w->at, sizeof(at));
	if (depth == 0 && w->to->targets.len == 0) {
		char via[ADDR_MAX + 1];

		(void)snprintf(via, sizeof(via), "%s@%s", local, domain);
		add_mark(w, TARGET_VIA, via);
	}
	find_owner(w, local, domain);
	w->entry = local;
	w->outlets = 0;
	while (all.len > 0) {
		follow(w, span_cut(&all, '\0'), domain, depth);
		(void)strlcpy(w->at, at, sizeof(w->at));
	}
	w->entry = entry;
	w->outlets = outlets;
	(void)strlcpy(w->owner, owner, sizeof(w->owner));
}

/* One name of ours, folded: its alias, else its mailbox. */
static void
enter(struct walk *w, const char *local, const char *domain, unsigned depth)
{
	char full[ADDR_MAX + 1];
	struct buf values;
	int r;

	(void)snprintf(full, sizeof(full), "%s@%s", local, domain);
	if (was_seen(w, full)) {
		add_mailbox(w, local, domain, false);
		return;
	}
	buf_add(&w->seen, full, strlen(full) + 1);
	if (depth > RESOLVE_DEPTH) {
		trouble(w, "%s: aliases deeper than %d", w->at, RESOLVE_DEPTH);
		return;
	}
	buf_init(&values, ALIAS_VALUES_MAX);
	r = aliases_find(&w->aliases, local, domain, &values, w->at);
	if (r == -1)
		trouble(w, "%s", fail_text());
	if (r == 0)
		add_mailbox(w, local, domain, false);
	if (r == 1 && w->to->class == CLASS_UNKNOWN)
		w->to->class = CLASS_ALIAS;
	if (r == 1)
		follow_all(w, &values, local, domain, depth);
	buf_free(&values);
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
	else if (to->count == 1 && to->box.final[0] != '\0' && !to->owned)
		to->class = CLASS_MAILBOX;
	else if (to->count > 0)
		to->class = CLASS_ALIAS;
}

static void
walk_final(struct walk *w, const char *local, const char *domain)
{
	switch (box_find(w->config, local, domain, &w->to->box)) {
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
	if (aliases_open(&w->aliases, w->config) == -1)
		trouble(w, "%s", fail_text());
	else
		enter(w, local, domain, 0);
	conclude(w);
	aliases_close(&w->aliases);
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

/* A report on mail that we have forwarded.  True: it is one, what it means is
 * in w->to. */
static bool
is_report(struct walk *w, const struct addr *a)
{
	struct buf to;

	if (!srs_is(a->local))
		return false;
	buf_init(&to, ADDR_MAX + 80);
	switch (srs_reverse(&to, w->config, a->local, time(NULL))) {
	case SRS_NONE:
		buf_free(&to);
		return false;
	case SRS_OK:
		w->to->class = CLASS_ALIAS;
		add_target(w, TARGET_REMOTE, to.p);
		break;
	case SRS_BAD:
		w->to->class = CLASS_REFUSED;
		(void)strlcpy(w->to->why, "Not an address that we made",
		    sizeof(w->to->why));
		break;
	case SRS_OLD:
		w->to->class = CLASS_REFUSED;
		(void)strlcpy(w->to->why, "This address has expired",
		    sizeof(w->to->why));
		break;
	case SRS_TROUBLE:
		trouble(w, "%s", fail_text());
	}
	(void)snprintf(w->to->at, sizeof(w->to->at), "%s/%s", w->config->dir,
	    SRS_FILE);
	buf_free(&to);
	return true;
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
	to->final = final;
	if (final)
		walk_final(&w, local, ours);
	else if (!is_report(&w, a))
		walk_aliases(&w, local, ours);
}

void
resolve_free(struct resolved *to)
{
	buf_free(&to->targets);
}
