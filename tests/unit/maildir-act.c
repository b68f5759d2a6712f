/* No unit test: a view for writing that obeys lines of standard input, for BATS
 * files.
 *
 * usage: maildir-act [-l] DIR FOLDER
 *
 *	-l: names, and a first list, may follow later (STORE_LATE)
 *
 *	sync | list | info | flag N +|-|= MASK | word N NAME | expunge N |
 *	copy N FOLDER | move N FOLDER | append FOLDER TEXT | cat N | wait MS |
 *	import courier|qmail | folders | create FOLDER |
 *	subscribe 0|1 FOLDER (1: no more) | all +|-|= MASK | erase |
 *	late (one share of names) | told (UIDVALIDITY, UIDNEXT) | die */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "message/fail.h"
#include "tests/unit/maildir-show.h"

/* One line: "n" is 0 when no number stands behind the verb. */
struct task {
	struct store *s;
	struct folder *f;
	uint32_t n;
	const char *rest;
};

static void
news(const struct task *t)
{
	struct folder_news n;

	if (folder_sync(t->f, true, &n) == -1)
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

static struct change
mode(const struct task *t)
{
	return (struct change){ .mode = t->rest[0] == '+' ? CHANGE_ADD :
		    t->rest[0] == '-'			  ? CHANGE_REMOVE :
							    CHANGE_REPLACE,
		.flags = (uint32_t)strtoul(t->rest + 2, NULL, 16),
		.unchanged_since = UINT64_MAX };
}

static void
flag(const struct task *t)
{
	struct change c = mode(t);
	uint8_t result = 9;
	int r = folder_change(t->f, &t->n, 1, &c, &result);

	(void)printf("flag %d %u\n", r, result);
}

/* Every message. */
static uint32_t *
numbers(const struct task *t)
{
	uint32_t n = folder_count(t->f), *number = calloc(n + 1, sizeof(n));

	if (number == NULL)
		err(75, "numbers");
	for (uint32_t i = 0; i < n; i++)
		number[i] = i + 1;
	return number;
}

static void
all(const struct task *t)
{
	struct change c = mode(t);
	uint32_t *number = numbers(t);

	(void)printf("all %d\n",
	    folder_change(t->f, number, folder_count(t->f), &c, NULL));
	free(number);
}

static void
erase(const struct task *t)
{
	uint32_t *number = numbers(t);

	(void)printf("erase %d\n",
	    folder_expunge(t->f, number, folder_count(t->f), true, NULL));
	free(number);
}

static void
late(const struct task *t)
{
	(void)printf("late %d\n", folder_late(t->f));
}

static void
told(const struct task *t)
{
	struct folder_info i;

	folder_info(t->f, &i);
	(void)printf("told %u %u\n", i.uidvalidity, i.uidnext);
}

static void
die(const struct task *t)
{
	(void)t;
	_exit(0);
}

static void
word(const struct task *t)
{
	int r, bit = folder_keyword(t->f, t->rest, true);
	struct change c = { .mode = CHANGE_ADD, .unchanged_since = UINT64_MAX };
	uint8_t result = 9;

	c.keywords = bit == -1 ? 0 : (uint64_t)1 << bit;
	r = folder_change(t->f, &t->n, 1, &c, &result);
	(void)printf("word %d %d %u\n", bit, r, result);
}

static void
expunge(const struct task *t)
{
	(void)printf("expunge %d\n",
	    folder_expunge(t->f, &t->n, 1, true, NULL));
}

static void
copy(const struct task *t)
{
	struct copied c = { .n = 0 };

	copied(folder_copy(t->f, &t->n, 1, t->rest, false, &c), &c);
}

static void
move(const struct task *t)
{
	struct copied c = { .n = 0 };

	copied(folder_copy(t->f, &t->n, 1, t->rest, true, &c), &c);
}

static void
append(const struct task *t)
{
	const char *text = strchr(t->rest, ' ');
	char folder[300];
	struct copied c;
	struct append *a;
	int r = -1;

	if (text == NULL)
		return;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(text - t->rest),
	    t->rest);
	a = append_new(t->s, folder);
	if (a != NULL && append_begin(a, FLAG_SEEN, NULL, 0, 1000000) == 0 &&
	    append_add(a, span(text + 1)) == 0)
		r = append_commit(a, &c);
	if (r == 0)
		copied(r, &c);
	else
		(void)printf("failed: %s\n", fail_text());
	append_free(a);
}

static void
cat(const struct task *t)
{
	char block[4096];
	int fd = folder_read(t->f, t->n);
	ssize_t got = fd == -1 ? -1 : read(fd, block, sizeof(block));

	if (got > 0)
		(void)fwrite(block, 1, (size_t)got, stdout);
	else
		(void)printf("no text: %s\n", fail_text());
	if (fd != -1)
		(void)close(fd);
}

static void
import(const struct task *t)
{
	(void)printf("imported %td\n",
	    store_import(t->s,
		strcmp(t->rest, "qmail") == 0 ? STORE_QMAIL : STORE_COURIER));
}

static void
folders(const struct task *t)
{
	struct folder_name *l;
	ptrdiff_t n = store_list(t->s, &l);

	for (ptrdiff_t i = 0; i < n; i++)
		(void)printf("folder %s %d %d\n", l[i].name, l[i].exists,
		    l[i].subscribed);
	free(l);
}

static void
subscribe(const struct task *t)
{
	(void)printf("subscribe %d\n",
	    store_subscribe(t->s, t->rest, t->n == 0));
}

static void
create(const struct task *t)
{
	(void)printf("create %d\n", store_create(t->s, t->rest));
}

static void
list(const struct task *t)
{
	show_messages(t->f);
}

static void
info(const struct task *t)
{
	show(t->f);
}

static void
wait_ms(const struct task *t)
{
	(void)usleep(t->n * 1000);
}

static const struct {
	const char *verb;
	void (*run)(const struct task *);
} verbs[] = {
	{ "sync", news },
	{ "list", list },
	{ "info", info },
	{ "flag", flag },
	{ "word", word },
	{ "expunge", expunge },
	{ "copy", copy },
	{ "move", move },
	{ "append", append },
	{ "cat", cat },
	{ "import", import },
	{ "folders", folders },
	{ "create", create },
	{ "subscribe", subscribe },
	{ "wait", wait_ms },
	{ "all", all },
	{ "erase", erase },
	{ "late", late },
	{ "told", told },
	{ "die", die },
};

static void
obey(struct task *t, char *line)
{
	size_t n = strcspn(line, " \n");
	char *rest;

	line[strcspn(line, "\n")] = '\0';
	t->n = (uint32_t)strtoul(line + n, &rest, 10);
	t->rest = rest + strspn(rest, " ");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i].verb) == n &&
		    memcmp(verbs[i].verb, line, n) == 0) {
			verbs[i].run(t);
			return;
		}
	(void)printf("what? %s\n", line);
}

int
main(int argc, char **argv)
{
	struct task t = { .s = NULL };
	char line[1000];
	bool later = argc > 1 && strcmp(argv[1], "-l") == 0;

	if (later)
		argv++, argc--;
	if (argc != 3)
		errx(64, "see the top of maildir-act.c");
	t.s = store_open(argv[1], NULL, later ? STORE_LATE : 0);
	t.f = t.s == NULL ? NULL :
	    later	  ? folder_open_late(t.s, argv[2], true) :
			    folder_open(t.s, argv[2], true);
	if (t.f == NULL)
		errx(75, "%s", fail_text());
	while (fgets(line, sizeof(line), stdin) != NULL) {
		obey(&t, line);
		(void)fflush(stdout);
	}
	folder_close(t.f);
	store_close(t.s);
	return 0;
}
