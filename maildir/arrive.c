#include "maildir/arrive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "maildir/delivery.h"
#include "maildir/disk.h"
#include "maildir/maildir.h"
#include "maildir/sync.h"
#include "message/fail.h"

static const uint64_t letters = ((uint64_t)1 << KEYWORD_LETTERS) - 1;

void
arrive_name(struct arrival *a)
{
	char base[DELIVERY_NAME], name[DELIVERY_NAME + 32];

	delivery_name(base);
	if ((a->r.flags & REC_UNMEASURED) != 0)
		(void)snprintf(name, sizeof(name), "%.200s,S=%u", base,
		    a->r.size);
	else
		(void)snprintf(name, sizeof(name), "%.200s,S=%u,W=%u", base,
		    a->r.size, a->r.wire);
	flags_put(a->path, name, strlen(name), a->r.flags,
	    a->r.keywords & letters);
}

int
arrive_words(struct folder *f, const char *const *name, size_t n,
    uint64_t *bits)
{
	*bits = 0;
	for (size_t i = 0; i < n; i++) {
		int bit = folder_keyword(f, name[i], true);

		if (bit == -1)
			return -1;
		*bits |= (uint64_t)1 << bit;
	}
	return 0;
}

/* Another program may have seen the files and listed them before us. */
static int
find_uids(const struct uidlist *l, struct arrival *a, size_t n)
{
	struct names table;

	if (names_index(&table, l->text, l->entry, sizeof(*l->entry),
		l->entries) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		ptrdiff_t k = names_find(&table, a[i].path + strlen("cur/"));

		if (k != -1)
			a[i].r.uid = l->entry[k].uid;
	}
	names_free(&table);
	return 0;
}

/* "alone": the list has nothing that the index has not, but these. */
static int
give_uids(struct folder *f, struct uidlist *l, struct arrival *a, size_t n,
    bool *alone)
{
	struct dotlock lock;
	int e, r = uidlist_lock(l, &lock);

	if (r == -1)
		return -1;
	*alone = *alone && r == 0;
	for (size_t i = 0; i < n; i++)
		a[i].r.uid = 0;
	r = *alone ? 0 : find_uids(l, a, n);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (a[i].r.uid != 0)
			continue;
		r = uidlist_add(l, a[i].path + strlen("cur/"), NULL);
		if (r == 0)
			a[i].r.uid = l->entry[l->entries - 1].uid;
	}
	if (r == 0)
		r = uidlist_commit(l, f->store->root);
	e = errno;
	dotlock_drop(&lock);
	errno = e;
	return r;
}

static int
records(struct folder *f, const struct uidlist *l, struct arrival *a, size_t n,
    bool alone, struct settle *settle)
{
	struct index *ix = &f->ix;
	struct news news = { .modseq = index_modseq(ix) };
	uint32_t last = 0;
	int r = 0;

	if (ix->h->records > 0)
		last = ix->r[ix->h->records - 1].uid;
	for (size_t i = 0; i < n; last = a[i++].r.uid)
		if (l->uidvalidity != ix->h->uidvalidity || a[i].r.uid <= last)
			return 0; /* the next listing will sort it out */
	index_begin(ix);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct record *rec = &a[i].r;
		uint64_t words = rec->keywords;

		rec->saved = (uint32_t)time(NULL);
		rec->modseq = news.modseq;
		rec->file.at = 0;
		r = index_room(ix, 1);
		if (r == 0)
			r = file_name(ix, rec, a[i].path + strlen("cur/"),
			    false);
		rec->keywords = words;
		if (r == 0)
			file_put(ix, ix->h->records, rec);
		if (r == 0)
			r = ranges_add(&news.op[JOURNAL_NEW], rec->uid,
			    rec->uid);
	}
	if (r == 0)
		sync_list(ix, l, alone);
	settle_names(settle, false, n);
	if (r == 0)
		settle_end(settle, f);
	sync_news(ix, &news);
	index_end(ix);
	return 0; /* a cache: the messages are there in any case */
}

int
arrive_begin(struct folder *f, struct settle *settle)
{
	/* of any number: the next one would list the folder for them */
	settle_begin(settle, f, 1);
	if (sync_lock_known(f) == -1) {
		settle_drop(settle);
		return -1;
	}
	settle_sure(settle, f);
	return 0;
}

void
arrive_end(struct folder *f, struct settle *settle)
{
	int e = errno;

	settle_drop(settle);
	index_unlock(&f->ix);
	errno = e;
}

int
arrive(struct folder *f, struct arrival *a, size_t n, struct settle *settle)
{
	struct uidlist l = { .dir = -1 };
	struct stat st;
	bool alone = sync_list_current(f, &st);
	int r = 0;

	if (n == 0)
		return 0;
	if (alone)
		uidlist_assume(&l, f->dir, f->ix.h->uidvalidity,
		    f->ix.h->uidnext, &st);
	else
		r = uidlist_read(&l, f->dir);
	if (r == 0)
		r = disk_sync(f->dir, "cur");
	if (r == 0)
		r = give_uids(f, &l, a, n, &alone);
	if (r == 0)
		r = records(f, &l, a, n, alone, settle);
	uidlist_free(&l);
	return r;
}
