#include "mailq-run/commands.h"

#include <bsd/string.h>
#include <stdio.h>
#include <string.h>

#include "mailq-run/spool.h"
#include "message/domain.h"

enum { ENVID = 100, ORCPT = 500 }; /* RFC 3461 s. 4.2, 4.4 */

static bool
ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

int
commands_spell(const struct client *c, const char *addr, char *out)
{
	const char *at = strrchr(addr, '@');
	char domain[DOMAIN_MAX + 1];
	size_t local = at == NULL ? 0 : (size_t)(at - addr);

	if (strlcpy(out, addr, COMMANDS_LINE) >= COMMANDS_LINE - 200)
		return -1;
	if (c->utf8 || ascii(addr))
		return 0;
	if (at == NULL || domain_fold(domain, span(at + 1)) == -1)
		return -1;
	out[local] = '\0';
	if (!ascii(out))
		return -1;
	(void)snprintf(out + local, COMMANDS_LINE - local, "@%s", domain);
	return 0;
}

void
commands_mail(struct client *c, const struct letter *l)
{
	char from[COMMANDS_LINE], more[512] = "";
	size_t n = 0;

	(void)talk_room(&c->talk, COMMANDS_ROOM);
	(void)commands_spell(c, l->from, from);

	if (c->size > 0)
		n += (size_t)snprintf(more + n, sizeof(more) - n, " SIZE=%llu",
		    (unsigned long long)l->size);
	if (c->body8 && l->body8)
		n += (size_t)snprintf(more + n, sizeof(more) - n,
		    " BODY=8BITMIME");
	if (c->requiretls && l->tls)
		n +=
		    (size_t)snprintf(more + n, sizeof(more) - n, " REQUIRETLS");
	if (c->inside && l->report)
		n += (size_t)snprintf(more + n, sizeof(more) - n, " XFILTER");
	if (c->utf8 && l->utf8)
		n += (size_t)snprintf(more + n, sizeof(more) - n, " SMTPUTF8");
	if (c->dsn && l->ret != 0)
		n += (size_t)snprintf(more + n, sizeof(more) - n, " RET=%s",
		    l->ret == 'F' ? "FULL" : "HDRS");
	if (c->dsn && l->envid[0] != '\0' && strlen(l->envid) <= ENVID)
		(void)snprintf(more + n, sizeof(more) - n, " ENVID=%s",
		    l->envid);
	talk_printf(&c->talk, "MAIL FROM:<%s>%s", from, more);
}

static void
put_notify(char *out, size_t size, unsigned notify)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {
		{ NOTIFY_NEVER, "NEVER" },
		{ NOTIFY_SUCCESS, "SUCCESS" },
		{ NOTIFY_FAILURE, "FAILURE" },
		{ NOTIFY_DELAY, "DELAY" },
	};
	const char *between = " NOTIFY=";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if ((notify & words[i].bit) != 0) {
			(void)strlcat(out, between, size);
			(void)strlcat(out, words[i].word, size);
			between = ",";
		}
}

void
commands_rcpt(struct client *c, const struct letter_rcpt *r)
{
	char to[COMMANDS_LINE], more[64] = "";
	bool orcpt = c->dsn && r->orcpt[0] != '\0' && strlen(r->orcpt) <= ORCPT;

	(void)talk_room(&c->talk, COMMANDS_ROOM);
	(void)commands_spell(c, r->addr, to);
	if (c->dsn)
		put_notify(more, sizeof(more), r->notify);
	talk_printf(&c->talk, "RCPT TO:<%s>%s%s%s", to, more,
	    orcpt ? " ORCPT=" : "", orcpt ? r->orcpt : "");
}
