/* MAY HOLD ROOT. */
#include "session/account.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/lines.h"

enum {
	FIELDS = 7, /* of a line of passwd(5) */
	ANSWER_MAX = 1024, /* a line of find-user */
};

/* Who is looked for: a name, or a uid when that is NULL. */
struct wanted {
	const char *name;
	uid_t uid;
};

/* name:password:uid:gid:gecos:home:shell.  1; 0: no such line; -1: nobody can
 * live so. */
static int
parse(struct account *a, struct span line)
{
	struct span field[FIELDS];
	uint64_t uid, gid;

	for (int i = 0; i < FIELDS; i++)
		field[i] = span_cut(&line, ':');
	if (field[FIELDS - 1].p == NULL ||
	    span_number(field[2], UINT32_MAX - 1, &uid) == -1 ||
	    span_number(field[3], UINT32_MAX - 1, &gid) == -1)
		return 0;
	a->uid = (uid_t)uid;
	a->gid = (gid_t)gid;
	if (!span_copy(field[0], a->name, sizeof(a->name)) ||
	    !span_copy(field[5], a->home, sizeof(a->home)))
		return fail_as(EINVAL, "user %.*s: name or home too long",
		    (int)field[0].len, field[0].p);
	return 1;
}

/* 1; 0; -1 as parse. */
static int
match(struct account *a, struct span line, const struct wanted *w)
{
	size_t len = w->name == NULL ? 0 : strlen(w->name);
	int r;

	if (w->name != NULL &&
	    (line.len <= len || line.p[len] != ':' ||
		memcmp(line.p, w->name, len) != 0))
		return 0;
	r = parse(a, line);
	return r == 1 && w->name == NULL && a->uid != w->uid ? 0 : r;
}

static int
look_in_passwd(struct account *a, const struct wanted *w)
{
	struct span line;
	struct lines l;
	int r = lines_open(&l, "/etc/passwd");

	if (r != 1)
		return r;
	while ((r = lines_next(&l, &line)) == 1)
		if ((r = match(a, line, w)) != 0)
			break;
	lines_close(&l);
	return r;
}

/* In the child: become find-user, which writes into "out". */
static void
become_helper(const char *helpers, const struct wanted *w, int out)
{
	char path[PATH_MAX], arg[ACCOUNT_NAME_MAX + 2], option[] = "-u";
	char *by_name[] = { path, arg, NULL };
	char *by_uid[] = { path, option, arg, NULL };

	(void)snprintf(path, sizeof(path), "%s/find-user", helpers);
	if (w->name != NULL)
		(void)strlcpy(arg, w->name, sizeof(arg));
	else
		(void)snprintf(arg, sizeof(arg), "%u", w->uid);
	if (dup2(out, STDOUT_FILENO) == -1)
		_exit(EX_OSERR);
	(void)execv(path, w->name != NULL ? by_name : by_uid);
	_exit(EX_OSFILE);
}

/* All that comes, NUL-terminated. */
static void
read_answer(int fd, char answer[ANSWER_MAX])
{
	size_t n = 0;
	ssize_t r;

	while (n < ANSWER_MAX - 1) {
		r = read(fd, answer + n, ANSWER_MAX - 1 - n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	answer[n] = '\0';
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return EX_OSERR;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_OSERR;
}

static int
ask_helper(struct account *a, const struct wanted *w, const char *helpers)
{
	char answer[ANSWER_MAX];
	struct span rest;
	int p[2], status;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) == -1)
		return fail("pipe");
	pid = fork();
	if (pid == 0)
		become_helper(helpers, w, p[1]);
	(void)close(p[1]);
	read_answer(p[0], answer);
	(void)close(p[0]);
	status = pid == -1 ? EX_OSERR : wait_for(pid);
	rest = span(answer);
	switch (status) {
	case 0:
		if (parse(a, span_cut(&rest, '\n')) == 1)
			return 1;
		break;
	case EX_NOUSER:
		return 0;
	}
	return fail_as(EIO, "%s/find-user: status %d%s%s", helpers, status,
	    answer[0] == '\0' ? "" : ", ", answer);
}

static int
look(struct account *a, const struct wanted *w, const char *helpers)
{
	int r = look_in_passwd(a, w);

	return r != 0 || helpers == NULL ? r : ask_helper(a, w, helpers);
}

int
account_by_name(struct account *a, const char *name, const char *helpers)
{
	const struct wanted w = { .name = name };

	if (name[0] == '\0' || name[0] == '-' || strchr(name, ':') != NULL ||
	    strlen(name) > ACCOUNT_NAME_MAX)
		return 0;
	return look(a, &w, helpers);
}

int
account_by_uid(struct account *a, uid_t uid, const char *helpers)
{
	const struct wanted w = { .uid = uid };

	return look(a, &w, helpers);
}
