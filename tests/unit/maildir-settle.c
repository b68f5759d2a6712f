#include "maildir/settle.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "maildir/sync.h"
#include "tests/unit/maildir-home.h"

/* After what we do to a folder the next one need not list it, and never misses
 * what another program does in the same moment. */

enum {
	KINDS = 4, /* of what another program does */
	ROUNDS = 3 * KINDS, /* for each moment */
	MOST = 300, /* microseconds between the two */
	MESSAGES = 48,
};

/* Is INBOX so that whoever opens it lists nothing? */
static bool
at_rest(const struct home *h)
{
	struct scan_stamp now[2];
	struct header head;

	return index_peek(h->p.dir, ".", &head) &&
	    scan_stamps(h->p.dir, now) == 0 &&
	    sync_known(&head, now) == SCAN_BOTH;
}

/* By a view that has watched it. */
static void
rest(const struct home *h)
{
	struct folder *f = open_folder(h, "INBOX", true);
	struct folder_news news;

	CHECK(folder_wait(f) != -1 && folder_sync(f, true, &news) != -1);
	folder_close(f);
}

/* ---- what we do */

static void
append(const struct home *h)
{
	struct append *a = append_new(h->s, "INBOX");
	struct copied done = { .n = 0 };

	CHECK(a != NULL && append_begin(a, 0, NULL, 0, 0) == 0 &&
	    append_add(a, span("text\n")) == 0 &&
	    append_commit(a, &done) == 0 && done.n == 1);
	copied_free(&done);
	append_free(a);
}

static void
copy_in(const struct home *h)
{
	struct folder *f = open_folder(h, "Work", true);
	struct copied done;

	CHECK(folder_copy(f, (uint32_t[]){ 1, 2 }, 2, "INBOX", false, &done) ==
		0 &&
	    done.n == 2);
	copied_free(&done);
	folder_close(f);
}

static void
change(const struct home *h)
{
	struct folder *f = open_folder(h, "INBOX", true);
	enum change_mode mode =
	    (get(f, 2).flags & FLAG_SEEN) != 0 ? CHANGE_REMOVE : CHANGE_ADD;

	CHECK(flag(f, 2, mode, FLAG_SEEN) == 0);
	folder_close(f);
}

static void
take_in(const struct home *h)
{
	static int n;
	char name[40];

	(void)snprintf(name, sizeof(name), "new/%d.z", ++n);
	place_put(&h->p, name, "text\n");
	rest(h);
}

static void (*const acts[])(
    const struct home *) = { append, copy_in, change, take_in };

static void
home_of_two(struct home *h, unsigned options)
{
	struct folder *f;
	struct copied done;

	home_make(h, 3, options);
	f = open_folder(h, "INBOX", true);
	CHECK(store_create(h->s, "Work") == 0 &&
	    folder_copy(f, (uint32_t[]){ 1, 2, 3 }, 3, "Work", false, &done) ==
		0);
	copied_free(&done);
	folder_close(f);
}

TEST(our_own)
{
	struct home h;

	home_of_two(&h, STORE_SETTLE);
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		rest(&h);
		CHECK(at_rest(&h));
		acts[i](&h);
		CHECK(at_rest(&h));
	}
	home_drop(&h);
}

/* ---- what another one does */

static void
foreign(const struct home *h, int kind)
{
	switch (kind) {
	case 0:
		place_put(&h->p, "tmp/f", "foreign\n");
		CHECK(renameat(h->p.dir, "tmp/f", h->p.dir, "cur/1000.f:2,") ==
		    0);
		break;
	case 1:
		CHECK(unlinkat(h->p.dir, "cur/1000.f:2,", 0) == 0);
		break;
	case 2:
		CHECK(renameat(h->p.dir, "cur/3.x:2,", h->p.dir,
			  "cur/3.x:2,F") == 0);
		break;
	case 3:
		CHECK(renameat(h->p.dir, "cur/3.x:2,F", h->p.dir,
			  "cur/3.x:2,") == 0);
		break;
	}
}

/* Just before or behind the moment at which the time of a directory is put back:
 * what is to be done then; -1: nothing. */
static int before = -1, behind = -1;
static const struct home *where;

static void
once(int *kind)
{
	int k = *kind;

	*kind = -1;
	if (k != -1)
		foreign(where, k);
}

int
futimens(int fd, const struct timespec t[2])
{
	struct stat st;
	bool dir = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	int r;

	if (dir)
		once(&before);
	r = (int)syscall(SYS_utimensat, fd, NULL, t, 0);
	if (dir)
		once(&behind);
	return r;
}

struct order {
	int kind; /* -1: end */
	int wait; /* microseconds */
};

/* The other one. */
static void
obey(const struct home *h, int from, int to)
{
	struct order o;

	while (
	    read(from, &o, sizeof(o)) == (ssize_t)sizeof(o) && o.kind != -1) {
		struct timespec begun, now;
		long gone = 0;

		(void)clock_gettime(CLOCK_MONOTONIC, &begun);
		while (gone < o.wait) {
			(void)clock_gettime(CLOCK_MONOTONIC, &now);
			gone = (now.tv_sec - begun.tv_sec) * 1000000 +
			    (now.tv_nsec - begun.tv_nsec) / 1000;
		}
		foreign(h, o.kind);
		if (write(to, "d", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* What a new view tells of the two files that the other one changes. */
static unsigned
told(const struct home *h)
{
	struct folder *f = open_folder(h, "INBOX", true);
	unsigned seen = 0;

	for (uint32_t i = 1; i <= folder_count(f); i++) {
		struct message m = get(f, i);

		seen |= m.uid == 3 && (m.flags & FLAG_FLAGGED) != 0 ? 2U : 0;
		seen |= m.size == 8 ? 1U : 0;
	}
	folder_close(f);
	return seen;
}

enum moment { BESIDE, BEFORE, BEHIND, AFTER, MOMENTS };

/* Both at once.  False: the moment did not come. */
static bool
together(const struct home *h, void (*act)(const struct home *),
    enum moment when, int kind, const int pipe[2])
{
	static int wait;
	struct order o = { kind, wait = (wait + 37) % MOST };
	bool came;
	char c;

	where = h;
	if (when == BESIDE)
		CHECK(write(pipe[0], &o, sizeof(o)) == (ssize_t)sizeof(o));
	before = when == BEFORE ? kind : -1;
	behind = when == BEHIND ? kind : -1;
	act(h);
	came = before == -1 && behind == -1;
	once(&before);
	once(&behind);
	if (when == BESIDE)
		CHECK(read(pipe[1], &c, 1) == 1);
	else if (when == AFTER)
		foreign(h, kind);
	return came;
}

static void
each(const struct home *h, void (*act)(const struct home *), const int pipe[2])
{
	static const unsigned after[KINDS] = { 1, 0, 2, 0 };
	unsigned wrong = 0, came = 0;
	bool rested;

	for (int i = 0; i < ROUNDS * MOMENTS; i++) {
		rest(h);
		rested = at_rest(h);
		came += together(h, act, (enum moment)(i / ROUNDS), i % KINDS,
			    pipe) &&
		    rested;
		wrong += told(h) != after[i % KINDS];
	}
	CHECK(wrong == 0);
	CHECK(came > ROUNDS * MOMENTS / 2); /* else little was tried */
}

static void
beside(unsigned options)
{
	static const struct order end = { .kind = -1 };
	struct home h;
	int to[2], from[2], status;
	pid_t pid;

	home_of_two(&h, options);
	if (pipe(to) == -1 || pipe(from) == -1)
		exit(1);
	pid = fork();
	if (pid == 0) {
		(void)close(to[1]);
		(void)close(from[0]);
		obey(&h, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		each(&h, acts[i], (const int[]){ to[1], from[0] });
	CHECK(write(to[1], &end, sizeof(end)) == (ssize_t)sizeof(end));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	(void)close(to[1]);
	(void)close(from[0]);
	home_drop(&h);
}

TEST(in_the_same_moment)
{
	beside(STORE_SETTLE);
}

TEST(in_the_same_moment_watched)
{
	beside(STORE_SETTLE | STORE_WATCH);
}

/* Merged by a view that watches, in the tick of the clock in which it came; the
 * next one comes when the view is closed. */
TEST(before_and_behind)
{
	struct home h;
	unsigned wrong = 0;

	home_make(&h, 1, 0);
	for (int i = 0; i < MESSAGES; i++) {
		struct folder *f = open_folder(&h, "INBOX", true);
		struct folder_news news;
		char name[40];

		CHECK(folder_wait(f) != -1);
		(void)snprintf(name, sizeof(name), "cur/%d.a:2,", i);
		place_put(&h.p, name, "text\n");
		CHECK(folder_sync(f, true, &news) == 1);
		folder_close(f);
		CHECK(at_rest(&h));
		(void)snprintf(name, sizeof(name), "cur/%d.b:2,", i);
		place_put(&h.p, name, "text\n");
		f = open_folder(&h, "INBOX", true);
		wrong += folder_count(f) != (uint32_t)(3 + 2 * i);
		folder_close(f);
	}
	CHECK(wrong == 0);
	home_drop(&h);
}

/* Only new/ is listed, for what comes there and what goes. */
TEST(new_alone)
{
	struct home h;
	struct folder *f;

	home_make(&h, 0, STORE_SETTLE);
	place_put(&h.p, "cur/1.x:2,", "text\n");
	place_put(&h.p, "new/2.x", "text\n");
	f = open_folder(&h, "INBOX", false);
	CHECK(folder_wait(f) != -1);
	folder_close(f);
	for (int i = 3; i < 40; i++) {
		char name[40], old[40];

		(void)snprintf(name, sizeof(name), "new/%d.x", i);
		(void)snprintf(old, sizeof(old), "new/%d.x", i - 1);
		place_put(&h.p, name, "text\n");
		CHECK(unlinkat(h.p.dir, old, 0) == 0);
		f = open_folder(&h, "INBOX", false);
		CHECK(folder_count(f) == 2 && get(f, 2).uid == (uint32_t)i);
		folder_close(f);
	}
	/* a base that cur/ has, too, is that of another message */
	place_put(&h.p, "new/1.x", "other\n");
	f = open_folder(&h, "INBOX", true);
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(
	    folder_count(f) == 3 && get(f, 1).size == 5 && get(f, 3).size == 6);
	folder_close(f);
	home_drop(&h);
}
