#include "mailq-run/routes.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "message/fail.h"
#include "session/lines.h"

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
	if (is_address(r->host))
		return 0;
	return s.p[0] == '[' ? -1 : domain_fold(r->host, host);
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
	if (span_trim(text).len > 0)
		return lines_bad(l, "something behind the host");
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
