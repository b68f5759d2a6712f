/* mailq: look at waiting mail and decide about it.
 *
 * MAY HOLD ROOT, until it becomes the spool user: before the spool is
 * touched. */
#include <bsd/string.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/counts.h"
#include "mailq-run/decide.h"
#include "mailq-run/entry.h"
#include "mailq-run/show.h"
#include "mailq-run/survey.h"
#include "message/date.h"
#include "message/fail.h"
#include "session/config.h"
#include "session/log.h"
#include "session/role.h"
#include "session/sandbox.h"

enum {
	OUT = 1 << 16 /* output collected at once */
};

struct mailq {
	struct config config;
	struct decide d;
	bool json;
	bool every; /* no limit to the lines of the summary */
	struct buf out;
};

static void
write_out(struct mailq *m)
{
	if (m->out.over)
		errx(EX_OSERR, "output too long");
	if (fwrite(m->out.p, 1, m->out.len, stdout) != m->out.len)
		err(EX_IOERR, "standard output");
	buf_reset(&m->out);
}

/* ---- looking */

struct total {
	struct mailq *m;
	size_t messages;
	off_t octets;
};

static int
list_one(void *ctx, const struct entry *e)
{
	struct total *t = ctx;
	struct mailq *m = t->m;

	t->messages++;
	t->octets += e->size - e->message;
	if (m->json)
		show_json(&m->out, e, false);
	else
		show_brief(&m->out, e, m->d.now);
	if (m->out.len > OUT)
		write_out(m);
	return 0;
}

/* What could not be read is for a person to look at. */
static void
list_damaged(struct mailq *m)
{
	int fd = openat(m->d.spool, "bad", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *d;
	size_t n = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	if (n > 0)
		buf_printf(&m->out, "-- %zu damaged file%s in %s/bad\n", n,
		    n == 1 ? "" : "s", m->config.spool);
	if (dir != NULL)
		(void)closedir(dir);
	else if (fd != -1)
		(void)close(fd);
}

static int
list(struct mailq *m, char **arg)
{
	struct total t = { .m = m };
	int r;

	(void)arg;
	r = survey_all(m->d.spool, list_one, &t);
	if (!m->json && t.messages == 0)
		buf_str(&m->out, "the mail queue is empty\n");
	else if (!m->json)
		buf_printf(&m->out, "-- %zu message%s, %lld octets\n",
		    t.messages, t.messages == 1 ? "" : "s",
		    (long long)t.octets);
	if (!m->json)
		list_damaged(m);
	write_out(m);
	return r == 0 ? 0 : EX_IOERR;
}

static int
summary(struct mailq *m, char **arg)
{
	struct counts c;
	int r;

	(void)arg;
	counts_init(&c);
	r = survey_count(m->d.spool, &c, m->d.now);
	if (m->json)
		counts_json(&m->out, &c);
	else
		counts_put(&m->out, &c, m->every ? 0 : 20, m->d.now);
	counts_free(&c);
	write_out(m);
	return r == 0 ? 0 : EX_IOERR;
}

static int
show(struct mailq *m, char **arg)
{
	int worst = 0;

	for (; *arg != NULL; arg++) {
		struct entry e;
		enum entry_got got = ENTRY_GONE;

		if (spool_id_ok(span(*arg)))
			got = entry_look(&e, m->d.spool, *arg, 0);
		if (got != ENTRY_OK)
			worst = decide_not_had(*arg, got);
		else if (m->json)
			show_json(&m->out, &e, true);
		else
			show_full(&m->out, &e, m->d.now);
		if (spool_id_ok(span(*arg)))
			entry_close(&e);
		write_out(m);
	}
	return worst;
}

/* ---- main */

static __attribute__((noreturn)) void
usage(void)
{
	(void)fputs("usage: mailq [-c dir] [-j] [list]\n"
		    "       mailq [-c dir] [-aj] summary\n"
		    "       mailq [-c dir] [-j] show id ...\n"
		    "       mailq [-c dir] hold | release | retry | drop | "
		    "bounce id ... | all\n"
		    "       mailq [-c dir] edit id old-address new-address\n",
	    stderr);
	exit(EX_USAGE);
}

static void
find_who(struct mailq *m)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");

	if (sudo != NULL && getuid() == 0)
		(void)strlcpy(m->d.who, sudo, sizeof(m->d.who));
	else if (pw != NULL)
		(void)strlcpy(m->d.who, pw->pw_name, sizeof(m->d.who));
	else
		(void)snprintf(m->d.who, sizeof(m->d.who), "%u", getuid());
}

static void
begin(struct mailq *m, const char *dir)
{
	struct role role;

	if (config_load(&m->config, dir) == -1)
		errx(EX_CONFIG, "%s", fail_text());
	date_zone();
	log_open("mailq", m->config.log);
	if (role_root()) {
		if (role_find(&role, m->config.spool_user) == -1 ||
		    role_drop(&role) == -1)
			errx(EX_OSERR, "%s", fail_text());
	}
	m->d.spool = spool_open(m->config.spool);
	if (m->d.spool == -1 && (errno == EACCES || errno == EPERM))
		errx(EX_NOPERM, "%s\nthe queue is for root and for %s only",
		    fail_text(), m->config.spool_user);
	if (m->d.spool == -1)
		errx(EX_IOERR, "%s", fail_text());
}

static int
run(struct mailq *m, int argc, char **argv)
{
	if (argc == 0 || (argc == 1 && strcmp(argv[0], "list") == 0))
		return list(m, argv);
	if (argc == 1 && strcmp(argv[0], "summary") == 0)
		return summary(m, argv);
	if (argc == 1)
		usage();
	if (strcmp(argv[0], "show") == 0)
		return show(m, argv + 1);
	if (strcmp(argv[0], "edit") == 0 && argc == 4)
		return decide_edit(&m->d, argv + 1);
	if (decide_is(argv[0]))
		return decide_some(&m->d, argv[0], argv + 1);
	usage();
}

int
main(int argc, char **argv)
{
	static struct mailq m;
	static const struct option longer[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const char *dir = CONFIG_DIR;
	int c, status;

	find_who(&m);
	sandbox_start(3);
	while ((c = getopt_long(argc, argv, "ac:j", longer, NULL)) != -1)
		switch (c) {
		case 'a':
			m.every = true;
			break;
		case 'c':
			dir = optarg;
			break;
		case 'j':
			m.json = true;
			break;
		default:
			usage();
		}
	m.d.now = time(NULL);
	buf_init(&m.out, 16 << 20);
	begin(&m, dir);
	status = run(&m, argc - optind, argv + optind);
	if (m.d.kick)
		spool_kick_all(m.config.run);
	if (fflush(stdout) == EOF)
		err(EX_IOERR, "standard output");
	return status;
}
