/* MAY HOLD ROOT.
 *
 * The monitor only carries two messages to a child and two back.  The child
 * reads the name, has it looked up, gives up every system call but those of a
 * parser, and compares. */
#include "session/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/auth-parts.h"
#include "session/log.h"
#include "session/passwords.h"
#include "session/sandbox.h"

/* Kinds of the child's records. */
enum said { CHALLENGE, MALFORMED, TROUBLE, USER, RIGHT, WRONG };

/* The keys that would be right, all with one salt, because the client is told
 * only one: that of the entry if it has one, else of the user's own file. */
static struct {
	size_t n;
	struct scram_key key[PASSWORDS_MAX + 1];
	int own[PASSWORDS_MAX + 1]; /* number in the user's file; -1 */
	int fd; /* that file */
} keys;
static struct passwords own;

static void
add_key(const struct scram_key *k, int number)
{
	const struct scram_key *first = &keys.key[0];

	if (keys.n > 0 &&
	    (k->iterations != first->iterations ||
		k->salt_len != first->salt_len ||
		memcmp(k->salt, first->salt, k->salt_len) != 0))
		return;
	keys.own[keys.n] = number;
	keys.key[keys.n++] = *k;
}

/* As the user from here on. */
static int
find_keys(const struct config *c, const struct user *u)
{
	struct scram_key key;

	if (auth_closed(c, u->password))
		return 0;
	if (scram_key_parse(&key, u->password) == 1)
		add_key(&key, -1);
	if (role_drop(&u->role) == -1)
		return -1;
	if (passwords_load(&own, u->home) == -1)
		log_line(LOG_NOTICE, "passwords user=%s reason=\"%s\"", u->name,
		    fail_text());
	for (size_t i = 0; i < own.n; i++)
		add_key(&own.all[i].key, (int)i);
	keys.fd = passwords_open(u->home);
	return 0;
}

static char host[64] = "no host";

static void
know_host(void)
{
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)!read(fd, host, sizeof(host) - 1);
	(void)close(fd);
}

/* The one that the challenge is made of; for who has none, or is not here, one
 * that gives nothing away. */
static void
choose_key(struct scram *s, const struct user *u)
{
	struct scram_key like = { .iterations = SCRAM_ITERATIONS,
		.salt_len = 16 };

	if (keys.n > 0) {
		s->key = keys.key[0];
		return;
	}
	if (scram_key_parse(&like, u->password) != 1) {
		/* Something that is always the same here, of the file or, with
		 * users of the system, of the host. */
		hmac_once(like.stored, span(host), span(u->password));
		memcpy(like.server, like.stored, HMAC_SIZE);
	}
	scram_key_dummy(&s->key, &like, s->name);
}

static int
say(int sock, enum said kind, struct span data)
{
	return record_send(sock, kind, 0, data, -1) == 0 ? 0 : EX_OSERR;
}

static int
say_buf(int sock, enum said kind, struct buf *b)
{
	int r = b->over ? EX_OSERR : say(sock, kind, buf_all(b));

	buf_free(b);
	return r;
}

/* Wait for the client's proof, and judge it. */
static int
finish(struct scram *s, int sock)
{
	static struct record r;
	struct buf out;

	if (record_recv(sock, &r, NULL, -1) != 1)
		return EX_OSERR;
	buf_init(&out, SCRAM_TEXT_MAX);
	for (size_t i = 0; i < keys.n; i++) {
		s->key = keys.key[i];
		if (scram_final(s, record_span(&r), &out) != 1)
			continue;
		if (keys.own[i] != -1) {
			log_line(LOG_INFO, "device user=%s name=%s", s->name,
			    own.all[keys.own[i]].name);
			passwords_used(&own, (size_t)keys.own[i], keys.fd);
		}
		return say_buf(sock, RIGHT, &out);
	}
	buf_free(&out);
	return say(sock, WRONG, span(""));
}

/* In the child; its exit status. */
static int
exchange(const struct config *c, struct span text, bool plus,
    const struct scram_binding *b, int sock)
{
	static struct scram s;
	uint8_t nonce[18];
	struct user u;
	struct buf out;
	int found;

	if (auth_confine() == -1)
		return EX_OSERR;
	if (scram_first(&s, text, plus, b) == -1)
		return say(sock, MALFORMED, span(""));
	found = users_find(c, s.name, &u);
	if (found == -1)
		return say(sock, TROUBLE, span(fail_text()));
	know_host();
	if (found == 1 && c->system_users && auth_account(c, u.name) != 0)
		found = 0;
	if (found == 1 && find_keys(c, &u) == -1)
		return EX_OSERR;
	choose_key(&s, &u);
	users_forget(&u);
	if (say(sock, USER, span_n(&u, sizeof(u))) != 0 ||
	    sandbox_calls(SANDBOX_PARSER) == -1 ||
	    getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce))
		return EX_OSERR;
	buf_init(&out, SCRAM_TEXT_MAX * 2);
	scram_challenge(&s, nonce, &out);
	if (say_buf(sock, CHALLENGE, &out) != 0)
		return EX_OSERR;
	return finish(&s, sock);
}

/* The child's next record.  0 / -1. */
static int
hear(const struct auth_scram *a, struct record *r)
{
	if (record_recv(a->sock, r, NULL, AUTH_SECONDS * 1000) == 1)
		return 0;
	return fail_as(EIO, "password check ended early");
}

static enum auth_verdict
first_answer(struct auth_scram *a, struct record *r)
{
	if (hear(a, r) == -1)
		return AUTH_TEMP;
	if (r->kind == MALFORMED)
		return AUTH_BAD;
	if (r->kind != USER || r->len != sizeof(a->user)) {
		(void)fail_as(EIO, "%s",
		    r->kind == TROUBLE ? r->data : "password check failed");
		return AUTH_TEMP;
	}
	memcpy(&a->user, r->data, sizeof(a->user));
	a->user.name[sizeof(a->user.name) - 1] = '\0';
	a->user.home[sizeof(a->user.home) - 1] = '\0';
	users_forget(&a->user);
	if (hear(a, r) == -1)
		return AUTH_TEMP;
	return r->kind == CHALLENGE ? AUTH_OK : AUTH_TEMP;
}

enum auth_verdict
auth_scram_first(struct auth_scram *a, const struct config *c, struct span text,
    bool plus, const struct scram_binding *b, struct record *answer)
{
	int pair[2];

	auth_scram_end(a);
	if ((c->system_users && !c->scram) || text.len > SCRAM_TEXT_MAX)
		return AUTH_BAD;
	if (record_pair(pair) == -1) {
		(void)fail("socketpair");
		return AUTH_TEMP;
	}
	a->child = fork();
	if (a->child == 0) {
		(void)close(pair[0]);
		_exit(exchange(c, text, plus, b, pair[1]));
	}
	(void)close(pair[1]);
	a->sock = pair[0];
	if (a->child == -1) {
		(void)fail("fork");
		(void)close(pair[0]);
		a->child = 0;
		return AUTH_TEMP;
	}
	return first_answer(a, answer);
}

enum auth_verdict
auth_scram_final(struct auth_scram *a, struct span text, struct record *answer,
    struct user *u)
{
	enum auth_verdict v = AUTH_TEMP;
	struct timespec began;

	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	if (a->child == 0) {
		(void)fail_as(EPROTO, "SCRAM: second message without first");
		return AUTH_TEMP;
	}
	if (text.len > SCRAM_TEXT_MAX)
		v = AUTH_BAD;
	else if (record_send(a->sock, 0, 0, text, -1) == 0 &&
	    hear(a, answer) == 0)
		v = answer->kind == RIGHT ? AUTH_OK : AUTH_BAD;
	if (v == AUTH_OK)
		*u = a->user;
	auth_scram_end(a);
	if (v == AUTH_BAD)
		auth_settle(&began);
	return v;
}

void
auth_scram_end(struct auth_scram *a)
{
	if (a->child == 0)
		return;
	(void)close(a->sock);
	(void)kill(a->child, SIGKILL);
	(void)auth_reap(a->child);
	a->child = 0;
	a->sock = -1;
}
