/* MAY HOLD ROOT.
 *
 * The monitor waits here while a child looks the user up and has the password
 * checked.  The child says first who the user is, then, by its exit status,
 * whether the password is his: by itself with crypt(3), where it has given up
 * every system call but the few of a pipe, or by becoming auth-pam.
 *
 * Who is not here must not be told apart from who mistypes.  So something of
 * the same cost is hashed in vain, and what difference is left (PAM may hash
 * twice) hides behind the grid of times at which a no is told. */
#include "session/auth.h"

#include <bsd/string.h>
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/auth-parts.h"
#include "session/log.h"
#include "session/passwords.h"
#include "session/record.h"
#include "session/sandbox.h"
#include "session/saslprep.h"
#include "session/scram.h"
#include "session/slots.h"

enum {
	PASSWORD_MAX = 512,
	GRID_MS = 250,
	HASHES = 8, /* passwords that are hashed at a time, of all sessions */
	HASH_SECONDS = 30, /* that one waits for its turn */
};

/* What the child says in its one record. */
enum said { FOUND, UNKNOWN, TROUBLE };

static const char *
skip_scheme(const char *stored, bool *plain)
{
	static const char *const crypts[] = { "{CRYPT}", "{SHA512-CRYPT}",
		"{SHA256-CRYPT}", "{BLF-CRYPT}", "{MD5-CRYPT}" };
	static const char *const plains[] = { "{PLAIN}", "{CLEARTEXT}" };
	size_t i;

	*plain = false;
	if (stored[0] != '{')
		return stored;
	for (i = 0; i < sizeof(crypts) / sizeof(crypts[0]); i++)
		if (strncasecmp(stored, crypts[i], strlen(crypts[i])) == 0)
			return stored + strlen(crypts[i]);
	*plain = true;
	for (i = 0; i < sizeof(plains) / sizeof(plains[0]); i++)
		if (strncasecmp(stored, plains[i], strlen(plains[i])) == 0)
			return stored + strlen(plains[i]);
	return NULL;
}

/* Takes the same time wherever they begin to differ. */
static bool
same(const char *a, const char *b)
{
	size_t i, len = strlen(a);
	unsigned char differ = 0;

	if (len != strlen(b))
		return false;
	for (i = 0; i < len; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

/* Exit status: 0, AUTH_WRONG or EX_TEMPFAIL. */
static int
compare(const char *password, const char *stored)
{
	bool plain;
	const char *hash = skip_scheme(stored, &plain), *made;
	struct scram_key key;

	switch (scram_key_parse(&key, stored)) {
	case 1:
		return scram_key_is(&key, span(password)) ? 0 : AUTH_WRONG;
	case -1:
		return EX_TEMPFAIL;
	}
	if (hash == NULL)
		return EX_TEMPFAIL; /* a scheme that we do not know */
	if (plain)
		return hash[0] != '\0' && same(password, hash) ? 0 : AUTH_WRONG;
	errno = 0;
	made = crypt(password, hash);
	if (made == NULL || made[0] == '*')
		return errno == ENOMEM ? EX_TEMPFAIL : AUTH_WRONG;
	return same(made, hash) ? 0 : AUTH_WRONG;
}

/* Become auth-pam with name and password waiting in its descriptor 0;
 * "known": the password has been found to be right. */
static int
become_helper(const struct config *c, const char *name, const char *password,
    const char *ip, bool known)
{
	char path[sizeof(c->helpers) + 16], in[1024];
	char service[sizeof(c->pam_service)], remote[64];
	char account[] = "-a";
	char *argv[] = { path, known ? account : service,
		known ? service : remote, known ? remote : NULL, NULL };
	int p[2], n;

	(void)snprintf(path, sizeof(path), "%s/auth-pam", c->helpers);
	(void)strlcpy(service, c->pam_service, sizeof(service));
	(void)strlcpy(remote, ip, sizeof(remote));
	n = snprintf(in, sizeof(in), "%s%c%s%c", name, 0, password, 0);
	if (n < 0 || (size_t)n >= sizeof(in))
		return AUTH_WRONG;
	if (pipe(p) == -1 || write(p[1], in, (size_t)n) != n)
		return EX_TEMPFAIL;
	explicit_bzero(in, sizeof(in));
	if (dup2(p[0], 0) == -1)
		return EX_TEMPFAIL;
	(void)close(p[0]);
	(void)close(p[1]);
	(void)execv(path, argv);
	return EX_OSFILE;
}

bool
auth_closed(const struct config *c, const char *stored)
{
	const char *scheme = stored[0] == '{' ? strchr(stored, '}') : NULL;

	if (scheme != NULL)
		stored = scheme + 1;
	return !c->system_users &&
	    (stored[0] == '\0' || stored[0] == '*' || stored[0] == '!');
}

int
auth_confine(void)
{
	/* yescrypt wants tens of megabytes, and may want more. */
	const struct limits l = { .memory = 1 << 30,
		.file = LIMIT_NONE,
		.cpu = 5,
		.procs = -1 };

	(void)alarm(AUTH_SECONDS);
	return sandbox_limits(&l);
}

int
auth_account(const struct config *c, const char *name)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(become_helper(c, name, "", "", true));
	return pid == -1 ? EX_OSERR : auth_reap(pid);
}

/* Is it an application password of this user?  As him, and where only his home
 * can be reached.  Exit status: 0, AUTH_WRONG; EX_OSERR. */
static int
compare_own(const struct user *u, const char *password)
{
	static struct passwords own;
	int home, i;

	if (role_drop(&u->role) == -1)
		return EX_OSERR;
	home = open(u->home, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (home == -1)
		return AUTH_WRONG;
	if (sandbox_files(&home, 1) == -1 || sandbox_calls(SANDBOX_STORE) == -1)
		return EX_OSERR;
	if (passwords_load(&own, u->home) == -1) {
		log_line(LOG_NOTICE, "passwords user=%s reason=\"%s\"", u->name,
		    fail_text());
		return AUTH_WRONG;
	}
	i = passwords_find(&own, span(password));
	if (i == -1)
		return AUTH_WRONG;
	log_line(LOG_INFO, "device user=%s name=%s", u->name, own.all[i].name);
	passwords_used(&own, (size_t)i, passwords_open(u->home));
	return 0;
}

/* The same in a process of its own, because PAM needs root after it. */
static int
fork_own(const struct user *u, const char *password)
{
	pid_t pid = fork();

	if (pid == -1)
		return EX_OSERR;
	if (pid == 0)
		_exit(
		    auth_confine() == -1 ? EX_OSERR : compare_own(u, password));
	return auth_reap(pid);
}

/* In the child; its exit status. */
static int
check(const struct config *c, const char *name, const char *password,
    const char *ip, int sock)
{
	struct user u;
	char stored[sizeof(u.password)];
	int found, status;
	bool own;

	if (auth_confine() == -1)
		return EX_OSERR;
	found = users_find(c, name, &u);
	(void)memcpy(stored, u.password, sizeof(stored));
	users_forget(&u);
	if (found == -1) {
		(void)record_send(sock, TROUBLE, 0, span(fail_text()), -1);
		return EX_TEMPFAIL;
	}
	if (record_send(sock, found ? FOUND : UNKNOWN, 0, span_n(&u, sizeof(u)),
		-1) == -1)
		return EX_TEMPFAIL;
	own = found && !auth_closed(c, stored) && fork_own(&u, password) == 0;
	/* PAM never hears of who has no mailbox; it spends its time on
	 * nobody.  It has a word on accounts in any case. */
	if (c->system_users)
		return become_helper(c, found ? u.name : "", password, ip, own);
	if (own)
		return 0;
	if (sandbox_calls(SANDBOX_PIPE) == -1)
		return EX_OSERR;
	/* For an unknown user this is the first entry's hash: same time. */
	status = compare(password, stored);
	explicit_bzero(stored, sizeof(stored));
	return found || status == EX_TEMPFAIL ? status : AUTH_WRONG;
}

int
auth_reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return EX_OSERR;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_OSERR;
}

static enum auth_verdict
verdict(const struct config *c, const struct record *r, int status,
    struct user *u)
{
	if (r->kind == TROUBLE) {
		(void)fail_as(EIO, "%s", r->data);
		return AUTH_TEMP;
	}
	if (status == AUTH_WRONG)
		return AUTH_BAD;
	if (status != 0 || r->len != sizeof(*u)) {
		(void)fail_as(EIO,
		    c->system_users ?
			"%s/auth-pam: status %d" :
			"%s/users: password scheme or memory, status %d",
		    c->system_users ? c->helpers : c->dir, status);
		return AUTH_TEMP;
	}
	if (r->kind != FOUND)
		return AUTH_BAD;
	memcpy(u, r->data, sizeof(*u));
	u->name[sizeof(u->name) - 1] = '\0';
	u->home[sizeof(u->home) - 1] = '\0';
	users_forget(u);
	return AUTH_OK;
}

void
auth_settle(const struct timespec *began)
{
	struct timespec t;
	long ms;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	ms = (t.tv_sec - began->tv_sec) * 1000 +
	    (t.tv_nsec - began->tv_nsec) / 1000000;
	ms = (ms / GRID_MS + 1) * GRID_MS;
	t.tv_sec = began->tv_sec + ms / 1000;
	t.tv_nsec = began->tv_nsec + ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

static enum auth_verdict
ask_child(const struct config *c, const char *name, const char *password,
    const char *remote_ip, struct user *u)
{
	static struct record r;
	int pair[2], got, status;
	pid_t pid;

	if (record_pair(pair) == -1) {
		(void)fail("socketpair");
		return AUTH_TEMP;
	}
	pid = fork();
	if (pid == 0)
		_exit(check(c, name, password, remote_ip, pair[1]));
	(void)close(pair[1]);
	if (pid == -1) {
		(void)fail("fork");
		(void)close(pair[0]);
		return AUTH_TEMP;
	}
	got = record_recv(pair[0], &r, NULL, AUTH_SECONDS * 1000);
	(void)close(pair[0]);
	if (got != 1)
		(void)kill(pid, SIGKILL);
	status = auth_reap(pid);
	if (got != 1) {
		(void)fail_as(EIO, "password check ended early");
		return AUTH_TEMP;
	}
	return verdict(c, &r, status, u);
}

/* Each takes tens of milliseconds and of megabytes. */
static enum auth_verdict
ask_in_turn(const struct config *c, const char *name, const char *password,
    const char *remote_ip, struct user *u)
{
	enum auth_verdict v;
	struct slots turn;

	if (slots_wait(&turn, c->run, "hash", HASHES, HASH_SECONDS) == 0) {
		(void)fail_as(EAGAIN, "too many passwords at a time");
		return AUTH_TEMP;
	}
	v = ask_child(c, name, password, remote_ip, u);
	slots_close(&turn);
	return v;
}

/* As it came, when that is not what it should look like: people's hashes were
 * made of either (RFC 4013; "\303\244" and "a\314\210" are one letter). */
static enum auth_verdict
ask_both(const struct config *c, const char *name, const char *password,
    const char *remote_ip, struct user *u)
{
	char prepared[PASSWORD_MAX + 1];
	enum auth_verdict v = AUTH_BAD;

	if (saslprep(prepared, sizeof(prepared), span(password)) == 1)
		v = ask_in_turn(c, name, prepared, remote_ip, u);
	explicit_bzero(prepared, sizeof(prepared));
	return v != AUTH_BAD ? v : ask_in_turn(c, name, password, remote_ip, u);
}

enum auth_verdict
auth_check(const struct config *c, const char *name, const char *password,
    const char *remote_ip, struct user *u)
{
	enum auth_verdict v = AUTH_BAD;
	struct timespec began;

	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	/* An account without a password is not one for the network. */
	if (password[0] != '\0' && strlen(password) <= PASSWORD_MAX)
		v = ask_both(c, name, password, remote_ip, u);
	if (v == AUTH_BAD)
		auth_settle(&began);
	return v;
}
