/* No unit test: one of the writers that tests/maildir/store.bats kills.
 *
 * usage: maildir-worker DIR NUMBER COUNT
 *
 * For ever: appends, flags, moves, expunges and lists messages in INBOX and
 * Work.  Each message has a date of its own, NUMBER and then COUNT, COUNT + 1,
 * ...; says
 *
 *	sent DATE		it was accepted
 *	gone DATE		it may be expunged now
 *	FOLDER VALIDITY UID DATE */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maildir/maildir.h"
#include "message/fail.h"

enum { MANY = 60, TOLD = 40, EACH = 10000000 };

static struct store *store;
static const char *const name[] = { "INBOX", "Work" };

static void
give_up(void)
{
	errx(75, "failed: %s", fail_text());
}

static void
send_one(int k, int64_t date)
{
	struct append *a = append_new(store, name[k]);
	struct copied c = { .n = 0 };

	if (a == NULL || append_begin(a, 0, NULL, 0, date) == -1 ||
	    append_add(a, span("Subject: one\n\ntext\n")) == -1 ||
	    append_commit(a, &c) == -1)
		give_up();
	(void)printf("sent %lld\n", (long long)date);
	copied_free(&c);
	append_free(a);
}

/* Not all of it every time: from somewhere on. */
static void
tell(struct folder *f, int k)
{
	struct folder_news n;
	struct folder_info i;
	uint32_t from;

	if (folder_sync(f, true, &n) == -1)
		give_up();
	folder_info(f, &i);
	from = n.count > TOLD ? (uint32_t)random() % (n.count - TOLD + 1) : 0;
	for (uint32_t m = from + 1; m <= n.count && m <= from + TOLD; m++) {
		struct message msg;

		if (folder_get(f, m, &msg) == 0)
			(void)printf("%s %u %u %lld\n", name[k], i.uidvalidity,
			    msg.uid, (long long)msg.date);
	}
}

static void
expunge(struct folder *f, uint32_t n)
{
	struct message m;

	if (folder_count(f) < MANY || folder_get(f, n, &m) == -1)
		return;
	(void)printf("gone %lld\n", (long long)m.date);
	(void)fflush(stdout);
	(void)folder_expunge(f, &n, 1, true, NULL);
}

static void
step(struct folder *f, int k, int64_t *date)
{
	struct change c = { .mode = (enum change_mode)(random() % 2),
		.flags = 1U << random() % 5,
		.unchanged_since = UINT64_MAX };
	uint32_t n =
	    folder_count(f) == 0 ? 0 : (uint32_t)random() % folder_count(f) + 1;
	struct copied done = { .n = 0 };
	uint8_t result;

	switch (random() % 6) {
	case 0:
		send_one(k, (*date)++);
		break;
	case 1:
		if (n > 0)
			(void)folder_change(f, &n, 1, &c, &result);
		break;
	case 2:
		if (n > 0)
			(void)folder_copy(f, &n, 1, name[1 - k], true, &done);
		copied_free(&done);
		break;
	case 3:
		if (n > 0)
			expunge(f, n);
		break;
	default:
		tell(f, k);
	}
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct folder *f[2];
	int64_t date;

	if (argc != 4)
		errx(64, "see the top of maildir-worker.c");
	date = strtoll(argv[2], NULL, 10) * EACH + strtoll(argv[3], NULL, 10);
	srandom((unsigned)date);
	store = store_open(argv[1], NULL, STORE_NO_HOLD);
	if (store == NULL ||
	    (store_create(store, "Work") == -1 && errno != EEXIST))
		give_up();
	for (int k = 0; k < 2; k++)
		if ((f[k] = folder_open(store, name[k], true)) == NULL)
			give_up();
	for (;;) {
		int k = (int)(random() % 2);

		step(f[k], k, &date);
	}
}
