#include "session/admit.h"

#include "message/fail.h"
#include "session/log.h"

/* What slots_take said. */
static bool
judge(int taken, const struct peer *peer, const char *word)
{
	if (taken == -1)
		log_line(LOG_ERR, "slots reason=\"%s\"", fail_text());
	if (taken == 0)
		log_line(LOG_NOTICE,
		    "refused ip=%s reason=\"too many connections\" setting=%s",
		    peer->ip, word);
	return taken != 0;
}

bool
admit(struct admission *a, const struct config *c, const char *service,
    const struct peer *peer)
{
	const char *word;
	int r = slots_take(&a->all, c->run, service, peer->ip, c->connections,
	    c->connections_per_address, &word);

	return judge(r, peer, word);
}

bool
admit_stranger(struct admission *a, const struct config *c,
    const struct peer *peer)
{
	const char *word;
	int r = slots_take(&a->stranger, c->run, "strangers", peer->ip,
	    CONFIG_MAX_CONNECTIONS, c->connections_before_login, &word);

	return judge(r, peer, "connections-before-login");
}
