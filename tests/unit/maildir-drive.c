/* No unit test: the store as a command, for BATS files.
 *
 *	deliver DIR [N]		standard input as a new message, N times
 *	list DIR		uidvalidity uidnext, then uid size wire uidl name
 *	cat DIR UID
 *	remove DIR UID
 *	churn DIR RATE		rename flags in cur/, RATE a second (0: as fast
 *				as it goes), until killed
 *	scans DIR SECONDS FILES	list all the time; how often a message lacked
 *				or was there twice
 *
 * and with the store, FOLDER being INBOX or Work.2026:
 *
 *	view DIR FOLDER [w]	counts, then uid flags keywords size wire date
 *	open DIR N		median microseconds of opening INBOX N times, and
 *				of the raw readdir and stat
 *	worker DIR SEED COUNT	for ever: append, flag, move and list messages in
 *				INBOX and Work, each of a size of its own; says
 *				"sent SIZE" and "FOLDER VALIDITY UID SIZE"
 *	do DIR FOLDER		a view for writing that obeys lines of standard
 *				input: see session() */
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

static void
show(struct folder *f)
{
	struct folder_info i;

	folder_info(f, &i);
	(void)printf("%u %u messages %u recent %u unseen %u deleted %u "
		     "octets %llu first %u id %s\n",
	    i.uidvalidity, i.uidnext, i.messages, i.recent, i.unseen, i.deleted,
	    (unsigned long long)i.octets, i.first_unseen, i.id);
}

static void
show_messages(struct folder *f)
{
	for (uint32_t n = 1; n <= folder_count(f); n++) {
		struct message m;

		if (folder_get(f, n, &m) == -1)
			errx(75, "%s", fail_text());
		(void)printf("%u %x %llx %llu %llu %lld\n", m.uid, m.flags,
		    (unsigned long long)m.keywords, (unsigned long long)m.size,
		    (unsigned long long)m.wire, (long long)m.date);
	}
}

static void
news(struct folder *f)
{
	struct folder_news n;

	if (folder_sync(f, true, &n) == -1)
		errx(75, "%s", fail_text());
	for (size_t i = 0; i < n.gones; i++)
		(void)printf("gone %u uid %u\n", n.gone[i], n.gone_uid[i]);
	for (size_t i = 0; i < n.changes; i++)
		(void)printf("changed %u\n", n.changed[i]);
	(void)printf("count %u\n", n.count);
}

static void
copied(int r, struct copied *c)
{
	if (r == -1)
		(void)printf("failed: %s\n", fail_text());
	for (size_t i = 0; i < c->n; i++)
		(void)printf("copied %u to %u\n",
		    c->from == NULL ? 0 : c->from[i], c->to[i]);
	copied_free(c);
}

static void
append(struct store *s, const char *folder, const char *text)
{
	struct copied c;
	struct append *a = append_new(s, folder);
	int r = -1;

	if (a != NULL && append_begin(a, FLAG_SEEN, NULL, 0, 1000000) == 0 &&
	    append_add(a, span(text)) == 0)
		r = append_commit(a, &c);
	if (r == 0)
		copied(r, &c);
	else
		(void)printf("failed: %s\n", fail_text());
	append_free(a);
}

static void
show_folders(struct store *s)
{
	struct folder_name *l;
	ptrdiff_t n = store_list(s, &l);

	for (ptrdiff_t i = 0; i < n; i++)
		(void)printf("folder %s %d %d\n", l[i].name, l[i].exists,
		    l[i].subscribed);
	free(l);
}

/* sync | list | info | flag N +|-|= MASK | word N NAME | expunge N | copy N
 * FOLDER | move N FOLDER | append FOLDER TEXT | vanished MODSEQ | modseq |
 * cat N | wait MS | import KIND | folders | create FOLDER |
 * subscribe 0|1 FOLDER (1: no more) */
static void
session(struct store *s, struct folder *f)
{
	char line[1000], verb[20], what[500];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		uint32_t n = 0;
		char *rest;
		int at;
		struct copied c = { .n = 0 };

		at = (int)strcspn(line, " \n");
		(void)snprintf(verb, sizeof(verb), "%.*s", at, line);
		n = (uint32_t)strtoul(line + at, &rest, 10);
		rest += strspn(rest, " ");
		rest[strcspn(rest, "\n")] = '\0';
		(void)snprintf(what, sizeof(what), "%.499s", rest);
		if (strcmp(verb, "sync") == 0)
			news(f);
		else if (strcmp(verb, "list") == 0)
			show_messages(f);
		else if (strcmp(verb, "info") == 0)
			show(f);
		else if (strcmp(verb, "flag") == 0) {
			struct change ch = { .mode = what[0] == '+' ?
				    CHANGE_ADD :
				    what[0] == '-' ? CHANGE_REMOVE :
						     CHANGE_REPLACE,
				.flags = (uint32_t)strtoul(what + 2, NULL, 16),
				.unchanged_since = UINT64_MAX };
			uint8_t result = 9;
			int r = folder_change(f, &n, 1, &ch, &result);

			(void)printf("flag %d %u\n", r, result);
		} else if (strcmp(verb, "word") == 0) {
			int bit = folder_keyword(f, what, true);
			struct change ch = { .mode = CHANGE_ADD,
				.unchanged_since = UINT64_MAX };
			uint8_t result = 9;
			int r;

			ch.keywords = bit == -1 ? 0 : (uint64_t)1 << bit;
			r = folder_change(f, &n, 1, &ch, &result);
			(void)printf("word %d %d %u\n", bit, r, result);
		} else if (strcmp(verb, "expunge") == 0)
			(void)printf("expunge %d\n",
			    folder_expunge(f, &n, 1, true));
		else if (strcmp(verb, "copy") == 0)
			copied(folder_copy(f, &n, 1, what, false, &c), &c);
		else if (strcmp(verb, "move") == 0)
			copied(folder_copy(f, &n, 1, what, true, &c), &c);
		else if (strcmp(verb, "append") == 0) {
			char *text = strchr(what, ' ');

			if (text != NULL) {
				*text++ = '\0';
				append(s, what, text);
			}
		} else if (strcmp(verb, "cat") == 0) {
			char block[4096];
			int fd = folder_read(f, n);
			ssize_t got =
			    fd == -1 ? -1 : read(fd, block, sizeof(block));

			if (got > 0)
				(void)fwrite(block, 1, (size_t)got, stdout);
			else
				(void)printf("no text: %s\n", fail_text());
			if (fd != -1)
				(void)close(fd);
		} else if (strcmp(verb, "import") == 0)
			(void)printf("imported %td\n",
			    store_import(s,
				strcmp(what, "qmail") == 0 ? STORE_QMAIL :
							     STORE_COURIER));
		else if (strcmp(verb, "subscribe") == 0)
			(void)printf("subscribe %d\n",
			    store_subscribe(s, what, n == 0));
		else if (strcmp(verb, "folders") == 0)
			show_folders(s);
		else if (strcmp(verb, "create") == 0)
			(void)printf("create %d\n", store_create(s, what));
		else if (strcmp(verb, "wait") == 0)
			(void)usleep(n * 1000);
		else
			(void)printf("what? %s", line);
		(void)fflush(stdout);
	}
}

static double
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
floor_us(const char *path)
{
	double start = now_us();
	const struct dirent *e;
	char cur[300];
	DIR *d;

	(void)snprintf(cur, sizeof(cur), "%s/cur", path);
	d = opendir(cur);
	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		(void)fstatat(dirfd(d), e->d_name, &st, 0);
	}
	if (d != NULL)
		(void)closedir(d);
	return now_us() - start;
}

static void
timing(const char *path, size_t n)
{
	double *us = calloc(n + 1, sizeof(*us));
	struct store *s = store_open(path, NULL, 0);

	for (size_t i = 0; i < n && s != NULL && us != NULL; i++) {
		double start = now_us();
		struct folder *f = folder_open(s, "INBOX", false);

		if (f == NULL)
			errx(75, "%s", fail_text());
		us[i] = now_us() - start;
		folder_close(f);
	}
	store_close(s);
	if (us != NULL) {
		(void)printf("first %.0f ", us[0]);
		qsort(us, n, sizeof(*us), by_value);
		(void)printf("median %.1f floor %.0f\n", us[n / 2],
		    floor_us(path));
	}
	free(us);
}

static void
send_one(struct store *s, const char *folder, uint32_t size)
{
	static char text[100000];
	struct append *a = append_new(s, folder);
	struct copied c = { .n = 0 };

	if (a != NULL && append_begin(a, 0, NULL, 0, 0) == 0 &&
	    append_add(a, span_n(text, size)) == 0 && append_commit(a, &c) == 0)
		(void)printf("sent %u\n", size);
	else
		(void)printf("failed: %s\n", fail_text());
	copied_free(&c);
	append_free(a);
}

static void
tell(struct folder *f, const char *folder)
{
	struct folder_news n;
	struct folder_info i;

	if (folder_sync(f, true, &n) == -1)
		errx(75, "%s", fail_text());
	folder_info(f, &i);
	for (uint32_t k = 1; k <= n.count; k++) {
		struct message m;

		if (folder_get(f, k, &m) == 0)
			(void)printf("%s %u %u %llu\n", folder, i.uidvalidity,
			    m.uid, (unsigned long long)m.size);
	}
	(void)fflush(stdout);
}

/* Sizes are unique: the number of the worker, and a counter that goes on where
 * the last life of it has ended. */
static void
worker(const char *path, uint32_t seed, uint32_t count)
{
	static const char *const name[] = { "INBOX", "Work" };
	struct store *s = store_open(path, NULL, 0);
	struct folder *f[2] = { NULL, NULL };

	srandom(seed * 1000 + count);
	if (s == NULL || (store_create(s, "Work") == -1 && errno != EEXIST))
		errx(75, "%s", fail_text());
	for (int k = 0; k < 2; k++)
		if ((f[k] = folder_open(s, name[k], true)) == NULL)
			errx(75, "%s", fail_text());
	for (;;) {
		int k = (int)(random() % 2);
		struct change c = { .mode = (enum change_mode)(random() % 2),
			.flags = 1U << random() % 5,
			.unchanged_since = UINT64_MAX };
		uint32_t n = folder_count(f[k]) == 0 ?
		    0 :
		    (uint32_t)random() % folder_count(f[k]) + 1;
		struct copied done = { .n = 0 };
		uint8_t result;

		switch (random() % 5) {
		case 0:
			send_one(s, name[k], 1000 * seed + count++ % 1000);
			break;
		case 1:
			if (n > 0)
				(void)folder_change(f[k], &n, 1, &c, &result);
			break;
		case 2:
			if (n > 0)
				(void)folder_copy(f[k], &n, 1, name[1 - k],
				    true, &done);
			copied_free(&done);
			break;
		default:
			tell(f[k], name[k]);
		}
	}
}

static void
with_store(const char *verb, const char *path, const char *name, bool write)
{
	struct store *s = store_open(path, NULL, 0);
	struct folder *f = s == NULL ? NULL : folder_open(s, name, write);

	if (f == NULL)
		errx(75, "%s", fail_text());
	if (strcmp(verb, "do") == 0)
		session(s, f);
	else {
		show(f);
		show_messages(f);
	}
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
		scans(argv[2], (int)n, strtoul(argv[4], NULL, 10));
	else if (strcmp(verb, "view") == 0 && argc > 3)
		with_store(verb, argv[2], argv[3], argc > 4);
	else if (strcmp(verb, "open") == 0 && argc > 3)
		timing(argv[2], (size_t)n);
	else if (strcmp(verb, "worker") == 0 && argc > 4)
		worker(argv[2], (uint32_t)n,
		    (uint32_t)strtoul(argv[4], NULL, 10));
	else if (strcmp(verb, "do") == 0 && argc > 3)
		with_store(verb, argv[2], argv[3], true);
	else
		errx(64, "see the top of maildir-drive.c");
	return 0;
}
