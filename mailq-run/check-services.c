/* Who starts our programs, and how many of them at a time: sockets and the
 * timer of systemd, lines of inetd.conf and crontabs.  What the running
 * systemd says counts before the files of its units. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailq-run/check.h"
#include "session/lines.h"

enum {
	INETD_LEAST = 1000, /* connections a minute */
	FIX = 512,
};

struct service {
	const char *unit;
	const char *program;
	const char
	    *port; /* name in inetd.conf; "/submit": of the run directory */
	const char *loss; /* what does not work without it; NULL: fine */
};

/* clang-format off */
static const struct service services[] = {
	{ "smtp-session",	"smtp-session",	"smtp",
	    "no mail comes in" },
	{ "smtp-submit",	"smtp-session",	"/submit",
	    "programs of this host cannot send (sendmail)" },
	{ "mailq-run",		"mailq-run",	"/kick",
	    "mail that leaves waits for the next run of the queue" },
	{ "smtp-submission",	"smtp-session",	"submission", NULL },
	{ "smtp-submissions",	"smtp-session",	"submissions", NULL },
	{ "imap-session",	"imap-session",	"imap2", NULL },
	{ "imaps-session",	"imap-session",	"imaps", NULL },
	{ "pop3-session",	"pop3-session",	"pop3", NULL },
	{ "pop3s-session",	"pop3-session",	"pop3s", NULL },
};
/* clang-format on */

enum { SERVICES = sizeof(services) / sizeof(*services) };

/* What was found of one service. */
struct found {
	bool unit, enabled, active;
	bool accept; /* a process per connection */
	bool trigger; /* its limit is lifted */
	bool most, each; /* MaxConnections, MaxConnectionsPerSource */
	bool inetd;
	char at[300]; /* where */
};

static const char *const unit_dirs[] = {
	"/etc/systemd/system",
	"/run/systemd/system",
	"/usr/local/lib/systemd/system",
	"/lib/systemd/system",
	"/usr/lib/systemd/system",
};

enum { UNIT_DIRS = sizeof(unit_dirs) / sizeof(*unit_dirs) };

/* ---- systemd */

/* One assignment, of a unit or of systemctl show. */
static void
take(struct found *f, struct span line)
{
	struct span key = span_trim(span_cut(&line, '='));
	struct span value = span_trim(line);

	if (span_eq(key, span("Accept")))
		f->accept =
		    span_eq(value, span("yes")) || span_eq(value, span("true"));
	else if (span_eq(key, span("TriggerLimitIntervalSec")) ||
	    span_eq(key, span("TriggerLimitIntervalUSec")))
		f->trigger = span_eq(value, span("0"));
	else if (span_eq(key, span("MaxConnections")))
		f->most = !span_eq(value, span("64")); /* its default */
	else if (span_eq(key, span("MaxConnectionsPerSource")))
		f->each = !span_eq(value, span("0"));
	else if (span_eq(key, span("ActiveState")))
		f->active = span_eq(value, span("active"));
	else if (span_eq(key, span("UnitFileState")))
		f->enabled = span_starts(value, "enabled");
}

static void
read_unit(struct found *f, const char *path)
{
	struct lines l;
	struct span line;

	if (lines_open(&l, path) != 1)
		return;
	while (lines_word(&l, &line) == 1)
		take(f, line);
	lines_close(&l);
}

static int
is_conf(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot != NULL && strcmp(dot, ".conf") == 0;
}

/* NAME.d/ *.conf beside a unit, in any of the places. */
static void
read_drop_ins(struct found *f, const char *root, const char *name)
{
	char dir[400], path[700];
	struct dirent **e;

	for (int i = UNIT_DIRS - 1; i >= 0; i--) {
		int n;

		(void)snprintf(dir, sizeof(dir), "%.128s%s/%s.d", root,
		    unit_dirs[i], name);
		n = scandir(dir, &e, is_conf, alphasort);
		for (int j = 0; j < n; j++) {
			(void)snprintf(path, sizeof(path), "%s/%s", dir,
			    e[j]->d_name);
			read_unit(f, path);
			free(e[j]);
		}
		if (n >= 0)
			free(e);
	}
}

static bool
is_wanted(const char *root, const char *target, const char *name)
{
	char path[400];
	struct stat st;

	for (size_t i = 0; i < UNIT_DIRS; i++) {
		(void)snprintf(path, sizeof(path), "%.128s%s/%s.wants/%s", root,
		    unit_dirs[i], target, name);
		if (lstat(path, &st) == 0)
			return true;
	}
	return false;
}

/* Of the running systemd; the names are ours, so no shell is fooled. */
static void
ask_systemd(struct found *f, const char *name)
{
	char command[300], line[300];
	FILE *p;

	(void)snprintf(command, sizeof(command),
	    "systemctl show -p Accept -p TriggerLimitIntervalUSec -p "
	    "MaxConnections -p MaxConnectionsPerSource -p ActiveState -p "
	    "UnitFileState %s 2>/dev/null",
	    name);
	p = popen(command, "r"); /* NOLINT(cert-env33-c) */
	while (p != NULL && fgets(line, sizeof(line), p) != NULL)
		take(f, span(line));
	if (p != NULL)
		(void)pclose(p);
}

static bool
systemd_runs(const struct check *k)
{
	return k->root[0] == '\0' && access("/run/systemd/system", F_OK) == 0;
}

static void
find_unit(struct check *k, const char *name, struct found *f)
{
	const char *target =
	    strstr(name, ".timer") != NULL ? "timers.target" : "sockets.target";
	char path[400];

	*f = (struct found){ .unit = false };
	for (size_t i = 0; i < UNIT_DIRS && !f->unit; i++) {
		(void)snprintf(path, sizeof(path), "%.128s%s/%s", k->root,
		    unit_dirs[i], name);
		f->unit = access(path, F_OK) == 0;
	}
	if (!f->unit)
		return;
	read_unit(f, path);
	read_drop_ins(f, k->root, name);
	f->enabled = is_wanted(k->root, target, name);
	f->active = f->enabled;
	(void)snprintf(f->at, sizeof(f->at), "%s", name);
	if (systemd_runs(k))
		ask_systemd(f, name);
}

/* How to add a line to a unit. */
static const char *
edit(char fix[FIX], const char *unit, const char *line)
{
	(void)snprintf(fix, FIX,
	    "systemctl edit %s, and write below [Socket]: %s", unit, line);
	return fix;
}

static void
check_unit(struct check *k, const struct service *s, const struct found *f)
{
	char fix[FIX];

	(void)snprintf(fix, sizeof(fix), "run: systemctl start %s", f->at);
	if (!f->active)
		check_say(k, CHECK_FAULT, f->at, fix,
		    "it is enabled, but does not listen");
	if (!f->trigger)
		check_say(k, CHECK_FAULT, f->at,
		    edit(fix, f->at, "TriggerLimitIntervalSec=0"),
		    "200 connections in 2 seconds switch it off until "
		    "somebody starts it again");
	if (f->accept && !f->most)
		check_say(k, CHECK_WARNING, f->at,
		    edit(fix, f->at, "MaxConnections=100"),
		    "no more than 64 connections at a time");
	else if (f->accept && !f->each && s->port[0] != '/')
		check_say(k, CHECK_WARNING, f->at,
		    edit(fix, f->at, "MaxConnectionsPerSource=20"),
		    "one client can take all connections");
	else
		check_ok(k, "%s", f->at);
}

/* ---- inetd */

/* The name as inetd.conf may have it: the service, its other name, its
 * port. */
static bool
is_port(struct check *k, const struct service *s, struct span name)
{
	static const char *const others[][3] = {
		{ "smtp", "mail", "25" },
		{ "submission", "msa", "587" },
		{ "submissions", "urd", "465" },
		{ "imap2", "imap", "143" },
		{ "imaps", "imaps", "993" },
		{ "pop3", "pop-3", "110" },
		{ "pop3s", "pop3s", "995" },
	};
	char path[PATH_MAX];

	if (s->port[0] == '/') {
		(void)snprintf(path, sizeof(path), "%s%s", k->config.run,
		    s->port);
		return span_eq(name, span(path));
	}
	for (size_t c = span_find(name, ':'); c < name.len;
	     c = span_find(name, ':'))
		name = span_from(name, c + 1);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		for (size_t j = 0; j < 3; j++)
			if (strcmp(others[i][0], s->port) == 0 &&
			    span_eq(name, span(others[i][j])))
				return true;
	return false;
}

/* "nowait.6000": how many a minute; inetd's own limit is 256. */
static void
check_line(struct check *k, const struct lines *l, struct span wait,
    const struct service *s)
{
	struct span kind = span_cut(&wait, '.'), number = span_cut(&wait, '.');
	char where[PATH_MAX + 16], fix[200];
	uint64_t n = 256;

	(void)snprintf(where, sizeof(where), "%s:%u", l->path, l->number);
	(void)snprintf(fix, sizeof(fix), "write %.*s.6000, and reload inetd",
	    (int)(kind.len < 20 ? kind.len : 20), kind.p);
	if (number.p != NULL && number.len > 0)
		(void)span_number(number, 10000000, &n);
	if (n < INETD_LEAST)
		check_say(k, CHECK_FAULT, where, fix,
		    "after %llu connections in a minute inetd switches %s off "
		    "for ten minutes",
		    (unsigned long long)n, s->unit);
	else
		check_ok(k, "%s: %s", where, s->unit);
}

/* Lines of inetd.conf with our programs. */
static void
read_inetd(struct check *k, struct found found[SERVICES])
{
	char path[PATH_MAX];
	struct lines l;
	struct span line, field[7];

	(void)snprintf(path, sizeof(path), "%s/etc/inetd.conf", k->root);
	if (lines_open(&l, path) != 1)
		return;
	while (lines_word(&l, &line) == 1) {
		for (size_t i = 0; i < 7; i++)
			field[i] = span_word(&line);
		for (size_t i = 0; i < SERVICES; i++) {
			const struct service *s = &services[i];

			if (memmem(field[5].p, field[5].len, s->program,
				strlen(s->program)) == NULL ||
			    !is_port(k, s, field[0]))
				continue;
			found[i].inetd = true;
			check_line(k, &l, field[3], s);
		}
	}
	lines_close(&l);
}

/* ---- the regular run */

static bool
names_mailq_run(const char *path)
{
	struct lines l;
	struct span line;
	bool yes = false;

	if (lines_open(&l, path) != 1)
		return false;
	while (!yes && lines_word(&l, &line) == 1)
		yes = memmem(line.p, line.len, "mailq-run", 9) != NULL;
	lines_close(&l);
	return yes;
}

static bool
is_in_cron(struct check *k)
{
	static const char *const files[] = { "/etc/crontab",
		"/etc/cron.d/mailroom", "/var/spool/cron/crontabs/root",
		"/var/spool/cron/root" };
	char path[PATH_MAX];
	bool yes = false;

	for (size_t i = 0; !yes && i < sizeof(files) / sizeof(*files); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", k->root, files[i]);
		yes = names_mailq_run(path);
		if (yes)
			check_ok(k, "%s runs the queue", path);
	}
	return yes;
}

static void
check_timer(struct check *k)
{
	struct found f;

	find_unit(k, "mailq-run.timer", &f);
	if (f.enabled && f.active)
		check_ok(k, "mailq-run.timer runs the queue");
	else if (f.enabled)
		check_say(k, CHECK_FAULT, "mailq-run.timer",
		    "run: systemctl start mailq-run.timer",
		    "it is enabled, but does not run");
	else if (!is_in_cron(k))
		check_say(k, CHECK_FAULT, "mailq-run",
		    "run: systemctl enable --now mailq-run.timer  or copy "
		    "mailq-run/cron.d to /etc/cron.d/mailroom",
		    "neither a timer nor cron starts it, so that mail that "
		    "waits stays");
}

/* ---- all */

/* Its unit of either form; the one that is enabled. */
static void
find_service(struct check *k, const struct service *s, struct found *f)
{
	char name[80];
	struct found other;

	(void)snprintf(name, sizeof(name), "%s.socket", s->unit);
	find_unit(k, name, f);
	if (f->enabled)
		return;
	(void)snprintf(name, sizeof(name), "%s-accept.socket", s->unit);
	find_unit(k, name, &other);
	if (other.enabled)
		*f = other;
}

static void
judge(struct check *k, const struct service *s, const struct found *f)
{
	char fix[400];

	if (f->enabled && f->inetd)
		check_say(k, CHECK_FAULT, s->unit, "take one of the two away",
		    "systemd and inetd both want to start it, and only one "
		    "can");
	if (f->enabled) {
		check_unit(k, s, f);
		return;
	}
	if (f->inetd)
		return;
	(void)snprintf(fix, sizeof(fix),
	    "run: systemctl enable --now %s.socket  or append its lines of "
	    "doc/mailroom/inetd.conf to /etc/inetd.conf",
	    s->unit);
	if (s->loss != NULL)
		check_say(k,
		    strcmp(s->port, "/kick") == 0 ? CHECK_WARNING : CHECK_FAULT,
		    s->unit, fix, "nothing starts it: %s", s->loss);
	else
		check_ok(k, "%s is not wanted here", s->unit);
}

/* Programs of this host send by /usr/sbin/sendmail; is it ours? */
static void
check_sendmail(struct check *k)
{
	char self[PATH_MAX], path[PATH_MAX], fix[PATH_MAX + 64];
	struct stat theirs, ours;

	check_sibling(self, "../bin/sendmail");
	(void)snprintf(path, sizeof(path), "%s/usr/sbin/sendmail", k->root);
	(void)snprintf(fix, sizeof(fix), "run: ln -sf %s /usr/sbin/sendmail",
	    self);
	if (stat(path, &theirs) == -1)
		check_say(k, CHECK_WARNING, path, fix,
		    "it is missing, so that cron and others cannot send");
	else if (k->root[0] == '\0' && stat(self, &ours) == 0 &&
	    (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev))
		check_say(k, CHECK_WARNING, path, fix,
		    "it is that of another mail system");
	else
		check_ok(k, "%s", path);
}

void
check_services(struct check *k)
{
	static struct found f[SERVICES];

	for (size_t i = 0; i < SERVICES; i++)
		find_service(k, &services[i], &f[i]);
	read_inetd(k, f);
	for (size_t i = 0; i < SERVICES; i++)
		judge(k, &services[i], &f[i]);
	check_timer(k);
	check_sendmail(k);
}
