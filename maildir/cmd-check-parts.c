/* maildir check, repair: one folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-check.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd.h"
#include "maildir/dotlock.h"
#include "maildir/names.h"
#include "maildir/uidlist.h"
#include "maildir/view.h"
#include "message/fail.h"

enum { OLD = 36 * 60 * 60, TOLD = 20 /* faults of the index */ };

/* ---- files */

static void
check_file(struct check *k, int dir, const char *name, const struct stat *st)
{
	uint64_t size;

	if (!S_ISREG(st->st_mode)) {
		check_fault(k, false, 0, "%s is no file", name);
		return;
	}
	if ((st->st_mode & S_IRUSR) == 0)
		check_fault(k, k->repair && fchmodat(dir, name, 0600, 0) == 0,
		    0, "%s cannot be read", name);
	if (st->st_size == 0)
		check_fault(k, false, 0, "%s is empty", name);
	if (name_size(name, 'S', &size) == 0 && size != (uint64_t)st->st_size)
		check_fault(k, false, 0, "%s has %ju octets", name,
		    (uintmax_t)st->st_size);
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f) {
			check_fault(k, false, 0, "%s is no name of a message",
			    name);
			break;
		}
}

static void
check_tmp(struct check *k, int dir, const char *name, const struct stat *st)
{
	time_t before = time(NULL) - OLD;

	if (S_ISREG(st->st_mode) && st->st_mtime < before &&
	    st->st_ctime < before)
		check_fault(k, k->repair && unlinkat(dir, name, 0) == 0, 0,
		    "tmp/%s was left behind", name);
}

static void
check_names(struct check *k, const char *part,
    void (*check)(struct check *, int, const char *, const struct stat *))
{
	int fd = openat(k->dir, part,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;
	uint64_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		progress(k->folder, n++, 0);
		if (e->d_name[0] != '.' &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			check(k, dirfd(d), e->d_name, &st);
	}
	progress(k->folder, 1, 1);
	if (d != NULL)
		(void)closedir(d);
	else if (fd != -1)
		(void)close(fd);
}

void
check_files(struct check *k)
{
	check_names(k, "cur", check_file);
	check_names(k, "new", check_file);
	check_names(k, "tmp", check_tmp);
}

/* ---- UIDs */

static int
by_uid(const void *a, const void *b)
{
	const struct uidlist_entry *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static bool
has_uid(const struct uidlist *l, size_t entries, uint32_t uid)
{
	const struct uidlist_entry key = { .uid = uid };

	return entries > 0 &&
	    bsearch(&key, l->entry, entries, sizeof(key), by_uid) != NULL;
}

/* Add what the index knows and the list does not, under the UIDs of old.  How
 * many; -1. */
static ptrdiff_t
add_lost(struct uidlist *l, const struct index *ix)
{
	size_t entries = l->entries;
	struct names names;
	struct record r;
	ptrdiff_t lost = 0;
	int failed =
	    names_index(&names, l->text, l->entry, sizeof(*l->entry), entries);
	uint32_t next = l->uidnext;

	for (size_t i = 0; i < ix->h->records && failed == 0; i++) {
		const char *name;

		if (!index_get(ix, i, &r) || (r.flags & REC_DEAD) != 0)
			continue;
		name = index_text(ix, &r);
		names.text = l->text; /* it moves when it grows */
		names.first = l->entry;
		if (has_uid(l, entries, r.uid) ||
		    names_find(&names, name) != -1)
			continue;
		failed = uidlist_add(l, name, NULL);
		l->entry[l->entries - 1].uid = r.uid;
		lost++;
	}
	names_free(&names);
	l->uidnext = next > ix->h->uidnext ? next : ix->h->uidnext;
	qsort(l->entry, l->entries, sizeof(*l->entry), by_uid);
	return failed == -1 ? -1 : lost;
}

/* A list that is missing gets its head from the index. */
static bool
same_list(struct uidlist *l, const struct index *ix)
{
	size_t n = 0;

	if (l->uidvalidity == 0 && l->entries == 0) {
		l->uidvalidity = ix->h->uidvalidity;
		l->header[n++] = 'G';
		for (size_t i = 0; i < sizeof(ix->h->guid); i++)
			n += (size_t)sprintf(l->header + n, "%02x",
			    (unsigned char)ix->h->guid[i]);
	}
	return l->uidvalidity == ix->h->uidvalidity;
}

static void
mend_list(struct check *k, struct uidlist *l, const struct index *ix)
{
	struct dotlock d;
	bool damaged, mended = false;
	ptrdiff_t lost;

	if (k->repair && uidlist_lock(l, &d) == -1) {
		check_fault(k, false, 0, "%s", fail_text());
		return;
	}
	damaged = l->rewrite && l->lines > 0;
	lost = ix->h != NULL && same_list(l, ix) ? add_lost(l, ix) : 0;
	if (k->repair) {
		if (damaged || lost > 0) {
			l->rewrite = true;
			mended = uidlist_commit(l, k->c->store->root) == 0;
		}
		dotlock_drop(&d);
	}
	if (damaged)
		check_fault(k, mended, 0, "dovecot-uidlist is damaged");
	if (lost > 0)
		check_fault(k, mended, 0,
		    "only the index has the UIDs of %td messages", lost);
}

void
check_uids(struct check *k)
{
	struct index ix = { .dir = -1, .main.fd = -1, .names.fd = -1 };
	struct uidlist l;
	int r = uidlist_read(&l, k->dir);

	if (r == 0 && index_open(&ix, k->files) != 1)
		index_close(&ix);
	if (r == -1)
		check_fault(k, false, 0, "%s", fail_text());
	else
		mend_list(k, &l, &ix);
	index_close(&ix);
	uidlist_free(&l);
}

/* ---- the index */

/* Differences between two views; "told" of them are said. */
static unsigned
compare(struct check *k, struct folder *a, struct folder *b, bool tell)
{
	uint32_t i = 1, j = 1;
	struct message m, n;
	unsigned found = 0;

	while (i <= folder_count(a) || j <= folder_count(b)) {
		const char *what = NULL;

		m = n = (struct message){ .uid = UINT32_MAX };
		if (i <= folder_count(a))
			(void)folder_get(a, i, &m);
		if (j <= folder_count(b))
			(void)folder_get(b, j, &n);
		i += m.uid <= n.uid;
		j += n.uid <= m.uid;
		if (m.uid != n.uid)
			what = m.uid < n.uid ? "is in the index alone" :
					       "is not in the index";
		else if (((m.flags ^ n.flags) & (FLAG_STORED | FLAG_NEW)) != 0)
			what = "has other flags in the index";
		else if (m.size != n.size)
			what = "has another size in the index";
		if (what != NULL && ++found <= TOLD && tell)
			check_fault(k, false, m.uid < n.uid ? m.uid : n.uid,
			    "%s", what);
	}
	return found;
}

/* The index, against one that is made in memory for this. */
static unsigned
differences(struct check *k, struct store *fresh, bool tell)
{
	struct folder *a = cmd_folder(k->c->store, k->folder, false);
	struct folder *b = cmd_folder(fresh, k->folder, false);
	unsigned n = 0;

	if (a != NULL && b != NULL)
		n = compare(k, a, b, tell);
	else
		check_fault(k, false, 0, "%s", fail_text());
	if (a != NULL)
		folder_close(a);
	if (b != NULL)
		folder_close(b);
	return n;
}

/* Other programs are at work too, so what differs is looked at again. */
void
check_index(struct check *k)
{
	struct store *fresh =
	    store_open(k->c->path, NULL, STORE_NO_INDEX | STORE_NO_HOLD);
	unsigned n;

	if (fresh == NULL) {
		check_fault(k, false, 0, "%s", fail_text());
		return;
	}
	n = differences(k, fresh, false);
	if (n > 0)
		n = differences(k, fresh, !k->repair);
	if (n > 0 && k->repair) {
		index_remove(k->files);
		n = differences(k, fresh, true);
		if (n == 0)
			check_fault(k, true, 0, "the index was wrong");
	}
	store_close(fresh);
}
