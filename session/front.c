/* MAY HOLD ROOT. */
#include "session/front.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/auth.h"
#include "session/log.h"
#include "session/monitor.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"
#include "session/users.h"

enum {
	LOGIN_SECONDS = 180, /* from the greeting to the right password */
	PAUSE = 2, /* seconds after a wrong one */
	LAST_RESORT = 600, /* alarm() of a process that nothing else ended */
	ANSWER_MS = 90000, /* longer than the checker may take */
};

enum { /* requests of the parser; 0 is ASK_LOG */
	ASK_LOGIN = 1, /* data: name NUL password NUL word */
	ASK_LONGEST = USER_NAME_MAX + FRONT_PASSWORD_MAX + FRONT_WORD_MAX + 2,
};

/* The monitor's. */
struct entry {
	const struct front *front;
	const struct peer *peer;
	struct user user; /* who has logged in */
	char word[FRONT_WORD_MAX + 1];
	bool in;
};

static struct conn conn;

int
front_trouble(const char *event, const char *trouble)
{
	log_line(LOG_ERR, "%s reason=%s", event, fail_text());
	(void)!write(STDOUT_FILENO, trouble, strlen(trouble));
	return EX_OSERR;
}

static int
maildir_path(const struct config *c, const char *home, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", home, c->maildir);

	return n > 0 && n < PATH_MAX ?
	    0 :
	    fail_as(ENAMETOOLONG, "home %.64s... is too long", home);
}

/* ---- the parser */

static int
confine(const struct config *c)
{
	const struct limits l = { .memory = 64 << 20, .files = 6 };
	struct role net;
	char empty[PATH_MAX];

	(void)snprintf(empty, sizeof(empty), "%s/empty", c->run);
	if (role_root() &&
	    (role_find(&net, c->net_user) == -1 ||
		role_jail(&net, empty) == -1))
		return -1;
	if (sandbox_limits(&l) == -1 || sandbox_files(NULL, 0) == -1)
		return -1;
	return sandbox_calls(SANDBOX_PARSER);
}

static int
parser(const struct front *f, const struct peer *peer, int monitor)
{
	bool plain = f->config->plain_login == PLAIN_ALWAYS ||
	    peer->kind != PEER_INET ||
	    (f->config->plain_login == PLAIN_LOOPBACK && peer->loopback);
	struct timespec now;

	(void)close(LOG_FD);
	monitor_client(monitor);
	(void)alarm(LAST_RESORT);
	if (confine(f->config) == -1)
		return front_trouble("sandbox-error", f->trouble);
	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, false);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	conn.stop = ((int64_t)now.tv_sec + LOGIN_SECONDS) * 1000;
	f->serve(&conn, monitor, plain);
	return 0;
}

enum front_verdict
front_login(struct conn *c, int monitor, struct span name, struct span password,
    struct span word)
{
	static struct record answer;
	char data[ASK_LONGEST];
	size_t n = 0;
	int r;

	/* What is still here when the monitor takes over is never sent. */
	(void)conn_flush(c);
	/* No user has such a name; the time it takes is the checker's. */
	if (name.len > USER_NAME_MAX || password.len > FRONT_PASSWORD_MAX ||
	    word.len > FRONT_WORD_MAX)
		name.len = password.len = word.len = 0;
	memcpy(data, name.p, name.len);
	n += name.len;
	data[n++] = '\0';
	memcpy(data + n, password.p, password.len);
	n += password.len;
	data[n++] = '\0';
	memcpy(data + n, word.p, word.len);
	n += word.len;
	r = record_send(monitor, ASK_LOGIN, 0, span_n(data, n), -1);
	explicit_bzero(data, sizeof(data));
	if (r == -1 || record_recv(monitor, &answer, NULL, ANSWER_MS) != 1) {
		(void)fail("ask for a login");
		log_line(LOG_ERR, "login-error reason=%s", fail_text());
		return FRONT_TEMP;
	}
	return answer.kind == FRONT_BAD ? FRONT_BAD : FRONT_TEMP;
}

/* ---- the monitor */

/* The word comes from the parser and goes into an argument of the user's. */
static bool
word_ok(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (word[i] <= ' ' || word[i] >= 0x7f)
			return false;
	return len <= FRONT_WORD_MAX;
}

/* The child is done with after the right password: what stays of a parser that
 * has been taken over must not share the connection with the user. */
static int
answer_login(struct monitor *m, const struct record *r, int fd)
{
	struct entry *e = m->ctx;
	size_t name = strnlen(r->data, r->len), word;

	(void)fd;
	if (name == r->len)
		return fail_as(EBADMSG, "login without a password");
	word = name + 1 + strnlen(r->data + name + 1, r->len - name - 1) + 1;
	if (word > r->len || !word_ok(r->data + word, r->len - word))
		return fail_as(EBADMSG, "login without a word");
	(void)snprintf(e->word, sizeof(e->word), "%s", r->data + word);
	switch (auth_check(e->front->config, r->data, r->data + name + 1,
	    e->peer->ip, &e->user)) {
	case AUTH_OK:
		e->in = true;
		(void)kill(m->child, SIGKILL);
		(void)waitpid(m->child, NULL, 0);
		return 1;
	case AUTH_BAD:
		log_line(LOG_NOTICE, "login-refused user=%s ip=%s", r->data,
		    e->peer->ip);
		(void)sleep(PAUSE);
		return record_send(m->sock, FRONT_BAD, 0, span(""), -1);
	case AUTH_TEMP:
		break;
	}
	log_line(LOG_ERR, "login-error user=%s ip=%s reason=%s", r->data,
	    e->peer->ip, fail_text());
	return record_send(m->sock, FRONT_TEMP, 0, span(""), -1);
}

static const struct right rights[MONITOR_KINDS] = {
	[ASK_LOG] = { 100, LOG_LINE_MAX, monitor_log },
	[ASK_LOGIN] = { FRONT_TRIES, ASK_LONGEST, answer_login },
};

/* Become the user, and the program anew. */
static int
hand_over(const struct entry *e)
{
	const struct front *f = e->front;
	char path[PATH_MAX], login[64];

	log_line(LOG_INFO, "login user=%s ip=%s", e->user.name, e->peer->ip);
	(void)alarm(0);
	(void)snprintf(login, sizeof(login), "%s:%s", log_id_get(),
	    e->peer->ip);
	if (maildir_path(f->config, e->user.home, path) == -1 ||
	    role_drop(&e->user.role) == -1)
		return front_trouble("login-error", f->trouble);
	(void)execl("/proc/self/exe", f->program, f->option, login, "--",
	    e->user.name, path, e->word, (char *)NULL);
	(void)fail("exec /proc/self/exe");
	return front_trouble("login-error", f->trouble);
}

int
front_serve(const struct front *f, const struct peer *peer)
{
	struct entry e = { .front = f, .peer = peer };
	struct monitor m = { .ctx = &e, .rights = rights };
	int pair[2], status;

	(void)!write(STDOUT_FILENO, f->greeting, strlen(f->greeting));
	(void)alarm(LAST_RESORT);
	if (record_pair(pair) == -1 || (m.child = fork()) == -1) {
		(void)fail("start the parser");
		return front_trouble("start-error", f->trouble);
	}
	if (m.child == 0) {
		(void)close(pair[0]);
		_exit(parser(f, peer, pair[1]));
	}
	(void)close(pair[1]);
	m.sock = pair[0];
	status = monitor_serve(&m);
	return e.in ? hand_over(&e) : status;
}

/* ---- the new process */

int
front_user(struct front_user *u, const char *program, const char *login,
    char **args)
{
	size_t colon = strcspn(login, ":");

	if (args[0] == NULL || args[1] == NULL || args[2] == NULL ||
	    args[3] != NULL || login[colon] == '\0')
		return fail_as(EINVAL, "option -L is internal");
	*u = (struct front_user){
		.ip = login + colon + 1,
		.name = args[0],
		.maildir = args[1],
		.word = args[2],
	};
	(void)snprintf(u->id, sizeof(u->id), "%.*s", (int)colon, login);
	log_inherit(program);
	log_id(u->id);
	return 0;
}

int
front_self(struct front_user *u, const struct config *c, const char *home,
    char path[PATH_MAX])
{
	const struct passwd *pw = getpwuid(getuid());

	if (home[0] == '\0' && pw != NULL)
		home = pw->pw_dir;
	if (home[0] != '/')
		return fail_as(ENOENT, "uid %u has no home", getuid());
	*u = (struct front_user){
		.ip = "",
		.name = pw != NULL ? pw->pw_name : "?",
		.maildir = path,
		.word = "",
	};
	return maildir_path(c, home, path);
}
