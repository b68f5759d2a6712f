#include <unistd.h>

#include "mailq-run/packet.h"
#include "mailq-run/resolver.h"
#include "message/fail.h"
#include "session/log.h"
#include "session/role.h"
#include "session/sandbox.h"

noreturn void
resolver_alone(int sock, const struct config *c, int hurry)
{
	const struct limits l = {
		.memory = 64 << 20,
		.files = DNS_WINDOW + 8,
		.cpu = 60,
		.procs = role_root() ? 0 : -1,
	};
	struct dns_servers servers;

	if (dns_servers(&servers, c->dns) == -1 || packet_start() == -1 ||
	    sandbox_alone(c, &l, SANDBOX_DNS) == -1 ||
	    resolver_serve(sock, &servers, hurry) == -1)
		log_line(LOG_ERR, "no-resolver reason=\"%s\"", fail_text());
	_exit(0);
}
