/* The whole parser of smtp-session, fed with octets, beside a monitor that
 * says yes to most and agents that take every message.
 *
 * The first octet says which client it is and where it came in. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session/log.h"
#include "session/monitor.h"
#include "session/record.h"
#include "smtp-session/agent.h"
#include "smtp-session/rights.h"
#include "smtp-session/room.h"
#include "smtp-session/smtp.h"
#include "tests/fuzz/fuzz.h"

enum { ENDS = 64 };

/* A client that has made errors waits; here nobody does. */
int
poll(struct pollfd *p, nfds_t n, int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	if (n == 0)
		return 0;
	return (int)syscall(SYS_ppoll, p, n, ms < 0 ? NULL : &t, NULL, 0);
}

/* ---- the other side: one thread for the monitor and all agents */

static struct {
	struct pollfd end[ENDS]; /* [0]: the monitor's */
	nfds_t n;
} other;

static void
say(int sock, uint32_t kind, int value, struct span data, int fd)
{
	(void)record_send(sock, kind, value, data, fd);
	if (fd != -1)
		(void)close(fd);
}

/* What an address is, by its first letter. */
static void
resolve(int sock, int how, struct span address)
{
	static const char box[] = "alice\0alice@here.test";
	static const char targets[] = "@bob@here.test\0>carol@there.test";
	char c = address.len > 0 ? address.p[0] : 'x';

	if (how == AGENT_NAMES || c == 'l')
		say(sock, AGENT_TARGETS, 0, span_n(targets, sizeof(targets)),
		    -1);
	else if (c == 'a')
		say(sock, AGENT_MAILBOX, 0, span_n(box, sizeof(box)), -1);
	else if (c == 'r')
		say(sock, AGENT_REMOTE, 0, span(""), -1);
	else if (c == 'f')
		say(sock, AGENT_REFUSED, 0, span("gone away"), -1);
	else if (c == 't')
		say(sock, AGENT_TROUBLE, EIO, span("disk"), -1);
	else if (c == 'q')
		say(sock, AGENT_TROUBLE, EDQUOT, span("quota"), -1);
	else if (c == 'o')
		say(sock, AGENT_TROUBLE, ROOM_LONG_FULL, span("quota"), -1);
	else
		say(sock, AGENT_UNKNOWN, 0, span(""), -1);
}

static void
hire(int sock, const struct record *r)
{
	int pair[2];

	if (other.n == ENDS || record_pair(pair) == -1) {
		say(sock, ANSWER_NONE, 11, span(""), -1);
		return;
	}
	other.end[other.n++] =
	    (struct pollfd){ .fd = pair[0], .events = POLLIN };
	say(sock, ANSWER_AGENT, 0, span(""), pair[1]);
	if (r->kind == ASK_RCPT)
		resolve(pair[0], r->value, record_span(r));
	else if (r->kind == ASK_SPOOL)
		say(pair[0], AGENT_SPOOL, 0, span(""), -1);
}

static void
monitor(int sock, const struct record *r)
{
	static const char user[] = "alice\0v=cHJvb2Y=";

	PROMISE(r->kind < MONITOR_KINDS && smtp_rights[r->kind].times > 0);
	PROMISE(r->len <= smtp_rights[r->kind].longest);
	switch (r->kind) {
	case ASK_LOG:
	case ASK_KICK:
		break;
	case ASK_LOGIN:
		PROMISE(strnlen(r->data, r->len) < r->len);
		say(sock, r->data[0] == 'a' ? ANSWER_LOGIN : ANSWER_LOGIN_BAD,
		    0, span("alice"), -1);
		break;
	case ASK_SCRAM_FIRST:
		say(sock, ANSWER_SCRAM, 0, span("r=x,s=eA==,i=4096"), -1);
		break;
	case ASK_SCRAM_FINAL:
		say(sock, ANSWER_SCRAM, 0, span_n(user, sizeof(user) - 1), -1);
		break;
	case ASK_RCPT:
		PROMISE(agent_may(r->value, record_span(r)));
		hire(sock, r);
		break;
	case ASK_SPOOL:
		hire(sock, r);
		break;
	case ASK_TLS_READY:
		say(sock, ANSWER_TLS_READY, -1, span("no certificate"), -1);
		break;
	case ASK_GREY: /* who is early, by the sender */
		PROMISE(strnlen(r->data, r->len) < r->len);
		say(sock, ANSWER_GREY, r->data[0] == 'g' ? 60 : 0, span(""),
		    -1);
		break;
	default:
		say(sock, ANSWER_NONE, 1, span(""), -1);
	}
}

static void
agent(int sock, const struct record *r)
{
	switch (r->kind) {
	case AGENT_BEGIN:
		resolve(sock, r->value, record_span(r));
		break;
	case AGENT_PREPARE:
	case AGENT_COMMIT:
	case AGENT_DELIVER:
		say(sock, AGENT_DONE, 0, span(""), -1);
		break;
	case AGENT_FILE:
		say(sock, AGENT_DONE, 0, span(""), memfd_create("f", 0));
		break;
	default:
		break;
	}
}

static void *
serve(void *arg)
{
	static struct record r;
	int fd;

	while (other.end[0].fd != -1) {
		(void)poll(other.end, other.n, -1);
		for (nfds_t i = 0; i < other.n; i++) {
			if (other.end[i].revents == 0)
				continue;
			if (record_recv(other.end[i].fd, &r, &fd, -1) != 1) {
				(void)close(other.end[i].fd);
				other.end[i].fd = -1;
				continue;
			}
			if (i == 0)
				monitor(other.end[i].fd, &r);
			else
				agent(other.end[i].fd, &r);
			if (fd != -1)
				(void)close(fd);
		}
	}
	for (nfds_t i = 1; i < other.n; i++)
		if (other.end[i].fd != -1)
			(void)close(other.end[i].fd);
	return arg;
}

/* ---- the client */

static int
file_of(const uint8_t *data, size_t len)
{
	int fd = memfd_create("client", MFD_CLOEXEC);

	PROMISE(fd != -1 && write(fd, data, len) == (ssize_t)len &&
	    lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* Every line begins with a code and is printable. */
static void
check_replies(int fd)
{
	static char text[1 << 20];
	struct span all = { text, 0 };
	ssize_t n = pread(fd, text, sizeof(text), 0);

	PROMISE(n >= 0);
	all.len = (size_t)n < sizeof(text) ? (size_t)n : 0;
	while (all.len > 0) {
		struct span line = span_cut(&all, '\n');

		PROMISE(line.len >= 5 && line.p[line.len - 1] == '\r');
		PROMISE(line.p[0] >= '0' && line.p[0] <= '5');
		PROMISE(line.p[3] == ' ' || line.p[3] == '-');
		for (size_t i = 0; i + 1 < line.len; i++)
			PROMISE(line.p[i] >= ' ' && line.p[i] < 0x7f);
	}
}

static struct smtp s;

static void
clean_up(void)
{
	buf_free(&s.text);
	buf_free(&s.why);
	buf_free(&s.data.head);
	buf_free(&s.data.loops);
	buf_free(&s.data.from);
	buf_free(&s.deliver.text);
	buf_free(&s.deliver.found_targets);
	buf_free(&s.deliver.why);
	stow_close(&s.content);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct config config = { .hostname = "mx.here.test",
		.size = 65536,
		.recipients = 100,
		.greylist = 60,
		.verify = true,
		.plain_login = PLAIN_ALWAYS };
	struct peer peer = { .ip = "192.0.2.1", .kind = PEER_INET };
	uint8_t how = len > 0 ? data[0] : 0;
	int pair[2], in, out;
	pthread_t thread;

	if (len == 0)
		return 0;
	memset(&s, 0, sizeof(s));
	if ((how & 1) != 0)
		peer = (struct peer){ .kind = PEER_UNIX, .uid = 1000 };
	s.facts.peer = (how & 1) != 0 ? POLICY_LOCAL : POLICY_STRANGER;
	s.facts.submission = (how & 2) != 0;
	s.keys = (how & 4) != 0;
	s.can_tls = (how & 8) != 0;
	s.turned = (how & 16) != 0;
	s.room = UINT64_MAX;
	s.config = &config;
	s.peer = &peer;
	in = file_of(data + 1, len - 1);
	out = memfd_create("server", MFD_CLOEXEC);
	PROMISE(dup2(in, 0) == 0 && dup2(out, 1) == 1);
	PROMISE(record_pair(pair) == 0);
	other.end[0] = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	other.n = 1;
	monitor_client(pair[1]);
	PROMISE(pthread_create(&thread, NULL, serve, NULL) == 0);
	smtp_serve(&s, pair[1], -1);
	(void)close(pair[1]);
	PROMISE(pthread_join(thread, NULL) == 0);
	check_replies(out);
	clean_up();
	(void)close(in);
	(void)close(out);
	return 0;
}
