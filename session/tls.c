/* MAY HOLD ROOT: opens certificates and keys, and starts tls-relay. */
#include "session/tls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/log.h"
#include "session/record.h"
#include "session/relay-ask.h"
#include "session/sandbox.h"

/* The relay of tls_preload, and what the certificates were like then. */
static int preloaded = -1;
static uint64_t preloaded_mark;

bool
tls_configured(const struct config *c)
{
	char path[PATH_MAX];

	config_path(c, "tls", path);
	return access(path, X_OK) == 0;
}

/* ---- certificates */

/* What is done with each pair: 0 / -1. */
typedef int pair_fn(void *arg, int cert, int key);

/* 1; 0: there is none; -1. */
static int
open_trusted(int dir, const char *name, mode_t forbidden, int *fd)
{
	struct stat st;

	*fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
							     fail("%s", name);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & forbidden) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid()))
		return 1;
	(void)close(*fd);
	return fail_as(EPERM, "%s: others may %s it", name,
	    forbidden & S_IROTH ? "read or write" : "write to");
}

/* A pair under these names.  1: done; 0: there is none; -1. */
static int
one_pair(int dir, const char *cert, const char *key, pair_fn *fn, void *arg)
{
	int c, k, r;

	r = open_trusted(dir, cert, S_IWOTH, &c);
	if (r != 1)
		return r;
	r = open_trusted(dir, key, S_IRWXO, &k);
	if (r == 1) {
		r = fn(arg, c, k) == -1 ? -1 : 1;
		(void)close(k);
	} else if (r == 0) {
		r = fail("%s", key);
	}
	(void)close(c);
	return r;
}

/* The pair in a directory, by our names or by those of certbot. */
static int
pair_in(int dir, pair_fn *fn, void *arg)
{
	int r = one_pair(dir, "cert.pem", "key.pem", fn, arg);

	return r != 0 ? r :
			one_pair(dir, "fullchain.pem", "privkey.pem", fn, arg);
}

/* Say where what went wrong is. */
static void
prefix(const char *dir)
{
	char reason[256];

	(void)snprintf(reason, sizeof(reason), "%s", fail_text());
	(void)fail_as(errno, "%s/%s", dir, reason);
}

/* Those of the directories below.  How many; -1. */
static int
pairs_below(int top, pair_fn *fn, void *arg)
{
	const struct dirent *e;
	DIR *d = fdopendir(fcntl(top, F_DUPFD_CLOEXEC, 0));
	int dir, r = 0, n = 0;

	if (d == NULL)
		return fail("opendir");
	while (r != -1 && n < RELAY_PAIRS - 1 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || e->d_type == DT_REG)
			continue;
		dir =
		    openat(top, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir == -1)
			continue;
		r = pair_in(dir, fn, arg);
		if (r == -1)
			prefix(e->d_name);
		n += r == 1;
		(void)close(dir);
	}
	(void)closedir(d);
	return r == -1 ? -1 : n;
}

/* The pair for all first.  0; -1: fail_text() names the file. */
static int
each_pair(const struct config *c, pair_fn *fn, void *arg)
{
	char path[PATH_MAX];
	int dir, r, below = 0;

	config_path(c, "tls", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return fail("%s", path);
	r = pair_in(dir, fn, arg);
	if (r != -1)
		below = pairs_below(dir, fn, arg);
	(void)close(dir);
	if (r == -1 || below == -1) {
		prefix(path);
		return -1;
	}
	if (r + below == 0)
		return fail_as(ENOENT, "%s: no cert.pem with key.pem", path);
	return 0;
}

static int
send_pair(void *arg, int cert, int key)
{
	const int *side = arg;

	if (record_send(*side, RELAY_CERT, 0, span(""), cert) == -1 ||
	    record_send(*side, RELAY_KEY, 0, span(""), key) == -1)
		return fail("tls-relay");
	return 0;
}

/* Which files they are, and of when. */
static int
mark_pair(void *arg, int cert, int key)
{
	uint64_t *mark = arg;
	const int fd[2] = { cert, key };
	struct stat st;
	int i;

	for (i = 0; i < 2; i++) {
		if (fstat(fd[i], &st) == -1)
			return fail("fstat");
		*mark = (*mark ^ st.st_ino) * 0x100000001b3;
		*mark = (*mark ^ (uint64_t)st.st_mtim.tv_sec) * 0x100000001b3;
		*mark = (*mark ^ (uint64_t)st.st_mtim.tv_nsec) * 0x100000001b3;
	}
	return 0;
}

int
tls_ready(const struct config *c)
{
	uint64_t mark = 0;

	return each_pair(c, mark_pair, &mark);
}

/* ---- starting one */

/* In the child.  Only what is at RELAY_FD is for the relay; the rest goes at
 * exec or was closed by it. */
static int
become_relay(const struct config *c, int side, bool jail)
{
	const struct limits l = { .memory = 64 << 20,
		.file = LIMIT_NONE,
		.procs = -1 };
	char path[sizeof(c->helpers) + 16], empty[sizeof(c->run) + 16] = "";
	char role[sizeof(c->tls_user)];
	char *argv[] = { path, role, empty, NULL };

	(void)snprintf(path, sizeof(path), "%s/tls-relay", c->helpers);
	(void)snprintf(role, sizeof(role), "%s", c->tls_user);
	if (jail)
		(void)snprintf(empty, sizeof(empty), "%s/empty", c->run);
	if (sandbox_limits(&l) == -1)
		return EX_OSERR;
	if (side == RELAY_FD) {
		if (fcntl(side, F_SETFD, 0) == -1)
			return EX_OSERR;
	} else if (dup2(side, RELAY_FD) == -1) {
		return EX_OSERR;
	}
	(void)dup2(2, 0); /* nor the client's socket: the relay is sent it */
	(void)dup2(2, 1);
	(void)execv(path, argv);
	return EX_OSFILE;
}

/* Fork twice, so that nobody has to wait for it.  The socket to talk with it;
 * -1. */
static int
start_relay(const struct config *c, bool jail)
{
	int pair[2];
	pid_t pid;

	if (record_pair(pair) == -1)
		return fail("socketpair");
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			_exit(become_relay(c, pair[1], jail));
		_exit(pid == -1 ? EX_OSERR : 0);
	}
	(void)close(pair[1]);
	if (pid == -1 || waitpid(pid, NULL, 0) == -1) {
		(void)close(pair[0]);
		return fail("fork");
	}
	return pair[0];
}

int
tls_preload(const struct config *c)
{
	uint64_t mark = 0;
	int side;

	tls_forget();
	if (each_pair(c, mark_pair, &mark) == -1)
		return -1;
	side = start_relay(c, true);
	if (side == -1)
		return -1;
	if (each_pair(c, send_pair, &side) == -1 ||
	    record_send(side, RELAY_MASTER, 0, span(""), -1) == -1) {
		(void)close(side);
		return -1;
	}
	preloaded = side;
	preloaded_mark = mark;
	return 0;
}

void
tls_forget(void)
{
	if (preloaded != -1)
		(void)close(preloaded);
	preloaded = -1;
}

/* A copy of the preloaded one.  -1: there is none that would do. */
static int
copy_relay(const struct config *c)
{
	uint64_t mark = 0;
	int pair[2], r;

	if (preloaded == -1 || each_pair(c, mark_pair, &mark) == -1 ||
	    mark != preloaded_mark || record_pair(pair) == -1)
		return -1;
	r = record_send(preloaded, 0, 0, span(""), pair[1]);
	(void)close(pair[1]);
	if (r == 0)
		return pair[0];
	(void)close(pair[0]);
	return -1;
}

/* ---- a connection */

/* Strings of another process. */
static void
settle(struct tls_info *i)
{
	i->version[sizeof(i->version) - 1] = '\0';
	i->cipher[sizeof(i->cipher) - 1] = '\0';
	i->sni[sizeof(i->sni) - 1] = '\0';
	i->trouble[sizeof(i->trouble) - 1] = '\0';
	if (i->peer_len > TLS_PEER_MAX)
		i->peer_len = 0;
	if (i->binding.exporter_len > SCRAM_BINDING_MAX)
		i->binding.exporter_len = 0;
	if (i->binding.end_point_len > SCRAM_BINDING_MAX)
		i->binding.end_point_len = 0;
}

static int
hear(int side, struct tls_info *info)
{
	static struct record r;
	int n = record_recv(side, &r, NULL, (TLS_SECONDS + 10) * 1000);

	if (n == -1)
		return fail("tls-relay");
	if (n == 0)
		return fail_as(EIO, "tls-relay: ended early");
	if (r.kind == RELAY_FAILED)
		return fail_as(EPROTO, "%.200s", r.data);
	if (r.kind != RELAY_UP || r.len != sizeof(*info))
		return fail_as(EBADMSG, "tls-relay: bad answer");
	memcpy(info, r.data, sizeof(*info));
	settle(info);
	return 0;
}

/* Give the relay both its sockets and wait for the handshake.  The session's
 * end; -1. */
static int
connect_relay(int side, int sock, struct tls_info *info)
{
	int pair[2], r = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return fail("socketpair");
	if (record_send(side, RELAY_NET, 0, span(""), sock) == -1 ||
	    record_send(side, RELAY_SESSION, 0, span(""), pair[1]) == -1)
		(void)hear(side, info); /* why it is not there any more */
	else
		r = hear(side, info);
	(void)close(pair[1]);
	if (r == 0)
		return pair[0];
	(void)close(pair[0]);
	return -1;
}

int
tls_server(const struct config *c, int sock, struct tls_info *info)
{
	int r, side = copy_relay(c);

	if (side == -1) {
		side = start_relay(c, true);
		if (side == -1)
			return -1;
		if (each_pair(c, send_pair, &side) == -1) {
			(void)close(side);
			return -1;
		}
	}
	r = connect_relay(side, sock, info);
	(void)close(side);
	return r;
}

int
tls_look(const struct config *c, const char *name, struct tls_certs *certs)
{
	static struct record r;
	int n = -1, side = start_relay(c, true);

	if (side == -1)
		return -1;
	if (each_pair(c, send_pair, &side) == 0 &&
	    record_send(side, RELAY_LOOK, 0, span(name), -1) == 0)
		n = record_recv(side, &r, NULL, TLS_SECONDS * 1000);
	(void)close(side);
	if (n == -1)
		return -1;
	if (n == 1 && r.kind == RELAY_FAILED)
		return fail_as(EPROTO, "%.200s", r.data);
	if (n != 1 || r.kind != RELAY_UP || r.len != sizeof(*certs))
		return fail_as(EBADMSG, "tls-relay: no answer");
	memcpy(certs, r.data, sizeof(*certs));
	if (certs->count > RELAY_PAIRS)
		certs->count = 0;
	for (uint32_t i = 0; i < certs->count; i++)
		certs->cert[i].subject[sizeof(certs->cert->subject) - 1] = '\0';
	return 0;
}

int
tls_session(const struct config *c, int sock, const char *ip,
    struct scram_binding *b, char *text)
{
	static struct tls_info info;

	sock = tls_server(c, sock, &info);
	if (sock == -1) {
		log_line(LOG_NOTICE, "no-tls ip=%s reason=\"%s\"", ip,
		    fail_text());
		return -1;
	}
	*b = info.binding;
	(void)snprintf(text, TLS_TEXT, "%s %s", info.version, info.cipher);
	return sock;
}

void
tls_ahead(const struct config *c)
{
	if (tls_configured(c) && tls_preload(c) == -1)
		log_line(LOG_NOTICE, "no-preload reason=\"%s\"", fail_text());
}

int
tls_client(const struct config *c, int sock, const struct tls_policy *p,
    struct tls_info *info)
{
	int r = -1, side = start_relay(c, p->mode != TLS_VERIFY);

	if (side == -1)
		return -1;
	if (record_send(side, RELAY_CLIENT, 0, span_n(p, sizeof(*p)), -1) == -1)
		(void)fail("tls-relay");
	else
		r = connect_relay(side, sock, info);
	(void)close(side);
	return r;
}
