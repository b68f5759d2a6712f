#include "mailq-run/learn.h"

#include "mailq-run/dest.h"
#include "message/clock.h"

const char *
learn_before(struct run *r, struct dest *d, size_t address)
{
	time_t now = run_time(r);
	char text[64];
	unsigned n;

	(void)route_text(&d->route.address[address].addr, text);
	n = hosts_limit(&r->hosts, HOSTS_CONNECTIONS, text, now);
	if (n > 0 && n < d->most)
		d->most = n;
	if (d->limit > d->most)
		d->limit = d->most;
	return hosts_find(&r->hosts, text, now);
}

void
learn_refused(struct run *r, struct dest *d, size_t address, bool serves)
{
	char text[64];

	d->limit = d->connections > 1 ? d->connections : 1;
	if (!serves)
		return; /* perhaps it will refuse them all */
	d->most = d->limit;
	hosts_learn(&r->hosts, HOSTS_CONNECTIONS,
	    route_text(&d->route.address[address].addr, text),
	    (unsigned)d->limit, run_time(r));
}

void
learn_ended(struct run *r, struct dest *d, size_t address, unsigned code,
    size_t letters)
{
	char text[64];

	d->rest[address] = clock_ms() + RUN_REST / r->hurry;
	if (code == 421 && letters > 0)
		hosts_learn(&r->hosts, HOSTS_LETTERS,
		    route_text(&d->route.address[address].addr, text),
		    (unsigned)letters, run_time(r));
}

size_t
learn_letters(struct run *r, const struct dest *d, size_t address, size_t most)
{
	char text[64];
	size_t n = hosts_limit(&r->hosts, HOSTS_LETTERS,
	    route_text(&d->route.address[address].addr, text), run_time(r));

	if (most == 0 || most > RUN_LETTERS)
		most = RUN_LETTERS;
	return n > 0 && n < most ? n : most;
}
