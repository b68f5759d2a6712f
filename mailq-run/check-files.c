/* Files: what the configuration says, who may read and write what, and how
 * much room there is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailq-run/check.h"
#include "mailq-run/retry.h"
#include "message/fail.h"
#include "session/lines.h"
#include "session/role.h"
#include "session/users.h"

static const char as_it_says[] = "correct that line; mail waits until then";

/* ---- the configuration */

static int
count(void *ctx, const char *domain)
{
	size_t *n = ctx;

	(void)domain;
	++*n;
	return 0;
}

/* His home is where his mail goes. */
static int
check_user(void *ctx, const struct user *u)
{
	struct check *k = ctx;
	struct stat st;

	if (stat(u->home, &st) == -1) {
		if (errno == ENOENT)
			check_say(k, CHECK_WARNING, u->name,
			    "make the directory and give it to the user",
			    "the home %s is missing, so that there is no "
			    "mailbox",
			    u->home);
	} else if (role_root() && st.st_uid != u->role.uid)
		check_say(k, CHECK_WARNING, u->name,
		    "chown it, or correct the line in users",
		    "the home %s belongs to uid %u, not to %u", u->home,
		    st.st_uid, u->role.uid);
	return 0;
}

void
check_config(struct check *k)
{
	struct retry retry;
	size_t n = 0;

	if (config_domains(&k->config, count, &n) == -1)
		check_say(k, CHECK_FAULT, "domains", as_it_says, "%s",
		    fail_text());
	else
		check_ok(k, "%zu domain%s beside %s", n, check_plural(n),
		    k->config.hostname);
	if (users_each(&k->config, check_user, k) == -1)
		check_say(k, CHECK_FAULT, "users", as_it_says, "%s",
		    fail_text());
	else
		check_ok(k, "users of the %s",
		    k->config.system_users ? "system" : "file users");
	if (retry_parse(&retry, k->config.retry) == -1)
		check_say(k, CHECK_FAULT, "mailroom.conf",
		    "see mailq-run(8), retry", "%s", fail_text());
	routes_free(&k->routes);
	if (routes_load(&k->routes, &k->config) == -1)
		check_say(k, CHECK_FAULT, "routes", as_it_says, "%s",
		    fail_text());
	else
		check_ok(k, "%zu routes", k->routes.count);
}

/* A child whose output is to be read.  NULL: fail_text(). */
static FILE *
run(char **argv, pid_t *pid)
{
	int out[2];
	FILE *f;

	if (pipe2(out, O_CLOEXEC) == -1) {
		(void)fail("pipe");
		return NULL;
	}
	*pid = fork();
	if (*pid == 0) {
		(void)dup2(out[1], 1);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(out[1]);
	f = *pid == -1 ? NULL : fdopen(out[0], "r");
	if (f == NULL) {
		(void)fail("fork");
		(void)close(out[0]);
	}
	return f;
}

/* smtp-session reads the aliases, so it checks them; each of its lines is
 * a fault. */
void
check_aliases(struct check *k)
{
	char program[PATH_MAX], dir[sizeof(k->config.dir)];
	char line[1024], *what, dash_c[] = "-c", option[] = "-aliases";
	char *argv[] = { program, dash_c, dir, option, NULL };
	int status = 0;
	FILE *f;
	pid_t pid;

	check_sibling(program, "smtp-session");
	(void)snprintf(dir, sizeof(dir), "%s", k->config.dir);
	(void)fflush(stdout);
	f = run(argv, &pid);
	if (f == NULL) {
		check_say(k, CHECK_WARNING, program, "try it again",
		    "it could not look at the aliases: %s", fail_text());
		return;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		what = strstr(line, ": ");
		if (what != NULL)
			*what = '\0';
		check_say(k, CHECK_FAULT, line, "see mailroom-aliases(5)", "%s",
		    what != NULL ? what + 2 : "cannot be read");
	}
	(void)fclose(f);
	(void)waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		check_say(k, CHECK_WARNING, program,
		    "install it beside this program",
		    "it could not look at the aliases");
	else
		check_ok(k, "the aliases");
}

/* ---- who may */

/* "mode": bits that nobody may have.  Is it there? */
static bool
check_mode(struct check *k, const char *path, mode_t mode, const char *so)
{
	char fix[PATH_MAX + 32];
	struct stat st;

	if (stat(path, &st) == -1)
		return false;
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		(void)snprintf(fix, sizeof(fix), "chown root %s", path);
		check_say(k, CHECK_FAULT, path, fix,
		    "it belongs to uid %u, who could change what we do",
		    st.st_uid);
	} else if ((st.st_mode & mode) != 0) {
		(void)snprintf(fix, sizeof(fix), "chmod %o %s",
		    st.st_mode & 07777 & ~mode, path);
		check_say(k, CHECK_FAULT, path, fix, "%s (mode %o)", so,
		    st.st_mode & 07777);
	} else {
		check_ok(k, "%s, mode %o", path, st.st_mode & 07777);
	}
	return true;
}

static void
check_secrets(struct check *k)
{
	static const char *const names[] = { "users", "srs" };
	static const char read[] = "others can read its secrets";
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		config_path(&k->config, names[i], path);
		(void)check_mode(k, path, 027, read);
	}
	for (size_t i = 0; i < k->routes.count; i++) {
		const char *name = k->routes.line[i].auth;

		if (name[0] == '/')
			(void)check_mode(k, name, 027, read);
		else if (name[0] != '\0') {
			config_path(&k->config, name, path);
			(void)check_mode(k, path, 027, read);
		}
	}
}

/* The roles; the one of the spool into *spool. */
static void
check_roles(struct check *k, struct role *spool)
{
	const char *const names[] = { k->config.spool_user, k->config.net_user,
		k->config.tls_user, k->config.command_user };
	struct role role;

	*spool = (struct role){ geteuid(), getegid() };
	for (size_t i = 0; role_root() && i < 4; i++)
		if (role_find(i == 0 ? spool : &role, names[i]) == -1)
			check_say(k, CHECK_FAULT, names[i],
			    "run: systemd-sysusers mailroom.conf", "%s",
			    fail_text());
		else
			check_ok(k, "the user %s", names[i]);
}

static void
check_spool(struct check *k, const struct role *spool)
{
	const char *path = k->config.spool;
	char fix[PATH_MAX + 64];
	struct stat st;

	(void)snprintf(fix, sizeof(fix), "install -d -m 700 -o %s %s",
	    k->config.spool_user, path);
	if (stat(path, &st) == -1)
		check_say(k, CHECK_FAULT, path, fix,
		    "no mail can wait there: %s", strerror(errno));
	else if (st.st_uid != spool->uid)
		check_say(k, CHECK_FAULT, path, fix,
		    "it belongs to uid %u, not to %s", st.st_uid,
		    role_root() ? k->config.spool_user : "us");
	else if ((st.st_mode & 077) != 0)
		check_say(k, CHECK_FAULT, path, fix,
		    "others can look into it (mode %o)", st.st_mode & 07777);
	else
		check_ok(k, "%s", path);
}

static void
check_run(struct check *k)
{
	static const char others[] = "others could put their sockets there";
	char path[PATH_MAX], fix[PATH_MAX + 64];

	(void)snprintf(fix, sizeof(fix),
	    "run: systemd-tmpfiles --create mailroom.conf");
	if (!check_mode(k, k->config.run, 022, others))
		check_say(k, CHECK_FAULT, k->config.run, fix,
		    "the directory of our sockets is missing");
	(void)snprintf(path, sizeof(path), "%s/empty", k->config.run);
	(void)check_mode(k, path, 022, others);
}

static void
check_helpers(struct check *k)
{
	static const char *const names[] = { "auth-pam", "find-user",
		"tls-relay", "to-utf8", "mta-sts" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", k->config.helpers,
		    names[i]);
		if (access(path, X_OK) == -1)
			check_say(k, CHECK_FAULT, path,
			    "run make install, or correct the word helpers of "
			    "mailroom.conf",
			    "a helper cannot be run: %s", strerror(errno));
		else
			check_ok(k, "%s", path);
	}
}

/* Without a file of ours PAM takes "other", which may say no to everybody; that
 * of Debian does not. */
static bool
other_denies(const char *root)
{
	char path[PATH_MAX];
	struct lines l;
	struct span line;
	bool deny = false;

	(void)snprintf(path, sizeof(path), "%s/etc/pam.d/other", root);
	if (lines_open(&l, path) != 1)
		return true;
	while (!deny && lines_word(&l, &line) == 1)
		deny = memmem(line.p, line.len, "pam_deny", 8) != NULL;
	lines_close(&l);
	return deny;
}

static void
check_pam(struct check *k)
{
	char path[PATH_MAX], fix[PATH_MAX + 96];

	if (!k->config.system_users)
		return;
	(void)snprintf(path, sizeof(path), "%s/etc/pam.d/%s", k->root,
	    k->config.pam_service);
	if (access(path, F_OK) == 0 || !other_denies(k->root)) {
		check_ok(k, "%s, or other", path);
		return;
	}
	(void)snprintf(fix, sizeof(fix),
	    "write the two lines \"@include common-auth\" and \"@include "
	    "common-account\" into it");
	check_say(k, CHECK_WARNING, path, fix,
	    "it is missing, so that no user of the system can log in");
}

void
check_files(struct check *k)
{
	struct role spool;

	if (!check_mode(k, k->config.dir, 022,
		"others could change the configuration"))
		check_ok(k, "no %s: the defaults hold", k->config.dir);
	check_secrets(k);
	check_roles(k, &spool);
	check_spool(k, &spool);
	check_run(k);
	check_helpers(k);
	check_pam(k);
}

/* ---- room */

enum { FILE_SYSTEMS = 64, LOW = 10, FULL = 3, PLENTY = 4096 };

struct disks {
	struct check *k;
	dev_t seen[FILE_SYSTEMS];
	size_t count;
};

static void
check_room(struct disks *d, const char *path)
{
	static const char fix[] = "make room: what cannot be written is "
				  "answered 452 and comes later";
	struct statvfs v;
	struct stat st;
	uint64_t mib, space, names = 100;

	if (stat(path, &st) == -1 || statvfs(path, &v) == -1 || v.f_blocks == 0)
		return;
	for (size_t i = 0; i < d->count; i++)
		if (d->seen[i] == st.st_dev)
			return;
	if (d->count < FILE_SYSTEMS)
		d->seen[d->count++] = st.st_dev;
	mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	space = (uint64_t)v.f_bavail * 100 / v.f_blocks;
	if (v.f_files > 0)
		names = (uint64_t)v.f_favail * 100 / v.f_files;
	if (space < LOW && mib < PLENTY)
		check_say(d->k,
		    space < FULL || mib < d->k->config.size >> 20 ?
			CHECK_FAULT :
			CHECK_WARNING,
		    path, fix, "%llu MiB (%llu %%) are left",
		    (unsigned long long)mib, (unsigned long long)space);
	else if (names < LOW)
		check_say(d->k, names < FULL ? CHECK_FAULT : CHECK_WARNING,
		    path, fix, "%llu %% of its inodes are left",
		    (unsigned long long)names);
	else
		check_ok(d->k, "%s: %llu MiB, %llu %% of the inodes are left",
		    path, (unsigned long long)mib, (unsigned long long)names);
}

static int
check_home(void *ctx, const struct user *u)
{
	check_room(ctx, u->home);
	return 0;
}

void
check_disk(struct check *k)
{
	struct disks d = { .k = k };

	check_room(&d, k->config.spool);
	check_room(&d, k->config.run);
	if (k->config.log[0] == '/')
		check_room(&d, k->config.log);
	if (k->config.system_users)
		check_room(&d, "/home");
	(void)users_each(&k->config, check_home, &d);
}
