/* No unit test: the store as a command, for BATS files.
 *
 *	deliver DIR [N]		standard input as a new message, N times
 *	list DIR		uidvalidity uidnext, then uid size wire uidl name
 *	cat DIR UID
 *	remove DIR UID
 *	view DIR FOLDER [w]	FOLDER being INBOX or Work.2026: counts, then
 *				uid flags keywords size wire date
 *	churn DIR RATE		rename flags in cur/, RATE a second (0: as fast
 *				as it goes), until killed
 *	scans DIR N FILES	list N times; how often a message lacked or was
 *				there twice, and how many a view was told gone */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "maildir/maildir.h"
#include "maildir/maildrop.h"
#include "maildir/scan.h"
#include "message/fail.h"
#include "tests/unit/maildir-show.h"

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

	if (maildrop_open(&d, path) == -1 || maildrop_look(&d) == -1)
		errx(75, "%s", fail_text());
	(void)printf("%u %u\n", d.uidvalidity, d.uidnext);
	for (size_t i = 0; i < d.messages; i++) {
		const struct maildrop_message *m = &d.message[i];
		char name_of[FLAGS_NAME];

		maildrop_name(&d, i, name_of);
		(void)printf("%u %llu %llu %s %s\n", m->uid,
		    (unsigned long long)m->size, (unsigned long long)m->wire,
		    m->uidl == NULL ? "-" : m->uidl, name_of + strlen("cur/"));
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

	if (maildrop_open(&d, path) == -1 || maildrop_look(&d) == -1)
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

/* Of the listing as such, and of a view that follows it. */
static void
scans(const char *path, unsigned times, size_t files)
{
	unsigned lacking = 0, twice = 0, vague = 0;
	size_t gone = 0, wrong = 0;
	int dir = maildir_open(path);
	struct store *st = store_open(path, NULL, 0);
	struct folder *f = st == NULL ? NULL : folder_open(st, "INBOX", false);

	if (f == NULL)
		errx(75, "%s", fail_text());
	for (unsigned n = 0; n < times; n++) {
		struct folder_news news;
		struct scan s;

		if (scan_run(&s, dir) == -1 ||
		    folder_sync(f, true, &news) == -1)
			errx(75, "%s", fail_text());
		vague += !s.exact;
		lacking += s.names < files;
		twice += s.names > files;
		gone += news.gones;
		wrong += news.count != files;
		scan_free(&s);
	}
	folder_close(f);
	store_close(st);
	(void)
	    printf("scans %u lacking %u twice %u vague %u gone %zu wrong %zu\n",
		times, lacking, twice, vague, gone, wrong);
}

static void
view(const char *path, const char *name, bool write)
{
	struct store *s = store_open(path, NULL, 0);
	struct folder *f = s == NULL ? NULL : folder_open(s, name, write);

	if (f == NULL)
		errx(75, "%s", fail_text());
	show(f);
	show_messages(f);
	folder_close(f);
	store_close(s);
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
		scans(argv[2], (unsigned)n, strtoul(argv[4], NULL, 10));
	else if (strcmp(verb, "view") == 0 && argc > 3)
		view(argv[2], argv[3], argc > 4);
	else
		errx(64, "see the top of maildir-drive.c");
	return 0;
}
