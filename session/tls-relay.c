/* tls-relay ROLE EMPTY: TLS on one connection (session/tls.h).
 *
 * MAY HOLD ROOT, and gives it up before anything else; keys and
 * certificates come as open descriptors.  Then it gives up every system call
 * but those that move octets, and only then meets the peer. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/record.h"
#include "session/relay.h"
#include "session/role.h"
#include "session/sandbox.h"

static struct record r;

/* One connection as it was asked for. */
struct job {
	struct contexts *contexts;
	struct tls_policy policy;
	bool client;
	bool confined; /* to no files */
	SSL *ssl; /* made ahead; NULL not yet */
	int side, net, session;
};

/* With write: sendmsg is not among the calls that are left. */
static int
answer(int side, enum relay_answer kind, struct span data)
{
	const size_t head = offsetof(struct record, data);

	r.kind = kind;
	r.value = 0;
	r.len = (uint32_t)data.len;
	memcpy(r.data, data.p, data.len);
	return write(side, &r, head + data.len) == -1 ? -1 : 0;
}

static int
refuse(const struct job *j)
{
	(void)answer(j->side, RELAY_FAILED, span(fail_text()));
	return EX_PROTOCOL;
}

static int
nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return fail("fcntl");
	return 0;
}

/* A client that must know authorities reads them as it needs them: most often
 * two of some hundred. */
static int
confine(const struct job *j)
{
	static const char *const dirs[] = { "/etc/ssl/certs",
		"/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates" };
	int fd[3];
	size_t i, n = 0;

	if (!j->client || j->policy.mode != TLS_VERIFY)
		return !j->confined && sandbox_files(NULL, 0) == -1 ?
		    -1 :
		    sandbox_calls(SANDBOX_PIPE);
	for (i = 0; i < 3; i++) {
		fd[n] = open(dirs[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		n += fd[n] != -1;
	}
	return sandbox_files(fd, n) == -1 ? -1 : sandbox_calls(SANDBOX_STORE);
}

static int
serve(struct job *j)
{
	static struct tls_info info;
	SSL *ssl;

	ssl = j->ssl;
	if (ssl == NULL)
		ssl = j->client ? contexts_client(&j->policy) :
				  contexts_server(j->contexts);
	if (ssl == NULL || SSL_set_fd(ssl, j->net) != 1 ||
	    nonblocking(j->net) == -1 || confine(j) == -1)
		return refuse(j);
	if (j->client)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	if (relay_handshake(ssl, j->net) == -1)
		return refuse(j);
	relay_info(ssl, &info);
	if (answer(j->side, RELAY_UP, span_n(&info, sizeof(info))) == -1)
		return EX_IOERR;
	(void)close(j->side);
	relay_pump(ssl, j->net, j->session);
	return 0;
}

/* Without a peer. */
static int
look(const struct job *j)
{
	static struct tls_certs certs;

	contexts_look(j->contexts, r.data, &certs);
	return answer(j->side, RELAY_UP, span_n(&certs, sizeof(certs)));
}

static int master(struct job *);

/* Take in what is to be known, and do it. */
static int
obey(struct job *j)
{
	int fd, n;

	while ((n = record_recv(j->side, &r, &fd, -1)) == 1) {
		switch (r.kind) {
		case RELAY_CERT:
			n = contexts_cert(j->contexts, fd);
			break;
		case RELAY_KEY:
			n = contexts_key(j->contexts, fd);
			break;
		case RELAY_CLIENT:
			if (r.len != sizeof(j->policy))
				return EX_USAGE;
			memcpy(&j->policy, r.data, sizeof(j->policy));
			j->policy.name[TLS_NAME_MAX] = '\0';
			for (size_t i = 0; i < TLS_ALSO_MAX; i++)
				j->policy.also[i][TLS_NAME_MAX] = '\0';
			j->client = true;
			break;
		case RELAY_LOOK:
			return look(j);
		case RELAY_MASTER:
			return master(j);
		case RELAY_NET:
			j->net = fd;
			continue;
		case RELAY_SESSION:
			j->session = fd;
			return serve(j);
		default:
			return EX_USAGE;
		}
		if (fd != -1)
			(void)close(fd);
		if (n == -1)
			return refuse(j);
	}
	return n == 0 ? 0 : EX_USAGE;
}

/* ---- ahead of the connections */

enum {
	READY = 2, /* copies that wait */
	LOOK_MS = 10000, /* for one that died unasked */
};

/* A copy: the record it gets brings the socket of one who wants a relay.  The
 * master is told that it waits no more. */
static int
wait_for_job(struct job *j, int told)
{
	const pid_t me = getpid();
	int fd;

	j->ssl = contexts_server(j->contexts);
	j->confined = sandbox_files(NULL, 0) == 0;
	if (record_recv(j->side, &r, &fd, -1) != 1 || fd == -1)
		return 0;
	(void)!write(told, &me, sizeof(me));
	(void)close(told);
	(void)close(j->side);
	j->side = fd;
	return obey(j);
}

/* Only interrupts poll. */
static void
on_child(int sig)
{
	(void)sig;
}

static void
forget(pid_t ready[READY], pid_t pid)
{
	for (int i = 0; i < READY; i++)
		if (ready[i] == pid)
			ready[i] = 0;
}

/* All read from one socket, each record is for one of them: so there is always
 * one that has been forked already. */
static int
master(struct job *j)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .fd = j->side } };
	pid_t ready[READY] = { 0 }, pid;
	int told[2];

	if (pipe2(told, O_CLOEXEC | O_NONBLOCK) == -1)
		return EX_OSERR;
	(void)signal(SIGCHLD, on_child);
	p[0].fd = told[0];
	do {
		for (int i = 0; i < READY; i++)
			if (ready[i] <= 0 && (ready[i] = fork()) == 0)
				_exit(wait_for_job(j, told[1]));
		(void)poll(p, 2, LOOK_MS);
		while (read(told[0], &pid, sizeof(pid)) == sizeof(pid))
			forget(ready, pid);
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			forget(ready, pid);
	} while ((p[1].revents & (POLLHUP | POLLERR)) == 0);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct limits l = { .memory = 64 << 20,
		.file = 0,
		.files = 64,
		.procs = -1 };
	static struct contexts contexts;
	static struct job job = { .contexts = &contexts,
		.side = RELAY_FD,
		.net = -1,
		.session = -1 };
	struct role role = { 0, 0 };

	if (argc != 3)
		return EX_USAGE;
	closefrom(RELAY_FD + 1);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Before the jail: authorities are read later, from their place. */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return EX_SOFTWARE;
	if (role_root() && role_find(&role, argv[1]) == -1)
		return refuse(&job);
	if ((argv[2][0] == '\0' ? role_drop(&role) :
				  role_jail(&role, argv[2])) == -1 ||
	    sandbox_limits(&l) == -1)
		return refuse(&job);
	/* Nothing is left to be written, and the library's own farewell takes
	 * longer than ours. */
	_exit(obey(&job));
}
