#include "session/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/address.h"
#include "session/lines.h"
#include "session/milter-place.h"

/* What a value may be; each has one function in kinds[]. */
enum kind {
	HOST,
	PATH_ABSOLUTE,
	LOG_PLACE,
	NAME,
	ROLE,
	FOLDER,
	DNS_SERVER,
	PORT,
	OWN_ADDRESSES,
	SIZE,
	COUNT,
	YES_NO,
	PLAIN_LOGIN,
	MILTERS,
	ADDRESSES,
	ZONES,
	TEXT,
};

struct word {
	const char *word;
	enum kind kind;
	size_t at; /* offset in struct config */
	size_t size; /* of a text; the largest COUNT */
	size_t least; /* the smallest COUNT */
};

#define FIELD(f) offsetof(struct config, f), sizeof(((struct config *)0)->f), 0

/* clang-format off */
static const struct word words[] = {
	{ "hostname",		HOST,		FIELD(hostname) },
	{ "spool",		PATH_ABSOLUTE,	FIELD(spool) },
	{ "run",		PATH_ABSOLUTE,	FIELD(run) },
	{ "log",		LOG_PLACE,	FIELD(log) },
	{ "maildir",		FOLDER,		FIELD(maildir) },
	{ "shared-folders",	PATH_ABSOLUTE,	FIELD(shared_folders) },
	{ "net-user",		ROLE,		FIELD(net_user) },
	{ "spool-user",		ROLE,		FIELD(spool_user) },
	{ "tls-user",		ROLE,		FIELD(tls_user) },
	{ "command-user",	ROLE,		FIELD(command_user) },
	{ "dns",		DNS_SERVER,	FIELD(dns) },
	{ "nat-address",	OWN_ADDRESSES,	FIELD(nat_address) },
	{ "smtp-port",		PORT,		FIELD(smtp_port) },
	{ "loopback-mx",	YES_NO,		FIELD(loopback_mx) },
	{ "size",		SIZE,		FIELD(size) },
	{ "spool-reserve",	SIZE,		FIELD(spool_reserve) },
	{ "recipients",		COUNT,
	    offsetof(struct config, recipients), 1000, 100 }, /* RFC 5321 s. 4.5.3.1.8 */
	{ "sends-per-day",	COUNT,
	    offsetof(struct config, sends_per_day), 1000000, 0 },
	{ "check-sender",	YES_NO,		FIELD(check_sender) },
	{ "check-recipient",	YES_NO,		FIELD(check_recipient) },
	{ "client-name",	YES_NO,		FIELD(client_name) },
	{ "dnsbl",		ZONES,		FIELD(dnsbl) },
	{ "greylist",		COUNT,
	    offsetof(struct config, greylist), 86400, 0 },
	{ "refuse-from",	ADDRESSES,	FIELD(refuse_from) },
	{ "verify",		YES_NO,		FIELD(verify) },
	{ "hide-client",	YES_NO,		FIELD(hide_client) },
	{ "strict-newlines",	YES_NO,		FIELD(strict_newlines) },
	{ "plain-login",	PLAIN_LOGIN,	FIELD(plain_login) },
	{ "retry",		TEXT,		FIELD(retry) },
	{ "milters",		MILTERS,	FIELD(milters) },
	{ "milters-local",	MILTERS,	FIELD(milters_local) },
	{ "milters-submission",	MILTERS,	FIELD(milters_submission) },
	{ "pam-service",	NAME,		FIELD(pam_service) },
	{ "helpers",		PATH_ABSOLUTE,	FIELD(helpers) },
	{ "connections",	COUNT,
	    offsetof(struct config, connections), CONFIG_MAX_CONNECTIONS, 1 },
	{ "connections-before-login", COUNT,
	    offsetof(struct config, connections_before_login),
	    CONFIG_MAX_CONNECTIONS, 1 },
	{ "connections-per-address", COUNT,
	    offsetof(struct config, connections_per_address),
	    CONFIG_MAX_CONNECTIONS, 1 },
	{ "connections-per-destination", COUNT,
	    offsetof(struct config, connections_per_destination),
	    CONFIG_MAX_DESTINATION, 1 },
	{ "connections-per-user", COUNT,
	    offsetof(struct config, connections_per_user),
	    CONFIG_MAX_CONNECTIONS, 1 },
	{ "proxy-from",		ADDRESSES,	FIELD(proxy_from) },
	{ "scram",		YES_NO,		FIELD(scram) },
};
/* clang-format on */

enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* Every octet of v is a letter, a digit or one of "more". */
static bool
made_of(struct span v, const char *more)
{
	size_t i;

	for (i = 0; i < v.len; i++) {
		char c = v.p[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') &&
		    (c < 'A' || c > 'Z') &&
		    (c == '\0' || strchr(more, c) == NULL))
			return false;
	}
	return v.len > 0;
}

static bool
dns_ok(struct span v)
{
	struct span port = span_word(&v), addr = span_cut(&port, '@');
	char text[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	uint64_t n;

	v = span_trim(v);
	if (v.len > 0 && !span_eq(v, span("trust-ad")))
		return false;
	if (port.p != NULL && (span_number(port, 65535, &n) == -1 || n == 0))
		return false;
	return span_copy(addr, text, sizeof(text)) &&
	    (inet_pton(AF_INET, text, &in6) == 1 ||
		inet_pton(AF_INET6, text, &in6) == 1);
}

/* Addresses with blanks between them. */
static bool
addresses_ok(struct span v)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	struct span one;

	while ((one = span_word(&v)).len > 0)
		if (!span_copy(one, text, sizeof(text)) ||
		    (inet_pton(AF_INET, text, &in6) != 1 &&
			inet_pton(AF_INET6, text, &in6) != 1))
			return false;
	return true;
}

static const char *
put_count(void *to, const struct word *w, struct span v)
{
	static char range[32];
	uint64_t n;

	if (span_number(v, w->size, &n) == -1 || n < w->least) {
		(void)snprintf(range, sizeof(range), "%zu to %zu", w->least,
		    w->size);
		return range;
	}
	*(unsigned *)to = (unsigned)n;
	return NULL;
}

static bool
put_port(void *to, struct span v)
{
	uint64_t n;

	if (span_number(v, 65535, &n) == -1 || n == 0)
		return false;
	*(uint16_t *)to = (uint16_t)n;
	return true;
}

/* Octets, or with K, M, G behind it so many times 1024. */
static bool
put_size(void *to, struct span v)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned shift = 0;
	uint64_t n;

	if (v.len > 1 && (unit = strchr(units, v.p[v.len - 1])) != NULL) {
		shift = 10 * (unsigned)(unit - units + 1);
		v.len--;
	}
	if (span_number(v, INT64_MAX >> shift, &n) == -1 ||
	    n << shift < 65536) /* RFC 5321 s. 4.5.3.1.7 */
		return false;
	*(uint64_t *)to = n << shift;
	return true;
}

static bool
put_yes_no(void *to, struct span v)
{
	*(bool *)to = span_eq(v, span("yes"));
	return *(bool *)to || span_eq(v, span("no"));
}

static bool
put_plain_login(void *to, struct span v)
{
	static const char *const names[] = { "never", "loopback", "always" };
	unsigned i;

	for (i = 0; i < 3; i++)
		if (span_eq(v, span(names[i]))) {
			*(enum plain_login *)to = (enum plain_login)i;
			return true;
		}
	return false;
}

/* No way out of the home. */
static bool
folder_ok(struct span v)
{
	return v.p[0] != '/' && !span_eq(v, span("..")) &&
	    !span_starts(v, "../") && memmem(v.p, v.len, "/..", 3) == NULL;
}

/* A text of the kind goes to "to".  NULL, or what it should have been. */
static const char *
put_word(char *to, const struct word *w, struct span v)
{
	if (!span_copy(v, to, w->size))
		return "shorter";
	switch (w->kind) {
	case HOST:
		return made_of(v, ".-") ? NULL : "a host name";
	case PATH_ABSOLUTE:
		return v.p[0] == '/' ? NULL : "an absolute path";
	case LOG_PLACE:
		return v.p[0] == '/' || span_eq(v, span("syslog")) ?
		    NULL :
		    "syslog or an absolute path";
	case NAME:
		return made_of(v, "._-") && v.p[0] != '-' ? NULL : "a name";
	case ROLE:
		return made_of(v, "._-:") && v.p[0] != '-' ?
		    NULL :
		    "a name or UID:GID";
	case FOLDER:
		return folder_ok(v) ? NULL : "a path in the home";
	case DNS_SERVER:
		return dns_ok(v) ? NULL : "ADDRESS[@PORT] [trust-ad]";
	case OWN_ADDRESSES:
		return addresses_ok(v) ? NULL : "IP addresses";
	case ADDRESSES:
		return address_list_ok(v) ?
		    NULL :
		    "addresses, ADDRESS or ADDRESS/BITS";
	case ZONES:
		return made_of(v, ".- \t") ? NULL : "names of zones";
	case MILTERS:
		return milter_places_ok(v) ? NULL :
					     "unix:/PATH or inet:ADDRESS@PORT";
	default:
		return NULL;
	}
}

static const char *
put(struct config *c, const struct word *w, struct span v)
{
	void *to = (char *)c + w->at;

	switch (w->kind) {
	case PORT:
		return put_port(to, v) ? NULL : "1 to 65535";
	case SIZE:
		return put_size(to, v) ? NULL :
					 "octets, at least 64K (K, M, G)";
	case COUNT:
		return put_count(to, w, v);
	case YES_NO:
		return put_yes_no(to, v) ? NULL : "yes or no";
	case PLAIN_LOGIN:
		return put_plain_login(to, v) ? NULL :
						"never, loopback or always";
	default:
		return put_word(to, w, v);
	}
}

static int
line(struct config *c, const struct lines *l, struct span text,
    unsigned seen[WORDS])
{
	struct span word = span_word(&text), value = span_trim(text);
	const char *wanted;
	size_t i;

	for (i = 0; i < WORDS; i++)
		if (span_eq(word, span(words[i].word)))
			break;
	if (i == WORDS)
		return lines_bad(l, "unknown word \"%.*s\"",
		    (int)(word.len < 60 ? word.len : 60), word.p);
	if (seen[i] != 0)
		return lines_bad(l, "%s: again, first in line %u",
		    words[i].word, seen[i]);
	seen[i] = l->number;
	if (value.len == 0)
		return lines_bad(l, "%s: value missing", words[i].word);
	wanted = put(c, &words[i], value);
	if (wanted != NULL)
		return lines_bad(l, "%s: should be %s", words[i].word, wanted);
	return 0;
}

static void
defaults(struct config *c)
{
	*c = (struct config){
		.spool = "/var/spool/mailroom",
		.run = "/run/mailroom",
		.log = "syslog",
		.maildir = "Maildir",
		.net_user = "mailnet",
		.spool_user = "mailroom",
		.tls_user = "mailtls",
		.command_user = "nobody",
		.smtp_port = 25,
		.size = 52428800,
		.spool_reserve = 1 << 20,
		.recipients = 100,
		.sends_per_day = 1000,
		.verify = true,
		.plain_login = PLAIN_NEVER,
		.pam_service = "mailroom",
		.helpers = HELPERS,
		.connections = 100,
		.connections_before_login = 10,
		.connections_per_address = 20,
		.connections_per_destination = 20,
		.connections_per_user = 50,
	};
}

/* The first name with a dot that /etc/hosts has in a line with ours. */
static void
qualify(char *name, size_t size)
{
	struct lines l;
	struct span text, word;

	if (lines_open(&l, "/etc/hosts") != 1)
		return;
	while (lines_word(&l, &text) == 1) {
		struct span full = { NULL, 0 };
		bool ours = false;

		text = span_cut(&text, '#');
		(void)span_word(&text);
		while ((word = span_word(&text)).len > 0) {
			ours |= span_same(word, span(name));
			if (full.p == NULL && made_of(word, ".-") &&
			    span_find(word, '.') < word.len)
				full = word;
		}
		if (ours && full.p != NULL) {
			(void)span_copy(full, name, size);
			break;
		}
	}
	lines_close(&l);
}

static int
find_hostname(struct config *c)
{
	if (c->hostname[0] != '\0')
		return 0;
	if (gethostname(c->hostname, sizeof(c->hostname)) == -1)
		return fail("gethostname");
	c->hostname[sizeof(c->hostname) - 1] = '\0';
	if (strchr(c->hostname, '.') == NULL)
		qualify(c->hostname, sizeof(c->hostname));
	if (!made_of(span(c->hostname), ".-"))
		(void)strcpy(c->hostname, "localhost");
	return 0;
}

static int
set_dir(struct config *c, const char *dir)
{
	char here[256] = "";
	int n;

	if (dir[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return fail("%s", dir);
	n = snprintf(c->dir, sizeof(c->dir), "%s%s%s", here,
	    dir[0] == '/' ? "" : "/", dir);
	if (n < 0 || (size_t)n >= sizeof(c->dir))
		return fail_as(ENAMETOOLONG, "%s: path too long", dir);
	return 0;
}

int
config_load(struct config *c, const char *dir)
{
	unsigned seen[WORDS] = { 0 };
	char path[PATH_MAX];
	struct lines l;
	struct span text;
	int r;

	defaults(c);
	if (set_dir(c, dir == NULL ? CONFIG_DIR : dir) == -1)
		return -1;
	config_path(c, "users", path);
	c->system_users =
	    access(path, F_OK) == -1 && (errno == ENOENT || errno == ENOTDIR);
	config_path(c, "mailroom.conf", path);
	r = lines_open(&l, path);
	if (r == -1)
		return -1;
	while (r == 1 && (r = lines_word(&l, &text)) == 1)
		if (line(c, &l, text, seen) == -1) {
			r = -1;
			break;
		}
	lines_close(&l);
	return r == -1 ? -1 : find_hostname(c);
}

void
config_path(const struct config *c, const char *name, char *path)
{
	(void)snprintf(path, PATH_MAX, "%s/%s", c->dir, name);
}
