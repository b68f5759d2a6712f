/* The file `domains`: apart from config.c, because the names in it may be
 * written in any script, and only who asks pays for that library. */
#include <errno.h>
#include <strings.h>

#include "message/domain.h"
#include "session/config.h"
#include "session/lines.h"

/* One line.  1: it is that domain; 0; -1. */
static int
names(const struct lines *l, struct span text, const char *domain)
{
	char folded[DOMAIN_MAX + 1];
	struct span word = span_word(&text);

	text = span_trim(text);
	if (text.len > 0 && text.p[0] != '#')
		return lines_bad(l, "one domain in a line");
	if (domain_fold(folded, word) == -1)
		return lines_bad(l, "not a domain");
	return strcasecmp(folded, domain) == 0;
}

/* Names without a domain get the host's, so mail for it is for us, whatever
 * else is. */
static bool
host(const struct config *c, const char *domain)
{
	return strcasecmp(domain, c->hostname) == 0 ||
	    strcasecmp(domain, "localhost") == 0;
}

int
config_domain(const struct config *c, const char *domain)
{
	char path[PATH_MAX];
	struct lines l;
	struct span text;
	int r;

	config_path(c, "domains", path);
	r = lines_open(&l, path);
	if (r == -1)
		return -1;
	if (r == 0)
		return host(c, domain);
	while ((r = lines_word(&l, &text)) == 1)
		if ((r = names(&l, text, domain)) != 0)
			break;
	lines_close(&l);
	return r == 0 ? host(c, domain) : r;
}
