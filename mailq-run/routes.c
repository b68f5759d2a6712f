#include "mailq-run/routes.h"

#include <arpa/inet.h>
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "message/fail.h"
#include "session/lines.h"

enum { PORT_SMTPS = 465 };

static int
put_domain(struct routes_line *r, struct span s)
{
	size_t dot = s.len > 0 && s.p[0] == '.';

	if (span_eq(s, span("*"))) {
		r->domain[0] = '\0';
		return 0;
	}
	r->domain[0] = '.';
	return domain_fold(r->domain + dot, span_from(s, dot));
}

static bool
is_address(const char *s)
{
	struct in6_addr ip;

	return inet_pton(AF_INET, s, &ip) == 1 ||
	    inet_pton(AF_INET6, s, &ip) == 1;
}

/* "host", "host:port", "192.0.2.1:port", "[2001:db8::1]:port". */
static int
put_host(struct routes_line *r, struct span s, uint16_t port)
{
	struct span host, rest = s;
	uint64_t n = port;

	if (s.len > 0 && s.p[0] == '[') {
		rest = span_from(s, 1);
		host = span_cut(&rest, ']');
		if (rest.p == NULL || (rest.len > 0 && rest.p[0] != ':'))
			return -1;
		if (rest.len > 0)
			rest = span_from(rest, 1);
		else
			rest.p = NULL;
	} else {
		host = span_cut(&rest, ':');
	}
	if (rest.p != NULL && (span_number(rest, 65535, &n) == -1 || n == 0))
		return -1;
	r->port = (uint16_t)n;
	if (host.len == 0 || host.len > DOMAIN_MAX)
		return -1;
	memcpy(r->host, host.p, host.len);
	r->host[host.len] = '\0';
	r->literal = is_address(r->host);
	if (r->literal)
		return 0;
	return s.p[0] == '[' ? -1 : domain_fold(r->host, host);
}

/* ---- words behind the host */

/* A file with one line, "user password". */
static int
read_login(struct routes_login *login, const char *path)
{
	struct lines l;
	struct span text = span(""), user;
	struct stat st;
	int got = lines_open(&l, path);

	if (got != 1)
		return got == 0 ? fail_as(ENOENT, "%s: no such file", path) :
				  -1;
	if (fstat(l.fd, &st) == -1 || (st.st_mode & S_IRWXO) != 0)
		got = fail_as(EPERM, "%s: others may read it", path);
	else
		got = lines_word(&l, &text);
	user = got == 1 ? span_word(&text) : span("");
	text = span_trim(text);
	if (got == 0 ||
	    (got == 1 &&
		(user.len > ROUTES_USER || user.len == 0 ||
		    text.len > ROUTES_PASSWORD || text.len == 0)))
		got = fail_as(EINVAL, "%s: no line \"user password\"", path);
	if (got == 1) {
		memcpy(login->user, user.p, user.len);
		memcpy(login->password, text.p, text.len);
	}
	lines_close(&l);
	explicit_bzero(l.data, sizeof(l.data));
	return got == 1 ? 0 : -1;
}

static int
put_auth(struct routes_line *r, struct span file, const struct config *c)
{
	char path[PATH_MAX];

	if (file.len == 0 || file.len >= sizeof(r->auth))
		return fail_as(EINVAL, "auth: name of a file missing");
	memcpy(r->auth, file.p, file.len);
	r->auth[file.len] = '\0';
	if (r->auth[0] == '/')
		(void)strlcpy(path, r->auth, sizeof(path));
	else
		config_path(c, r->auth, path);
	r->login = calloc(1, sizeof(*r->login));
	return r->login == NULL ? fail("auth") : read_login(r->login, path);
}

static int
put_tls(struct routes_line *r, struct span word)
{
	static const char *const levels[] = {
		[SECURE_NEVER] = "never",
		[SECURE_MAY] = "may",
		[SECURE_ENCRYPT] = "encrypt",
		[SECURE_VERIFY] = "verify",
		[SECURE_DANE] = "dane",
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (span_eq(word, span(levels[i]))) {
			r->tls = (enum secure_level)i;
			return 0;
		}
	return fail_as(EINVAL,
	    "tls: should be never, may, encrypt, verify or dane");
}

/* Does all of it make sense together? */
static int
check(const struct routes_line *r)
{
	if (r->smtps && r->tls < SECURE_ENCRYPT)
		return fail_as(EINVAL, "smtps: TLS is not to be left out");
	if (r->login != NULL && r->tls < SECURE_ENCRYPT)
		return fail_as(EINVAL, "auth: no password goes out in clear");
	if (r->literal && r->tls >= SECURE_VERIFY)
		return fail_as(EINVAL,
		    "certificates are for names: give the host by its name");
	return 0;
}

static int
put_words(struct routes_line *r, struct span text, const struct config *c)
{
	struct span word;
	bool tls = false;
	int got = 0;

	r->tls = SECURE_MAY;
	r->smtps = r->port == PORT_SMTPS;
	while (got == 0 && (word = span_word(&text)).len > 0) {
		if (span_eq(word, span("smtps"))) {
			r->smtps = true;
		} else if (span_eq(word, span("tls")) && !tls) {
			tls = true;
			got = put_tls(r, span_word(&text));
		} else if (span_eq(word, span("auth")) && r->login == NULL) {
			got = put_auth(r, span_word(&text), c);
		} else {
			got = fail_as(EINVAL, "\"%.*s\" behind the host",
			    (int)(word.len < 60 ? word.len : 60), word.p);
		}
	}
	if (got == 0 && !tls && (r->smtps || r->login != NULL))
		r->tls = SECURE_VERIFY;
	return got == 0 ? check(r) : -1;
}

static int
read_line(struct routes_line *r, const struct lines *l, struct span text,
    const struct config *c)
{
	struct span domain = span_word(&text), host = span_word(&text);

	*r = (struct routes_line){ .port = c->smtp_port };
	if (put_domain(r, domain) == -1)
		return lines_bad(l, "\"%.*s\" is no domain",
		    (int)(domain.len < 60 ? domain.len : 60), domain.p);
	if (host.len == 0)
		return lines_bad(l, "host missing");
	r->mx = span_eq(host, span("mx"));
	if (!r->mx && put_host(r, host, c->smtp_port) == -1)
		return lines_bad(l, "\"%.*s\" is no host[:port]",
		    (int)(host.len < 60 ? host.len : 60), host.p);
	if (r->mx && span_trim(text).len > 0)
		return lines_bad(l, "something behind mx");
	if (!r->mx && put_words(r, text, c) == -1) {
		char why[256];

		(void)strlcpy(why, fail_text(), sizeof(why));
		return lines_bad(l, "%s", why);
	}
	return 0;
}

static struct routes_line *
add(struct routes *r)
{
	size_t room = r->room == 0 ? 8 : 2 * r->room;
	void *p;

	if (r->count < r->room)
		return &r->line[r->count++];
	p = reallocarray(r->line, room, sizeof(*r->line));
	if (p == NULL) {
		(void)fail("routes");
		return NULL;
	}
	r->line = p;
	r->room = room;
	return &r->line[r->count++];
}

static const struct routes_line *
exactly(const struct routes *r, const char *domain, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(r->line[i].domain, domain) == 0)
			return &r->line[i];
	return NULL;
}

int
routes_load(struct routes *r, const struct config *c)
{
	struct routes_line *new;
	char path[PATH_MAX];
	struct lines l;
	struct span text;
	int got;

	*r = (struct routes){ .count = 0 };
	config_path(c, "routes", path);
	got = lines_open(&l, path);
	if (got != 1)
		return got;
	while ((got = lines_word(&l, &text)) == 1) {
		new = add(r);
		if (new == NULL || read_line(new, &l, text, c) == -1) {
			got = -1;
			break;
		}
		if (exactly(r, new->domain, r->count - 1) != NULL) {
			got = lines_bad(&l, "this domain stands above already");
			break;
		}
	}
	lines_close(&l);
	return got;
}

void
routes_free(struct routes *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->line[i].login != NULL)
			freezero(r->line[i].login, sizeof(*r->line[i].login));
	free(r->line);
	*r = (struct routes){ .count = 0 };
}

const struct routes_line *
routes_find(const struct routes *r, const char *domain)
{
	const struct routes_line *found = exactly(r, domain, r->count);
	const char *at = domain;

	while (found == NULL && (at = strchr(at, '.')) != NULL) {
		found = exactly(r, at, r->count);
		at++;
	}
	if (found == NULL)
		found = exactly(r, "", r->count);
	return found == NULL || found->mx ? NULL : found;
}
