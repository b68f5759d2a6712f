/* sendmail: hand a message to the submission socket, with the options that
 * programs have given to /usr/sbin/sendmail for forty years.
 *
 * It has no right that its user has not.  What it cannot hand over to every
 * recipient it appends to ~/dead.letter, because many who call it never look
 * at the exit status. */
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/missive.h"
#include "mailq-run/recipients.h"
#include "mailq-run/spool.h"
#include "mailq-run/submit.h"
#include "message/fail.h"
#include "message/file.h"
#include "message/header.h"
#include "session/config.h"
#include "session/sandbox.h"

enum mode { SEND, LIST, SMTP, VERIFY, KICK, ALIASES };

struct sendmail {
	struct config config;
	struct submit_options o;
	enum mode mode;
	const char *dir; /* configuration */
	const char *full_name; /* -F */
	bool dots; /* a line of one dot does not end the message */
	bool header_too; /* -t */
	bool quiet; /* -oee: exit 0 when the message is saved or sent */
	bool misconfigured; /* fail_text() says how */
	char login[64];
	char home[PATH_MAX - 32];
	char name[128]; /* of the user, from the password file */
};

/* ---- who and what */

/* $HOME, if it is the caller's own: su and sudo may leave somebody else's. */
static const char *
own_home(const struct passwd *pw)
{
	const char *home = getenv("HOME");
	struct stat st;

	if (home != NULL && home[0] == '/' && stat(home, &st) == 0 &&
	    st.st_uid == getuid())
		return home;
	return pw == NULL ? "/" : pw->pw_dir;
}

static void
find_user(struct sendmail *s)
{
	const struct passwd *pw = getpwuid(getuid());
	size_t n;

	(void)strlcpy(s->home, own_home(pw), sizeof(s->home));
	if (pw == NULL) {
		(void)snprintf(s->login, sizeof(s->login), "uid%u", getuid());
		return;
	}
	(void)strlcpy(s->login, pw->pw_name, sizeof(s->login));
	n = strcspn(pw->pw_gecos, ",");
	(void)strlcpy(s->name, pw->pw_gecos,
	    n < sizeof(s->name) ? n + 1 : sizeof(s->name));
}

static __attribute__((noreturn)) void
usage(void)
{
	(void)fputs("usage: sendmail [-itv] [-bm | -bp | -bs | -bv | -bi | -q] "
		    "[-f sender] [-F name]\n"
		    "                [-N conditions] [-R full | hdrs] "
		    "[-V envid] [-c dir] [address ...]\n",
	    stderr);
	exit(EX_USAGE);
}

/* "<a@b>" and "a@b" are the same sender. */
static const char *
bare(char *address)
{
	size_t n = strlen(address);

	if (n >= 2 && address[0] == '<' && address[n - 1] == '>') {
		address[n - 1] = '\0';
		address++;
	}
	for (const char *p = address; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '<' ||
		    *p == '>')
			errx(EX_USAGE, "bad sender address");
	return address;
}

static void
option_b(struct sendmail *s, const char *arg)
{
	static const struct {
		char letter;
		enum mode mode;
	} modes[] = { { 'm', SEND }, { 'p', LIST }, { 's', SMTP },
		{ 'v', VERIFY }, { 'i', ALIASES } };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (arg[0] == modes[i].letter && arg[1] == '\0') {
			s->mode = modes[i].mode;
			return;
		}
	errx(EX_USAGE,
	    "-b%s: no such mode; servers are "
	    "started by inetd or systemd",
	    arg);
}

static void
option_o(struct sendmail *s, const char *arg)
{
	if (strcmp(arg, "i") == 0)
		s->dots = true;
	if (strcmp(arg, "ee") == 0)
		s->quiet = true;
}

/* never, or a list of success, failure, delay (RFC 3461 s. 4.1). */
static const char *
notify(char *arg)
{
	struct span rest = span(arg), w;

	for (char *p = arg; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	if (strcmp(arg, "NEVER") == 0)
		return arg;
	while (rest.len > 0) {
		w = span_cut(&rest, ',');
		if (!span_eq(w, span("SUCCESS")) &&
		    !span_eq(w, span("FAILURE")) && !span_eq(w, span("DELAY")))
			errx(EX_USAGE,
			    "-N: never, or some of success, "
			    "failure, delay");
	}
	return arg;
}

static const char *
returned(const char *arg)
{
	if (strcasecmp(arg, "full") == 0)
		return "FULL";
	if (strcasecmp(arg, "hdrs") == 0)
		return "HDRS";
	errx(EX_USAGE, "-R: full or hdrs");
}

/* -q and its old relatives -q30m, -qI..., -qR... only say: look now. */
static void
options(struct sendmail *s, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv,
		    "+A:B:b:C:c:d:e:F:f:GhiL:mN:nO:o:p:"
		    "q::R:r:tUV:vX:x")) != -1)
		switch (c) {
		case 'b':
			option_b(s, optarg);
			break;
		case 'c':
			s->dir = optarg;
			break;
		case 'F':
			s->full_name = optarg;
			break;
		case 'f':
		case 'r':
			s->o.from = bare(optarg);
			break;
		case 'i':
			s->dots = true;
			break;
		case 'N':
			s->o.notify = notify(optarg);
			break;
		case 'o':
			option_o(s, optarg);
			break;
		case 'q':
			s->mode = KICK;
			break;
		case 'R':
			s->o.ret = returned(optarg);
			break;
		case 't':
			s->header_too = true;
			break;
		case 'V':
			s->o.envid = optarg;
			break;
		case 'v':
			s->o.verbose = true;
			break;
		case '?':
			usage();
		default: /* -A -B -C -d -e -G -h -L -m -n -O -p -U -X -x */
			break;
		}
}

/* ---- a message */

/* "Full Name <address>", the name quoted. */
static void
put_from(struct buf *b, const struct sendmail *s)
{
	const char *name = s->full_name != NULL ? s->full_name : s->name;
	const char *addr = s->o.from[0] != '\0' ? s->o.from : s->login;

	buf_str(b, "From: ");
	if (name[0] != '\0') {
		buf_char(b, '"');
		for (const char *p = name; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_char(b, '\\');
			buf_char(b, (unsigned char)*p < 0x20 ? ' ' : *p);
		}
		buf_str(b, "\" ");
	}
	buf_printf(b, "<%s", addr);
	if (strchr(addr, '@') == NULL)
		buf_printf(b, "@%s", s->config.hostname);
	buf_str(b, ">\n");
}

/* Save what not everybody got; the exit status becomes the caller's answer. */
static int
save(const struct sendmail *s, const struct missive *l, int status)
{
	char path[PATH_MAX];

	if (missive_save(l, s->o.from, s->home, path) == -1) {
		warnx("the message could NOT be saved: %s", fail_text());
		return status;
	}
	warnx("the message is saved in %s", path);
	return s->quiet ? EX_OK : status;
}

static int
add_arguments(struct recipients *r, char **argv)
{
	for (; *argv != NULL; argv++)
		if (recipients_add(r, span(*argv)) == -1)
			return -1;
	return 0;
}

static int
hand_over(struct sendmail *s, const struct missive *l, struct recipients *r)
{
	struct buf extra;
	struct field f;
	int sock, status;

	buf_init(&extra, 4096);
	if (!header_find(missive_header(l), "From", &f))
		put_from(&extra, s);
	s->o.extra = buf_all(&extra);
	s->o.no_bcc = s->header_too;
	sock = submit_connect(s->config.run);
	if (sock == -1) {
		warnx("%s", fail_text());
		status = EX_TEMPFAIL;
	} else {
		status = submit_missive(sock, &s->o, l, r);
		(void)close(sock);
	}
	buf_free(&extra);
	return status;
}

static int
send_mail(struct sendmail *s, char **argv)
{
	struct recipients r;
	struct missive l;
	int status = EX_OK;

	recipients_init(&r);
	if (!s->header_too && argv[0] == NULL)
		errx(EX_USAGE, "no recipient; -t reads them from the header");
	if (s->misconfigured) {
		warnx("%s", fail_text());
		status = EX_CONFIG;
	}
	if (missive_read(&l, stdin, !s->dots) == -1) {
		warnx("%s", fail_text());
		status = errno == EFBIG ? EX_DATAERR : EX_TEMPFAIL;
	} else if (status != EX_OK) {
		/* only to be saved */
	} else if (add_arguments(&r, argv) == -1 ||
	    (s->header_too && missive_recipients(&l, &r) == -1)) {
		warnx("%s", fail_text());
		status = EX_DATAERR;
	} else if (r.n == 0) {
		warnx("the header names no recipient");
		status = EX_USAGE;
	} else {
		status = hand_over(s, &l, &r);
	}
	if (status != EX_OK && l.file != NULL)
		status = save(s, &l, status);
	missive_free(&l);
	recipients_free(&r);
	return status;
}

/* ---- the other modes */

static int
verify(struct sendmail *s, char **argv)
{
	struct recipients r;
	int sock, status;

	recipients_init(&r);
	if (add_arguments(&r, argv) == -1)
		errx(EX_DATAERR, "%s", fail_text());
	if (r.n == 0)
		usage();
	sock = submit_connect(s->config.run);
	if (sock == -1)
		errx(EX_TEMPFAIL, "%s", fail_text());
	status = submit_verify(sock, &s->o, &r);
	(void)close(sock);
	recipients_free(&r);
	return status;
}

/* Move what one descriptor has to another.  1; 0: end; -1. */
static int
pump(int from, int to)
{
	char block[16384];
	ssize_t n;

	n = read(from, block, sizeof(block));
	if (n <= 0)
		return n == -1 && errno == EINTR ? 1 : (int)n;
	return file_write(to, span_n(block, (size_t)n)) == -1 ? -1 : 1;
}

/* -bs: the caller talks SMTP himself, to the same socket. */
static int
speak(const struct sendmail *s)
{
	struct pollfd p[2] = { { .fd = 0, .events = POLLIN },
		{ .events = POLLIN } };
	int r;

	p[1].fd = submit_connect(s->config.run);
	if (p[1].fd == -1) {
		(void)printf("421 4.3.0 %s\r\n", fail_text());
		return EX_TEMPFAIL;
	}
	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return EX_OSERR;
		if (p[1].revents != 0 && (r = pump(p[1].fd, 1)) != 1)
			return r == 0 ? EX_OK : EX_IOERR;
		if (p[0].revents != 0 && pump(0, p[1].fd) != 1) {
			(void)shutdown(p[1].fd, SHUT_WR);
			p[0].fd = -1;
		}
	}
}

/* -bp: mailq, from the directory that holds this program. */
static int
list(const struct sendmail *s)
{
	static char mailq[] = "mailq", c[] = "-c";
	char path[PATH_MAX], dir[sizeof(s->config.dir)];
	char *argv[] = { mailq, c, dir, NULL };
	char *slash;
	ssize_t n;

	n = readlink("/proc/self/exe", path, sizeof(path) - 8);
	if (n == -1)
		err(EX_OSERR, "/proc/self/exe");
	path[n] = '\0';
	slash = strrchr(path, '/');
	(void)strlcpy(slash == NULL ? path : slash + 1, mailq, 8);
	(void)strlcpy(dir, s->dir, sizeof(dir));
	(void)execv(path, argv);
	err(EX_OSFILE, "%s", path);
}

int
main(int argc, char **argv)
{
	static struct sendmail s = {
		.o = { .notify = "", .envid = "", .ret = "" },
		.dir = CONFIG_DIR,
	};
	const char *called = strrchr(argv[0], '/');

	called = called == NULL ? argv[0] : called + 1;
	find_user(&s);
	s.o.from = s.login;
	if (strcmp(called, "mailq") == 0)
		s.mode = LIST;
	if (strcmp(called, "newaliases") == 0)
		s.mode = ALIASES;
	sandbox_start(3);
	options(&s, argc, argv);
	if (s.mode == ALIASES)
		return EX_OK; /* aliases are read as they are */
	s.misconfigured = config_load(&s.config, s.dir) == -1;
	if (s.misconfigured && s.mode != SEND)
		errx(EX_CONFIG, "%s", fail_text());
	s.o.hostname = s.config.hostname;
	switch (s.mode) {
	case LIST:
		return list(&s);
	case SMTP:
		return speak(&s);
	case VERIFY:
		return verify(&s, argv + optind);
	case KICK:
		spool_kick_all(s.config.run);
		return EX_OK;
	case SEND:
	case ALIASES:
	default:
		return send_mail(&s, argv + optind);
	}
}
