#include "session/milter-place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static int
put_unix(struct milter_place *m, struct span path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (path.len == 0 || path.p[0] != '/' ||
	    path.len >= sizeof(un.sun_path))
		return -1;
	memcpy(un.sun_path, path.p, path.len);
	memcpy(&m->addr, &un, sizeof(un));
	m->addr_len = sizeof(un);
	return 0;
}

/* "127.0.0.1@8891", "::1@8891" */
static int
put_inet(struct milter_place *m, struct span port)
{
	struct span addr = span_cut(&port, '@');
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char text[INET6_ADDRSTRLEN];
	uint64_t n;

	if (span_number(port, 65535, &n) == -1 || n == 0 ||
	    addr.len >= sizeof(text))
		return -1;
	memcpy(text, addr.p, addr.len);
	text[addr.len] = '\0';
	in.sin_port = in6.sin6_port = htons((uint16_t)n);
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(&m->addr, &in, sizeof(in));
		m->addr_len = sizeof(in);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
		return -1;
	memcpy(&m->addr, &in6, sizeof(in6));
	m->addr_len = sizeof(in6);
	return 0;
}

static int
put_option(struct milter_place *m, struct span value)
{
	static const char *const names[] = { "tempfail", "accept", "reject" };
	struct span word = span_cut(&value, '=');
	uint64_t n;

	if (span_eq(word, span("seconds"))) {
		if (span_number(value, MILTER_SECONDS_MAX, &n) == -1 || n == 0)
			return -1;
		m->seconds = (unsigned)n;
		return 0;
	}
	for (unsigned i = 0; i < 3 && span_eq(word, span("fail")); i++)
		if (span_eq(value, span(names[i]))) {
			m->failure = (enum milter_failure)i;
			return 0;
		}
	return -1;
}

int
milter_place_next(struct span *rest, struct milter_place *m)
{
	struct span options = span_word(rest), where, family;

	*m = (struct milter_place){ .seconds = MILTER_SECONDS };
	if (options.len == 0)
		return 0;
	where = m->text = span_cut(&options, ',');
	while (options.p != NULL)
		if (put_option(m, span_cut(&options, ',')) == -1)
			return -1;
	family = span_cut(&where, ':');
	if (span_eq(family, span("unix")))
		return put_unix(m, where) == 0 ? 1 : -1;
	return span_eq(family, span("inet")) && put_inet(m, where) == 0 ? 1 :
									  -1;
}

bool
milter_places_ok(struct span all)
{
	struct milter_place m;
	unsigned n = 0;
	int r;

	while ((r = milter_place_next(&all, &m)) == 1)
		n++;
	return r == 0 && n <= MILTERS_MAX;
}
