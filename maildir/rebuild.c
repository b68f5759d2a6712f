/* A new generation of an index: from uidlist and listing, which are true, and
 * from the records of the old one as far as their checksums hold.
 *
 * Where there was no list, a session need not wait until list and index are on
 * disk.  The UIDVALIDITY is taken, so that nobody else gets it; UIDs and index
 * are in memory, and both are written behind the answer (sync_due), under the
 * locks for which all others wait meanwhile.
 *
 *	death before		no list: the next one takes a higher UIDVALIDITY
 *	death while writing	the same, or the list is as it was told
 *	the disk is full	as a death; this view is lost when it looks again
 */
#include "maildir/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/note.h"
#include "message/fail.h"

struct rebuild {
	struct folder *f;
	struct scan s;
	struct uidlist l;
	struct index new;
	struct index old; /* of a late one: its lock */
	struct dotlock lock; /* the same, of the list; dir -1: not held */
	struct record *good; /* of the old one, what is whole and alive */
	size_t goods;
	struct names hints; /* for these */
	bool sound; /* the old header, too */
	int where; /* its files; -1: memory only */
	struct news news;
	struct fresh *fresh;
	size_t freshes;
	uint32_t *fresh_of, *hint_of; /* per name of the scan, + 1 */
};

enum { ROUNDS = 3 };

static bool
bearable(void)
{
	return errno == ENOSPC || errno == EDQUOT || errno == EROFS ||
	    errno == EACCES;
}

/* What can be believed of the old index. */
static int
believe(struct rebuild *b)
{
	const struct index *old = &b->f->ix;
	struct record *good;
	struct names hints;
	size_t fit;

	if (old->h == NULL || old->main.mapped < INDEX_HEADER ||
	    old->names.mapped == 0 || old->h->uidvalidity != b->l.uidvalidity ||
	    old->names.p[old->names.mapped - 1] != '\0')
		return 0;
	fit = (old->main.mapped - INDEX_HEADER) / sizeof(struct record);
	if (fit > old->h->records)
		fit = old->h->records;
	good = calloc(fit + 1, sizeof(*good));
	if (good == NULL)
		return fail("new index");
	b->good = good;
	b->sound = index_sound(old);
	for (size_t i = 0; i < fit; i++) {
		if (!index_get(old, i, &good[b->goods]))
			b->sound = false;
		else if ((good[b->goods].flags & (REC_DEAD | REC_LATE)) !=
		    REC_DEAD)
			b->goods++;
	}
	if (names_index(&hints, old->names.p, good, sizeof(*good), b->goods) ==
	    -1)
		return -1;
	b->hints = hints;
	return 0;
}

/* What the old index knew of that message: its place in "good" + 1; 0. */
static uint32_t
hint(const struct rebuild *b, const char *name, uint32_t uid)
{
	size_t at = 0;
	ptrdiff_t k = b->goods == 0 ? -1 : names_find(&b->hints, name);

	if (k == -1 && b->goods > 0)
		k = names_like(&b->hints, name, &at);
	return k == -1 || b->good[k].uid != uid ? 0 : (uint32_t)k + 1;
}

/* What the index knew is not measured again. */
static int
recall(struct rebuild *b)
{
	b->hint_of = calloc(b->s.names + 1, sizeof(*b->hint_of));
	b->fresh_of = calloc(b->s.names + 1, sizeof(*b->fresh_of));
	if (b->hint_of == NULL || b->fresh_of == NULL)
		return fail("new index");
	for (size_t i = 0; i < b->s.names; i++) {
		struct scan_name *n = &b->s.name[i];

		if (n->entry != 0)
			b->hint_of[i] = hint(b, scan_text(&b->s, i),
			    b->l.entry[n->entry - 1].uid);
		n->known = b->hint_of[i] != 0;
	}
	return 0;
}

/* May the first list be written behind the answer? */
static bool
may_wait(const struct rebuild *b)
{
	return b->f->late && b->f->ix.h == NULL && b->l.uidvalidity == 0 &&
	    b->l.st.st_ino == 0 && b->l.entries == 0;
}

/* List, listing, and UIDs for everything.  1: the list was changed by another
 * program since, so that it may have messages that the listing lacks. */
static int
collect(struct rebuild *b)
{
	ptrdiff_t n;
	int r;

	if (uidlist_read(&b->l, b->f->dir) == -1 || believe(b) == -1 ||
	    scan_run(&b->s, b->f->dir) == -1 ||
	    uidlist_match(&b->l, &b->s) == -1 || recall(b) == -1)
		return -1;
	n = sync_fresh(b->f, &b->s, &b->l, &b->fresh);
	if (n == -1)
		return -1;
	b->freshes = (size_t)n;
	b->l.prune = b->s.exact;
	r = may_wait(b) ?
	    sync_promise(b->f, &b->l, &b->lock, b->fresh, b->freshes) :
	    sync_assign(b->f, &b->s, &b->l, b->fresh, b->freshes);
	if (r == -1) {
		if (!bearable() || b->l.uidvalidity == 0)
			return -1;
		b->s.settled = 0;
		r = 0;
	}
	for (size_t i = 0; i < b->freshes; i++)
		b->fresh_of[b->fresh[i].name] = (uint32_t)i + 1;
	return r;
}

static void
discard(struct rebuild *b)
{
	names_free(&b->hints);
	uidlist_free(&b->l);
	scan_free(&b->s);
	free(b->fresh);
	free(b->fresh_of);
	free(b->hint_of);
	free(b->good);
	b->fresh = NULL;
	b->fresh_of = b->hint_of = NULL;
	b->good = NULL;
	b->goods = 0;
}

static int
collect_all(struct rebuild *b)
{
	int r = collect(b);

	for (int i = 0; i < ROUNDS && r == 1; i++) {
		discard(b);
		r = collect(b);
	}
	if (r == 1)
		b->s.exact = false;
	return r == -1 ? -1 : 0;
}

/* The record of that name of the scan. */
static int
record(struct rebuild *b, size_t name, uint32_t uid)
{
	bool hinted = b->hint_of[name] != 0;
	const struct record *old =
	    hinted ? &b->good[b->hint_of[name] - 1] : NULL;
	enum journal_op op = hinted ? JOURNAL_CHANGE : JOURNAL_NEW;
	struct record r;

	if (hinted)
		r = *old;
	else if (b->fresh_of[name] != 0)
		r = b->fresh[b->fresh_of[name] - 1].r;
	else
		return 0; /* gone meanwhile, or no message */
	r.uid = uid;
	r.file.at = 0;
	if (index_room(&b->new, 1) == -1 ||
	    file_name(&b->new, &r, scan_text(&b->s, name),
		b->s.name[name].in_new) == -1)
		return -1;
	if (!hinted ||
	    ((r.flags & REC_DEAD) == 0 &&
		(r.keywords != old->keywords ||
		    ((r.flags ^ old->flags) & FLAG_STORED) != 0))) {
		r.modseq = b->news.modseq;
		if (ranges_add(&b->news.op[op], r.uid, r.uid) == -1)
			return -1;
	}
	file_put(&b->new, b->new.h->records, &r);
	return 0;
}

/* In the order of UIDs: of the list, or of those that are to come into it. */
static int
records(struct rebuild *b)
{
	bool late = b->lock.dir != -1;

	for (size_t i = 0; i < b->l.entries; i++) {
		const struct uidlist_entry *e = &b->l.entry[i];

		if (e->found != 0 && e->found != UIDLIST_KEEP &&
		    record(b, e->found - 1, e->uid) == -1)
			return -1;
	}
	for (size_t i = 0; late && i < b->freshes; i++)
		if (record(b, b->fresh[i].name, b->fresh[i].uid) == -1)
			return -1;
	return 0;
}

/* What the old index had and the new one has not. */
static int
expunged(struct rebuild *b)
{
	size_t k = 0;

	for (size_t i = 0; b->sound && i < b->goods; i++) {
		uint32_t uid = b->good[i].uid;
		bool told = (b->good[i].flags & REC_DEAD) != 0;

		while (k < b->new.h->records && b->new.r[k].uid < uid)
			k++;
		if (!told &&
		    (k == b->new.h->records || b->new.r[k].uid != uid) &&
		    ranges_add(&b->news.op[JOURNAL_EXPUNGE], uid, uid) == -1)
			return -1;
	}
	return 0;
}

static void
binary(char out[16], const char *header)
{
	const char *g = strchr(header, 'G');

	for (size_t i = 0; g != NULL && i < 16; i++) {
		char hex[3] = { g[1 + 2 * i], 0, 0 };

		if (hex[0] == '\0')
			break;
		hex[1] = g[2 + 2 * i];
		out[i] = (char)strtoul(hex, NULL, 16);
	}
}

/* Header and history, carried on from the old generation when that is whole
 * and of the same UIDVALIDITY. */
static void
head(struct rebuild *b)
{
	struct header *h = b->new.h;
	const struct header *old = b->f->ix.h;

	h->uidvalidity = b->l.uidvalidity;
	binary(h->guid, b->l.header);
	sync_stamp(&b->new, &b->s, &b->l);
	if (b->sound) {
		h->discarded = old->discarded;
		h->log_id = old->log_id;
		h->log_end = old->log_end;
		h->cache_end = old->cache_end;
		h->cache_waste = old->cache_waste;
	} else {
		h->modseq = h->discarded = b->news.modseq;
	}
}

static int
build(struct rebuild *b)
{
	const struct header *old;

	if (collect_all(b) == -1 ||
	    index_new(&b->new, b->s.names, b->s.text_len) == -1)
		return -1;
	old = b->f->ix.h;
	if (b->sound)
		b->new.h->modseq = old->modseq;
	b->news.modseq = index_modseq(&b->new);
	if (records(b) == -1 || expunged(b) == -1)
		return -1;
	head(b);
	return 0;
}

/* From memory to the files of the index. */
static void
publish(struct rebuild *b)
{
	struct index *new = &b->new;
	struct stat st;

	new->dir = b->where;
	if (!b->sound && new->dir != -1 &&
	    fstatat(new->dir, "mailroom-index.cache", &st,
		AT_SYMLINK_NOFOLLOW) == 0)
		new->h->cache_end = (uint64_t)st.st_size;
	sync_news(new, &b->news);
	note_carry(new);
	index_end(new);
	index_publish(new);
}

static void
end(struct rebuild *b)
{
	int e = errno;

	dotlock_drop(&b->lock);
	index_close(&b->old);
	discard(b);
	for (int op = 1; op < JOURNAL_OPS; op++)
		ranges_free(&b->news.op[op]);
	free(b);
	errno = e;
}

/* The new generation in place of the old one. */
static void
swap(struct folder *f, struct rebuild *b)
{
	if (b->lock.dir != -1) { /* late: others go on waiting */
		index_end(&b->new);
		b->old = f->ix;
		f->due = b;
	} else {
		publish(b);
		index_unlock(&f->ix);
		if (f->at == &f->ix && f->ix.h != NULL) {
			f->old = f->ix;
			f->at = &f->old;
		} else
			index_close(&f->ix);
	}
	f->ix = b->new;
}

int
sync_rebuild(struct folder *f)
{
	struct rebuild *b = malloc(sizeof(*b));
	int r;

	if (b == NULL)
		return fail("new index");
	*b = (struct rebuild){ .f = f,
		.where = f->ix.h != NULL && !f->ix.writable ? -1 : f->files,
		.l.dir = -1,
		.lock.dir = -1,
		.old.main.fd = -1,
		.old.names.fd = -1,
		.new.main.fd = -1,
		.new.names.fd = -1 };
	r = build(b);
	if (r == 0)
		swap(f, b);
	else
		index_close(&b->new);
	if (f->due != b)
		end(b);
	return r;
}

int
sync_due(struct folder *f)
{
	struct rebuild *b = f->due;
	int r;

	if (b == NULL)
		return 0;
	f->due = NULL;
	b->new = f->ix;
	index_begin(&b->new);
	r = sync_keep(f, &b->s, &b->l, b->fresh, b->freshes);
	if (r == 0) {
		sync_list(&b->new, &b->l, b->s.exact);
		publish(b);
		index_unlock(&b->new);
	} else
		index_end(&b->new);
	f->ix = b->new;
	end(b);
	/* of a large folder it is much, and never needed again */
	(void)malloc_trim(0);
	return r;
}

void
sync_due_drop(struct folder *f)
{
	if (f->due != NULL)
		end(f->due);
	f->due = NULL;
}
