#include "session/proxy.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/log.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD = 16, LONGEST = 8192 };

#define BALANCER "192.0.2.1"

static void
no_log(int priority, const char *line, size_t len)
{
	(void)priority;
	(void)line;
	(void)len;
}

/* What a client sends goes to descriptor 0; nothing follows it. */
static void
connect_client(const uint8_t *data, size_t len)
{
	int pair[2];

	PROMISE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	PROMISE(write(pair[1], data, len) == (ssize_t)len);
	(void)close(pair[1]);
	PROMISE(dup2(pair[0], 0) == 0);
	if (pair[0] != 0)
		(void)close(pair[0]);
}

static size_t
left_over(void)
{
	char some[LONGEST];
	ssize_t n;
	size_t left = 0;

	while ((n = read(0, some, sizeof(some))) > 0)
		left += (size_t)n;
	return left;
}

static void
address_good(const char *ip)
{
	struct in6_addr a;

	PROMISE(strnlen(ip, INET6_ADDRSTRLEN) < INET6_ADDRSTRLEN);
	PROMISE(inet_pton(strchr(ip, ':') == NULL ? AF_INET : AF_INET6, ip,
		    &a) == 1);
	PROMISE(strncmp(ip, "::ffff:", 7) != 0 || strchr(ip, '.') == NULL);
}

/* A header is taken whole and not an octet more, or refused. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config c = { .proxy_from = BALANCER };
	struct peer p = { .kind = PEER_INET,
		.loopback = true,
		.ip = BALANCER,
		.port = "1",
		.local_ip = "192.0.2.2" };

	if (len > LONGEST)
		return 0;
	log_to(no_log);
	connect_client(data, len);
	if (proxy_peer(&c, &p) == 0) {
		PROMISE(len >= HEAD);
		PROMISE(left_over() ==
		    len - HEAD - ((size_t)data[14] << 8 | data[15]));
		PROMISE(p.kind == PEER_INET);
		PROMISE(!p.loopback || strcmp(p.ip, BALANCER) == 0);
		PROMISE(strnlen(p.port, sizeof(p.port)) < sizeof(p.port));
		address_good(p.ip);
	}
	return 0;
}
