/* getpwuid(3) and gethostbyname(3) would load what nsswitch.conf(5) names into
 * a program that has its C library within.  /etc/passwd is read here; for the
 * rest there is getent(1). */
#include "maildir/cmd-person.h"

#include <bsd/string.h>
#include <err.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* The line of that uid.  Closes the file, which fgetpwent(3) wants to seek in. */
static bool
take(struct person *p, FILE *f, uid_t uid)
{
	const struct passwd *pw = NULL;

	while (f != NULL && (pw = fgetpwent(f)) != NULL && pw->pw_uid != uid)
		;
	if (pw != NULL) {
		(void)strlcpy(p->name, pw->pw_name, sizeof(p->name));
		(void)strlcpy(p->full, pw->pw_gecos, sizeof(p->full));
		p->full[strcspn(p->full, ",")] = '\0';
		(void)strlcpy(p->home, pw->pw_dir, sizeof(p->home));
	}
	if (f != NULL)
		(void)fclose(f);
	return pw != NULL;
}

/* The first line of the answer; empty: there is none. */
static void
ask(char line[LINE_MAX], const char *database, const char *key)
{
	char command[320];
	FILE *f;

	(void)snprintf(command, sizeof(command), "getent %s %s 2>/dev/null",
	    database, key);
	line[0] = '\0';
	f = popen(command, "r"); /* NOLINT(cert-env33-c) */
	if (f == NULL)
		return;
	if (fgets(line, LINE_MAX, f) == NULL)
		line[0] = '\0';
	(void)pclose(f);
}

bool
person_self(struct person *p)
{
	char key[16], line[LINE_MAX];
	uid_t uid = getuid();

	if (take(p, fopen("/etc/passwd", "re"), uid))
		return true;
	(void)snprintf(key, sizeof(key), "%u", uid);
	ask(line, "passwd", key);
	return line[0] != '\0' &&
	    take(p, fmemopen(line, strlen(line), "r"), uid);
}

const char *
person_home(void)
{
	static struct person p;
	const char *said = getenv("HOME");

	if (said != NULL && said[0] != '\0')
		return said;
	if (!person_self(&p))
		errx(EX_NOUSER, "who are you?");
	return p.home;
}

/* "127.0.1.1  host.domain host" */
void
person_host(char host[256])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	char line[LINE_MAX];
	const char *name;

	if (gethostname(host, 255) == -1)
		(void)strlcpy(host, "localhost", 256);
	host[255] = '\0';
	if (host[strspn(host, letters)] != '\0' || host[0] == '-')
		return;
	ask(line, "hosts", host);
	if (strtok(line, " \t\n") != NULL &&
	    (name = strtok(NULL, " \t\n")) != NULL && strchr(name, '.') != NULL)
		(void)strlcpy(host, name, 256);
}
