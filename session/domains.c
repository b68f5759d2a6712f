/* The file `domains`: apart from config.c, because the names in it may be
 * written in any script, and only who asks pays for that library. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "message/domain.h"
#include "session/config.h"
#include "session/lines.h"

/* The domain of a line, folded.  0; -1. */
static int
names(const struct lines *l, struct span text, char folded[DOMAIN_MAX + 1])
{
	struct span word = span_word(&text);

	text = span_trim(text);
	if (text.len > 0 && text.p[0] != '#')
		return lines_bad(l, "one domain in a line");
	if (domain_fold(folded, word) == -1)
		return lines_bad(l, "not a domain");
	return 0;
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
config_domains(const struct config *c,
    int (*each)(void *ctx, const char *domain), void *ctx)
{
	char path[PATH_MAX], folded[DOMAIN_MAX + 1];
	struct lines l;
	struct span text;
	int r;

	config_path(c, "domains", path);
	r = lines_open(&l, path);
	if (r != 1)
		return r;
	while ((r = lines_word(&l, &text)) == 1) {
		r = names(&l, text, folded);
		if (r == 0)
			r = each(ctx, folded);
		if (r != 0)
			break;
	}
	lines_close(&l);
	return r;
}

static int
same(void *ctx, const char *domain)
{
	return strcasecmp(domain, ctx) == 0;
}

int
config_domain(const struct config *c, const char *domain)
{
	char name[DOMAIN_MAX + 1];
	int r = 0;

	if (strlen(domain) < sizeof(name)) {
		memcpy(name, domain, strlen(domain) + 1);
		r = config_domains(c, same, name);
	}
	return r == 0 ? host(c, domain) : r;
}
