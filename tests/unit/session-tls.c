/* A session behind tls-relay.  tests/session/tls.bats makes the certificates
 * and says in TLS_CONFIG where they are; without it there is nothing to do. */
#include "session/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/log.h"
#include "tests/unit/test.h"

static struct config c;
static struct tls_info info, other;

__attribute__((constructor)) static void
reserve_log_fd(void)
{
	log_open("test", "/dev/null");
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

static bool
ready(void)
{
	const char *dir = getenv("TLS_CONFIG");

	if (dir == NULL)
		return false;
	CHECK(config_load(&c, dir) == 0);
	return tls_configured(&c);
}

/* Both ends by our relays: ends[0] the server's session, ends[1] the
 * client's. */
static pid_t
meet(int ends[2], const struct tls_policy *p)
{
	int net[2], status = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, net) == -1)
		_exit(71);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) { /* an echo, then its own last word */
		char data[5000];
		ssize_t n;

		(void)close(net[1]);
		ends[0] = tls_server(&c, net[0], &info);
		(void)close(net[0]);
		if (ends[0] == -1)
			_exit(1);
		while ((n = read(ends[0], data, sizeof(data))) > 0)
			if (write(ends[0], data, (size_t)n) != n)
				_exit(2);
		_exit(n == 0 && write(ends[0], "bye", 3) == 3 ? 0 : 3);
	}
	(void)close(net[0]);
	ends[1] = tls_client(&c, net[1], p, &other);
	(void)close(net[1]);
	if (ends[1] == -1) {
		CHECK(waitpid(pid, &status, 0) == pid);
		return -1;
	}
	return pid;
}

static bool
reads(int fd, const char *wanted)
{
	char got[100];
	size_t at = 0, len = strlen(wanted);
	ssize_t n;

	while (at < len && (n = read(fd, got + at, len - at)) > 0)
		at += (size_t)n;
	return at == len && memcmp(got, wanted, len) == 0;
}

TEST(both_ways)
{
	const struct tls_policy p = { .mode = TLS_MAY, .name = "a.test" };
	int ends[2], status;
	pid_t pid;

	if (!ready())
		return;
	pid = meet(ends, &p);
	CHECK(pid != -1);
	CHECK_STR(other.version, "TLSv1.3");
	CHECK(other.bits >= 128 && other.cipher[0] != '\0');
	CHECK(other.verified == 0 && other.peer_len > 100);
	CHECK(other.binding.exporter_len == 32);
	CHECK(other.binding.end_point_len >= 32);
	CHECK(write(ends[1], "hello", 5) == 5 && reads(ends[1], "hello"));
	CHECK(write(ends[1], "again", 5) == 5 && reads(ends[1], "again"));
	(void)close(ends[1]);
	CHECK(waitpid(pid, &status, 0) == pid);
}

TEST(much)
{
	const struct tls_policy p = { .mode = TLS_MAY };
	enum { TOTAL = 3000000 };
	static char piece[30000];
	int ends[2], i;
	size_t sent = 0, got = 0;
	char in[20000];
	pid_t pid;
	ssize_t n;

	if (!ready())
		return;
	pid = meet(ends, &p);
	CHECK(pid != -1);
	if (fork() == 0) {
		for (; sent < TOTAL; sent += sizeof(piece)) {
			memset(piece, 'a' + (int)(sent / sizeof(piece)) % 26,
			    sizeof(piece));
			if (write(ends[1], piece, sizeof(piece)) !=
			    sizeof(piece))
				_exit(1);
		}
		_exit(0);
	}
	while (got < TOTAL && (n = read(ends[1], in, sizeof(in))) > 0)
		for (i = 0; i < n; i++, got++)
			if (in[i] != 'a' + (int)(got / sizeof(piece)) % 26)
				CHECK(!"octet in its place");
	CHECK(got == TOTAL);
	(void)close(ends[1]);
	while (wait(NULL) > 0)
		continue;
}

TEST(preloaded)
{
	const struct tls_policy p = { .mode = TLS_MAY };
	int ends[2], i;
	pid_t pid;

	if (!ready())
		return;
	CHECK(tls_preload(&c) == 0);
	for (i = 0; i < 5; i++) {
		pid = meet(ends, &p);
		CHECK(pid != -1);
		CHECK(write(ends[1], "x", 1) == 1 && reads(ends[1], "x"));
		(void)close(ends[1]);
		CHECK(waitpid(pid, NULL, 0) == pid);
	}
	tls_forget();
}

/* ---- for tls.bats */

static void
tell(const char *what, const struct tls_info *t)
{
	unsigned i;

	(void)printf("%s version=%s bits=%u sni=%s verified=%u trouble=%s "
		     "exporter=",
	    what, t->version, t->bits, t->sni, t->verified, t->trouble);
	for (i = 0; i < t->binding.exporter_len; i++)
		(void)printf("%02x", t->binding.exporter[i]);
	(void)printf(" end_point=");
	for (i = 0; i < t->binding.end_point_len; i++)
		(void)printf("%02x", t->binding.end_point[i]);
	(void)printf("\n");
}

/* One connection: a greeting, an echo of what comes, and how it ended. */
static void
converse(int sock)
{
	char data[1000];
	size_t got = 0;
	ssize_t n;
	int fd = tls_server(&c, sock, &info);

	(void)close(sock);
	if (fd == -1) {
		(void)printf("failed reason=%s\n", fail_text());
		return;
	}
	tell("up", &info);
	(void)!write(fd, "220 hello\r\n", 11);
	while ((n = read(fd, data, sizeof(data))) > 0) {
		got += (size_t)n;
		if (memmem(data, (size_t)n, "QUIT", 4) != NULL) {
			(void)!write(fd, "221 bye\r\n", 9);
			break;
		}
		(void)!write(fd, data, (size_t)n);
	}
	(void)printf("end got=%zu n=%zd\n", got, n);
}

/* "ADDRESS:PORT" */
static struct sockaddr_in
address(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	char ip[INET_ADDRSTRLEN];
	uint64_t n = 0;

	(void)snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(text, ":"), text);
	CHECK(inet_pton(AF_INET, ip, &in.sin_addr) == 1);
	(void)span_number(span(text + strcspn(text, ":") + 1), 65535, &n);
	in.sin_port = htons((uint16_t)n);
	return in;
}

/* Serve at TLS_LISTEN until killed. */
TEST(serve)
{
	const char *where = getenv("TLS_LISTEN");
	struct sockaddr_in in;
	int l, s, one = 1;

	if (where == NULL || !ready())
		return;
	if (getenv("TLS_PRELOAD") != NULL)
		CHECK(tls_preload(&c) == 0);
	in = address(where);
	l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	CHECK(bind(l, (struct sockaddr *)&in, sizeof(in)) == 0);
	CHECK(listen(l, 100) == 0);
	(void)printf("ready\n");
	(void)signal(SIGCHLD, SIG_DFL);
	while ((s = accept4(l, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		if (fork() == 0) {
			(void)close(l);
			converse(s);
			_exit(0);
		}
		(void)close(s);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	}
}

static uint8_t
hex(const char *p)
{
	char two[3] = { p[0], p[1], '\0' };

	return (uint8_t)strtoul(two, NULL, 16);
}

/* "3 1 1 0123..." as in a zone file, into the policy. */
static void
add_record(struct tls_policy *p, const char *text)
{
	struct tlsa *t = &p->record[p->records++];
	size_t i;

	t->usage = (uint8_t)(text[0] - '0');
	t->selector = (uint8_t)(text[2] - '0');
	t->matching = (uint8_t)(text[4] - '0');
	for (i = 0; text[6 + 2 * i] != '\0' && i < TLS_RECORD_MAX; i++)
		t->data[i] = hex(text + 6 + 2 * i);
	t->len = (uint8_t)i;
}

/* Call TLS_CONNECT, and say what came of it. */
TEST(call)
{
	static struct tls_policy p;
	const char *where = getenv("TLS_CONNECT"), *mode = getenv("TLS_MODE");
	const char *name = getenv("TLS_NAME"), *tlsa = getenv("TLS_TLSA");
	struct sockaddr_in in;
	char line[200] = "";
	int s, fd;

	if (where == NULL || mode == NULL)
		return;
	CHECK(config_load(&c, getenv("TLS_CONFIG")) == 0);
	p.mode = strcmp(mode, "dane") == 0 ? TLS_DANE :
	    strcmp(mode, "verify") == 0	   ? TLS_VERIFY :
					     TLS_MAY;
	(void)snprintf(p.name, sizeof(p.name), "%s", name == NULL ? "" : name);
	if (tlsa != NULL)
		add_record(&p, tlsa);
	in = address(where);
	s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(connect(s, (struct sockaddr *)&in, sizeof(in)) == 0);
	fd = tls_client(&c, s, &p, &info);
	(void)close(s);
	if (fd == -1) {
		(void)printf("failed reason=%s\n", fail_text());
		return;
	}
	tell("up", &info);
	(void)!write(fd, "Q\n", 2);
	(void)!read(fd, line, sizeof(line) - 1);
	(void)printf("heard %.10s\n", line);
	(void)close(fd);
}
