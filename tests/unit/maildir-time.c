/* No unit test: what tests/bench/store measures.
 *
 *	fill DIR COUNT SIZE	a Maildir of COUNT messages, of SIZE octets or
 *				up to twice that
 *	first DIR TIMES		milliseconds of the first opening, with neither
 *				list nor index, and of the raw readdir and stat
 *	open DIR TIMES		microseconds of opening a folder that nobody
 *				has changed
 *	stat TIMES COMMAND...	milliseconds of a POP3 session that
 *				asks for STAT
 *	retr COMMAND...		megabytes a second of RETR of all messages, one
 *				after the other
 *
 * Figures are medians. */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "maildir/maildir.h"
#include "message/fail.h"

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *ms, size_t n)
{
	qsort(ms, n, sizeof(*ms), by_value);
	return ms[n / 2];
}

static double *
room(size_t n)
{
	double *p = calloc(n + 1, sizeof(*p));

	if (p == NULL)
		err(71, "memory");
	return p;
}

/* ---- fill */

/* Header, then lines of 70 octets, "size" in all. */
static void
text_of(char *text, size_t size, unsigned n)
{
	int head = sprintf(text,
	    "From: Ann <ann@one.test>\nTo: bob@two.test\n"
	    "Subject: message %u\nMessage-ID: <%u@one.test>\n\n",
	    n, n);

	for (size_t i = (size_t)head; i < size; i++)
		text[i] = (i - (size_t)head) % 70 == 69 ?
		    '\n' :
		    (char)('a' + (i * 7 + n) % 26);
	text[size - 1] = '\n';
}

static void
fill(const char *path, unsigned count, size_t size)
{
	static char text[1 << 20];
	int dir = maildir_open(path), cur;

	if (dir == -1 || size < 200 || size * 2 >= sizeof(text))
		errx(75, "%s %s", path, fail_text());
	cur = openat(dir, "cur", O_RDONLY | O_DIRECTORY);
	for (unsigned n = 0; n < count; n++) {
		struct timespec t[2] = { { .tv_sec = 1600000000 + n },
			{ .tv_sec = 1600000000 + n } };
		size_t octets = size + size * (n * 7919 % 1000) / 1000;
		size_t lines = 0;
		char name[200];
		int fd;

		text_of(text, octets, n);
		for (size_t i = 0; i < octets; i++)
			lines += text[i] == '\n';
		(void)snprintf(name, sizeof(name),
		    "%u.M%uP%uQ1.host,S=%zu,W=%zu:2,%s", 1600000000 + n,
		    n * 7919 % 1000000, n % 30000, octets, octets + lines,
		    n % 8 == 0 ? "" : "S");
		fd = openat(cur, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd == -1 || write(fd, text, octets) != (ssize_t)octets ||
		    futimens(fd, t) == -1 || close(fd) == -1)
			err(74, "%s", name);
	}
}

/* ---- opening */

static double
floor_of(const char *path)
{
	static const char *const part[] = { "new", "cur" };
	double start = now();
	const struct dirent *e;

	for (int i = 0; i < 2; i++) {
		char at[4096];
		DIR *d;

		(void)snprintf(at, sizeof(at), "%s/%s", path, part[i]);
		d = opendir(at);
		while (d != NULL && (e = readdir(d)) != NULL) {
			struct stat st;

			(void)fstatat(dirfd(d), e->d_name, &st,
			    AT_SYMLINK_NOFOLLOW);
		}
		if (d != NULL)
			(void)closedir(d);
	}
	return now() - start;
}

static double
open_once(struct store *s)
{
	double start = now(), took;
	struct folder *f = folder_open(s, "INBOX", false);

	took = now() - start;
	if (f == NULL)
		errx(75, "%s", fail_text());
	folder_close(f);
	return took;
}

/* Only in a process that has exited is memory as fresh as a session's. */
static double
first_once(const char *path)
{
	static const char *const file[] = { "dovecot-uidlist", "mailroom-index",
		"mailroom-index.names", "mailroom-index.log" };
	double took = 0;
	int p[2];
	pid_t child;

	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
		char at[4096];

		(void)snprintf(at, sizeof(at), "%s/%s", path, file[i]);
		(void)unlink(at);
	}
	if (pipe(p) == -1 || (child = fork()) == -1)
		err(71, "fork");
	if (child == 0) {
		struct store *s = store_open(path, NULL, 0);

		if (s == NULL)
			errx(75, "%s", fail_text());
		took = open_once(s);
		_exit(write(p[1], &took, sizeof(took)) != sizeof(took));
	}
	(void)close(p[1]);
	if (read(p[0], &took, sizeof(took)) != sizeof(took))
		errx(75, "no figure");
	(void)close(p[0]);
	(void)waitpid(child, NULL, 0);
	return took;
}

static void
first(const char *path, size_t n)
{
	double *ours = room(n), *raw = room(n);

	(void)floor_of(path);
	for (size_t i = 0; i < n; i++) {
		raw[i] = floor_of(path);
		ours[i] = first_once(path);
	}
	(void)printf("%.1f %.1f\n", median(ours, n), median(raw, n));
	free(ours);
	free(raw);
}

static void
again(const char *path, size_t n)
{
	struct store *s = store_open(path, NULL, 0);
	double *ms = room(n);

	if (s == NULL)
		errx(75, "%s", fail_text());
	(void)open_once(s);
	for (size_t i = 0; i < n; i++)
		ms[i] = open_once(s);
	(void)printf("%.1f\n", median(ms, n) * 1e3);
	store_close(s);
	free(ms);
}

/* ---- POP3, on a socket as over the net */

enum { PIECE = 64 * 1024 };

struct session {
	FILE *out;
	int in;
	pid_t pid;
	char line[2048];
};

static void
begin(struct session *s, char **command)
{
	int end[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) == -1 ||
	    (s->pid = fork()) == -1)
		err(71, "fork");
	if (s->pid == 0) {
		if (dup2(end[1], 0) == -1 || dup2(end[1], 1) == -1)
			err(71, "dup2");
		(void)execvp(command[0], command);
		err(71, "%s", command[0]);
	}
	(void)close(end[1]);
	s->in = end[0];
	s->out = fdopen(end[0], "r");
	if (s->out != NULL)
		(void)setvbuf(s->out, NULL, _IOFBF, PIECE);
}

static const char *
line(struct session *s)
{
	if (s->out == NULL || fgets(s->line, sizeof(s->line), s->out) == NULL)
		errx(76, "the session has ended");
	return s->line;
}

static void
ask(struct session *s, const char *what)
{
	if (write(s->in, what, strlen(what)) == -1 || line(s)[0] != '+')
		errx(76, "%s", s->line);
}

/* STAT; a greeting may come before the answer, or not at all.  How many. */
static unsigned long
count(struct session *s)
{
	ask(s, "STAT\r\n");
	while (strspn(s->line + strlen("+OK "), "0123456789") == 0)
		(void)line(s);
	return strtoul(s->line + strlen("+OK "), NULL, 10);
}

static void
end(struct session *s)
{
	ask(s, "QUIT\r\n");
	(void)fclose(s->out);
	(void)waitpid(s->pid, NULL, 0);
}

static void
stat_all(size_t n, char **command)
{
	double *ms = room(n);

	for (size_t i = 0; i < n; i++) {
		struct session s;
		double start = now();

		begin(&s, command);
		(void)count(&s);
		ms[i] = now() - start;
		end(&s);
	}
	(void)printf("%.3f\n", median(ms, n));
	free(ms);
}

static void
retrieve(char **command)
{
	struct session s;
	size_t octets = 0;
	unsigned long n;
	double start;

	begin(&s, command);
	n = count(&s);
	start = now();
	for (unsigned long i = 1; i <= n; i++) {
		char what[40];

		(void)snprintf(what, sizeof(what), "RETR %lu\r\n", i);
		ask(&s, what);
		while (strcmp(line(&s), ".\r\n") != 0)
			octets += strlen(s.line);
	}
	(void)printf("%.1f\n", (double)octets / 1e3 / (now() - start));
	end(&s);
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";
	size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

	if (strcmp(verb, "fill") == 0 && argc == 5)
		fill(argv[2], (unsigned)n, strtoul(argv[4], NULL, 10));
	else if (strcmp(verb, "first") == 0 && n > 0)
		first(argv[2], n);
	else if (strcmp(verb, "open") == 0 && n > 0)
		again(argv[2], n);
	else if (strcmp(verb, "stat") == 0 && argc > 3)
		stat_all(strtoul(argv[2], NULL, 10), argv + 3);
	else if (strcmp(verb, "retr") == 0)
		retrieve(argv + 2);
	else
		errx(64, "see the top of maildir-time.c");
	return 0;
}
