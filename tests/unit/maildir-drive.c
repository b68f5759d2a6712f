/* No unit test: the store as a command, for BATS files.
 *
 *	deliver DIR [N]		standard input as a new message, N times
 *	list DIR		uidvalidity uidnext, then uid size wire uidl name
 *	cat DIR UID
 *	remove DIR UID
 *	churn DIR RATE		rename flags in cur/, RATE a second (0: as fast
 *				as it goes), until killed
 *	scans DIR SECONDS FILES	list all the time; how often a message lacked
 *				or was there twice */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "maildir/maildrop.h"
#include "message/fail.h"

static void
deliver(const char *path, int times)
{
	static char text[1 << 20];
	size_t n = fread(text, 1, sizeof(text), stdin);
	int dir = maildir_open(path);

	if (dir == -1)
		errx(75, "%s", fail_text());
	for (int i = 0; i < times; i++) {
		struct delivery d;

		if (delivery_open(&d, dir) == -1 ||
		    delivery_add(&d, text, n) == -1 ||
		    delivery_seal(&d) == -1 || delivery_commit(&d) == -1)
			errx(75, "%s", fail_text());
		(void)printf("250 %s\n", d.name);
		(void)fflush(stdout);
	}
}

static void
list(const char *path)
{
	struct maildrop d;

	if (maildrop_open(&d, path) == -1)
		errx(75, "%s", fail_text());
	(void)printf("%u %u\n", d.uidvalidity, d.uidnext);
	for (size_t i = 0; i < d.messages; i++) {
		const struct maildrop_message *m = &d.message[i];

		(void)printf("%u %llu %llu %s %s\n", m->uid,
		    (unsigned long long)m->size, (unsigned long long)m->wire,
		    m->uidl == NULL ? "-" : m->uidl,
		    scan_text(&d.scan, m->file));
	}
	maildrop_close(&d);
}

static void
one(const char *path, uint32_t uid, bool away)
{
	char block[4096];
	struct maildrop d;
	size_t i = 0;
	ssize_t n;
	int fd;

	if (maildrop_open(&d, path) == -1)
		errx(75, "%s", fail_text());
	while (i < d.messages && d.message[i].uid != uid)
		i++;
	if (i == d.messages)
		errx(1, "no message %u", uid);
	if (away) {
		if (maildrop_remove(&d, i) == -1 || maildrop_sync(&d) == -1)
			errx(75, "%s", fail_text());
		return;
	}
	fd = maildrop_read(&d, i);
	if (fd == -1)
		errx(75, "%s", fail_text());
	while ((n = read(fd, block, sizeof(block))) > 0)
		(void)fwrite(block, 1, (size_t)n, stdout);
}

static void
churn(const char *path, long rate)
{
	struct timespec pause = { 0, rate > 0 ? 1000000000L / rate : 0 };
	DIR *d;

	if (chdir(path) == -1 || chdir("cur") == -1 ||
	    (d = opendir(".")) == NULL)
		err(1, "%s", path);
	for (;;) {
		const struct dirent *e = readdir(d);
		char to[300];
		size_t n;

		if (e == NULL) {
			rewinddir(d);
			continue;
		}
		n = strcspn(e->d_name, ":");
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(to, sizeof(to), "%.*s:2,%s", (int)n, e->d_name,
		    strchr(e->d_name + n, 'S') != NULL ? "F" : "S");
		(void)rename(e->d_name, to);
		if (rate > 0)
			(void)nanosleep(&pause, NULL);
	}
}

static void
scans(const char *path, int seconds, size_t files)
{
	unsigned n = 0, lacking = 0, twice = 0, vague = 0;
	time_t end = time(NULL) + seconds;
	int dir = maildir_open(path);

	while (time(NULL) < end) {
		struct scan s;

		if (scan_run(&s, dir) == -1)
			errx(75, "%s", fail_text());
		n++;
		vague += !s.exact;
		lacking += s.names < files;
		twice += s.names > files;
		scan_free(&s);
	}
	(void)printf("scans %u lacking %u twice %u vague %u\n", n, lacking,
	    twice, vague);
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";
	long n = argc > 3 ? strtol(argv[3], NULL, 10) : 1;

	if (strcmp(verb, "deliver") == 0)
		deliver(argv[2], (int)n);
	else if (strcmp(verb, "list") == 0)
		list(argv[2]);
	else if (strcmp(verb, "cat") == 0)
		one(argv[2], (uint32_t)n, false);
	else if (strcmp(verb, "remove") == 0)
		one(argv[2], (uint32_t)n, true);
	else if (strcmp(verb, "churn") == 0)
		churn(argv[2], n);
	else if (strcmp(verb, "scans") == 0 && argc > 4)
		scans(argv[2], (int)n, strtoul(argv[4], NULL, 10));
	else
		errx(64, "see the top of maildir-drive.c");
	return 0;
}
