#include <dirent.h>
#include <time.h>

#include "maildir/names.h"
#include "tests/unit/maildir-home.h"

/* What other programs do to files, and what is to become of these. */

static int
rename_file(const struct home *h, const char *from, const char *to)
{
	return renameat(h->p.dir, from, h->p.dir, to);
}

static void
look_again(struct folder *f, int news)
{
	struct folder_news n;

	CHECK(folder_sync(f, true, &n) >= 0 && (int)n.gones == news);
}

/* INTERNALDATE is the time of the file; that of its name, when the file has
 * none or one that has not come yet. */
TEST(dates)
{
	const struct timespec none[2] = { { 0, 0 }, { 0, 0 } };
	const time_t now = time(NULL);
	const struct timespec later[2] = { { now + 90000, 0 },
		{ now + 90000, 0 } };
	const struct timespec past[2] = { { 1000, 0 }, { 1000, 0 } };
	struct home h;
	struct folder *f;

	home_make(&h, 0, 0);
	place_put(&h.p, "cur/1200000001.x:2,", "text\n");
	place_put(&h.p, "cur/1200000002.x:2,", "text\n");
	place_put(&h.p, "cur/1200000003.x:2,", "text\n");
	CHECK(utimensat(h.p.dir, "cur/1200000001.x:2,", none, 0) == 0);
	CHECK(utimensat(h.p.dir, "cur/1200000002.x:2,", later, 0) == 0);
	CHECK(utimensat(h.p.dir, "cur/1200000003.x:2,", past, 0) == 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(get(f, 1).date == 1200000001);
	CHECK(get(f, 2).date == 1200000002);
	CHECK(get(f, 3).date == 1000);
	folder_close(f);
	home_drop(&h);
}

/* Beside our own changes, of which a view that watches the folder looks at few
 * records, those of others in the same moment are seen. */
TEST(beside_our_own)
{
	struct home h;
	struct folder *f;
	uint32_t first = 1;

	home_make(&h, 4, STORE_WATCH);
	f = open_folder(&h, "INBOX", true);
	CHECK(flag(f, 4, CHANGE_ADD, FLAG_SEEN) == 0);
	look_again(f, 0);
	/* a file that comes back is another message */
	CHECK(folder_expunge(f, &first, 1, true, NULL) == 0);
	place_put(&h.p, "cur/1.x:2,", "text\n");
	look_again(f, 1);
	CHECK(folder_count(f) == 4 && get(f, 1).uid == 2);
	CHECK(get(f, 4).uid == 5);
	/* ours is renamed once more */
	CHECK(flag(f, 4, CHANGE_ADD, FLAG_SEEN) == 0);
	CHECK(rename_file(&h, "cur/1.x:2,S", "cur/1.x:2,FS") == 0);
	CHECK(rename_file(&h, "cur/2.x:2,", "cur/2.x:2,F") == 0);
	look_again(f, 0);
	CHECK(get(f, 4).flags == (FLAG_SEEN | FLAG_FLAGGED));
	CHECK((get(f, 1).flags & FLAG_STORED) == FLAG_FLAGGED);
	/* what we have changed is gone, and so is another */
	CHECK(flag(f, 4, CHANGE_REMOVE, FLAG_SEEN) == 0);
	CHECK(unlinkat(h.p.dir, "cur/1.x:2,F", 0) == 0);
	CHECK(unlinkat(h.p.dir, "cur/3.x:2,", 0) == 0);
	look_again(f, 2);
	CHECK(folder_count(f) == 2 && get(f, 2).uid == 4);
	folder_close(f);
	home_drop(&h);
}

/* mbsync adds ,U= to names: that is the same message; a copy is another one,
 * and has a name of its own without it. */
TEST(uid_of_mbsync)
{
	struct home h;
	struct folder *f;
	struct copied c = { .n = 0 };
	struct dirent *e;
	int named = 0, fd;
	DIR *d;

	home_make(&h, 2, 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(rename_file(&h, "cur/1.x:2,", "cur/1.x,U=7:2,S") == 0);
	look_again(f, 0);
	CHECK(folder_count(f) == 2 && get(f, 1).uid == 1);
	CHECK((get(f, 1).flags & FLAG_SEEN) != 0);
	CHECK(flag(f, 1, CHANGE_ADD, FLAG_FLAGGED) == 0);
	CHECK(here(&h, "cur/1.x,U=7:2,FS"));
	CHECK(store_create(h.s, "Work") == 0);
	CHECK(folder_copy(f, &(uint32_t){ 1 }, 1, "Work", false, &c) == 0);
	copied_free(&c);
	fd = openat(h.p.dir, ".Work/cur", O_RDONLY | O_DIRECTORY);
	d = fdopendir(fd);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			named += strstr(e->d_name, ",U=") == NULL &&
			    strncmp(e->d_name, "1.x", 3) != 0 &&
			    strstr(e->d_name, ":2,FS") != NULL;
	if (d != NULL)
		(void)closedir(d);
	CHECK(named == 1);
	folder_close(f);
	home_drop(&h);
}

/* So many names that the index has no room for them where it is. */
TEST(uids_of_mbsync)
{
	enum { MANY = 1500 };
	struct home h;
	struct folder *f;
	char was[80], is[100];

	home_make(&h, 0, 0);
	for (int i = 1; i <= MANY; i++) {
		(void)snprintf(was, sizeof(was), "cur/%d.%050d:2,", i, i);
		place_put(&h.p, was, "text\n");
	}
	f = open_folder(&h, "INBOX", true);
	for (int i = 1; i <= MANY; i++) {
		(void)snprintf(was, sizeof(was), "cur/%d.%050d:2,", i, i);
		(void)snprintf(is, sizeof(is), "cur/%d.%050d,U=%d:2,S", i, i,
		    i);
		CHECK(rename_file(&h, was, is) == 0);
	}
	look_again(f, 0);
	CHECK(folder_count(f) == MANY && get(f, MANY).uid == MANY);
	CHECK((get(f, MANY).flags & FLAG_SEEN) != 0);
	folder_close(f);
	home_drop(&h);
}

/* What went away and comes back has another UID, and so has what comes late
 * with a name of long ago. */
TEST(back_again)
{
	struct home h;
	struct folder *f;
	struct message m;

	home_make(&h, 3, 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(rename_file(&h, "cur/2.x:2,", "tmp/away") == 0);
	look_again(f, 1);
	CHECK(folder_count(f) == 2);
	CHECK(rename_file(&h, "tmp/away", "cur/2.x:2,") == 0);
	look_again(f, 0);
	CHECK(folder_count(f) == 3 && get(f, 3).uid == 4);
	place_put(&h.p, "new/0.older", "text\n");
	look_again(f, 0);
	CHECK(folder_count(f) == 4);
	m = get(f, 4);
	CHECK(m.uid == 5);
	folder_close(f);
	home_drop(&h);
}

/* Two files of one base cannot both keep it. */
TEST(one_base_twice)
{
	struct home h;
	struct folder *f;

	home_make(&h, 1, 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(get(f, 1).uid == 1 && here(&h, "cur/1.x:2,"));
	place_put(&h.p, "cur/1.x:2,S", "other\n");
	look_again(f, 0);
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_count(f) == 2);
	CHECK(get(f, 1).uid == 1 && get(f, 2).uid == 2);
	CHECK(get(f, 1).size == 5 && get(f, 2).size == 6);
	CHECK(here(&h, "cur/1.x:2,") && !here(&h, "cur/1.x:2,S"));
	folder_close(f);
	home_drop(&h);
}

/* Nor when the second one comes while a view watches. */
TEST(one_base_twice_watched)
{
	struct home h;
	struct folder *f;

	home_make(&h, 1, 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_wait(f) != -1);
	look_again(f, 0);
	place_put(&h.p, "tmp/1.x", "other\n");
	CHECK(rename_file(&h, "tmp/1.x", "new/1.x") == 0);
	look_again(f, 0);
	CHECK(get(f, 1).uid == 1 && get(f, 1).size == 5);
	folder_close(f);
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_count(f) == 2);
	CHECK(get(f, 1).uid == 1 && get(f, 1).size == 5);
	CHECK(get(f, 2).uid == 2 && get(f, 2).size == 6);
	folder_close(f);
	home_drop(&h);
}

/* A link is no message, wherever it leads. */
TEST(links)
{
	struct home h;
	struct folder *f;

	home_make(&h, 1, 0);
	CHECK(symlinkat("/etc/passwd", h.p.dir, "cur/5.x:2,") == 0);
	CHECK(symlinkat("../cur/1.x:2,", h.p.dir, "new/6.x") == 0);
	f = open_folder(&h, "INBOX", true);
	CHECK(folder_count(f) == 1);
	CHECK(unlinkat(h.p.dir, "cur/1.x:2,", 0) == 0);
	CHECK(symlinkat("/etc/passwd", h.p.dir, "cur/1.x:2,S") == 0);
	CHECK(folder_read(f, 1) == -1);
	folder_close(f);
	home_drop(&h);
}
