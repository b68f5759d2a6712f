/* What was learnt from texts: mailroom-index.cache, appended to; a new
 * generation of the index may leave out what is not used any more.
 *
 * An entry of the cache, at a multiple of 16, is a struct entry and its parts.
 * The record tells where the last one of a message is; what that one lacks is
 * in those before it, so that what is learnt later makes no waste.  A checksum
 * that does not hold makes it unknown. */
#include "maildir/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/mix.h"
#include "maildir/sync.h"
#include "message/fail.h"

static const char cache_file[] = "mailroom-index.cache";
static const char cache_tmp[] = "mailroom-index.cache.tmp";

enum {
	UNIT = 16,
	ABSENT = -1,
	LONGEST = 1024 * 1024, /* of a part */
	WASTE = 1024 * 1024, /* less is not worth writing anew */
	LINKS = 4, /* entries of a message, then one with all */
};

struct entry {
	uint64_t check;
	uint64_t id; /* hash of the Message-ID */
	uint32_t uid;
	uint32_t attachment;
	int32_t len[NOTES]; /* of each part */
	uint32_t before; /* the place of another; 0: none */
	uint32_t spare;
};

/* Other files belong to another generation. */
static void
follow_generation(struct folder *f)
{
	if (f->noted == f->ix.h->generation)
		return;
	region_close(&f->cache);
	f->noted = f->ix.h->generation;
}

bool
note_mapped(struct folder *f, struct region *g, const char *name, size_t need)
{
	struct stat st;

	follow_generation(f);
	if (need <= g->mapped)
		return true;
	if (g->fd == -1)
		g->fd = note_open(f->ix.dir, name,
		    f->ix.writable ? O_RDWR : O_RDONLY);
	return g->fd != -1 && fstat(g->fd, &st) == 0 &&
	    (size_t)st.st_size >= need &&
	    region_map(g, (size_t)st.st_size, false) == 0;
}

/* Its length with the parts; 0: there is no such. */
static size_t
length(const struct entry *e, uint32_t uid)
{
	size_t size = sizeof(*e);

	for (int i = 0; i < NOTES; i++) {
		if (e->len[i] < ABSENT || e->len[i] > LONGEST)
			return 0;
		size += e->len[i] == ABSENT ? 0 : (size_t)e->len[i];
	}
	return e->uid == uid ? size : 0;
}

static bool
whole(const struct entry *e, const char *p, size_t size)
{
	return e->check ==
	    mix(e->uid, p + sizeof(e->check), size - sizeof(e->check));
}

/* What the note lacks, from the entry at "p".  The place of the one before; 0:
 * none. */
static uint32_t
add_parts(struct note *n, const struct entry *e, const char *p, uint32_t place)
{
	p += sizeof(*e);
	for (int i = 0; i < NOTES; i++) {
		if (e->len[i] == ABSENT)
			continue;
		if (n->part[i].p == NULL)
			n->part[i] = span_n(p, (size_t)e->len[i]);
		p += e->len[i];
	}
	if (n->id == 0)
		n->id = e->id;
	n->attachment = n->attachment || e->attachment != 0;
	return e->before < place ? e->before : 0;
}

bool
folder_noted(struct folder *f, uint32_t number, struct note *n)
{
	size_t limit = SIZE_MAX; /* they stand one before the other */
	struct record r;
	uint32_t place;

	*n = (struct note){ .id = 0 };
	if (note_record(f, number, &r) == -1)
		return false;
	for (place = r.note; place != 0;) {
		size_t at = (size_t)place * UNIT, size;
		struct entry e;

		if (!note_mapped(f, &f->cache, cache_file, at + sizeof(e)))
			break;
		(void)memcpy(&e, f->cache.p + at, sizeof(e));
		size = length(&e, r.uid);
		if (size == 0 || at + size > limit ||
		    !note_mapped(f, &f->cache, cache_file, at + size) ||
		    !whole(&e, f->cache.p + at, size))
			break;
		limit = at;
		place = add_parts(n, &e, f->cache.p + at, place);
	}
	return r.note != 0 && place != r.note;
}

/* The entry in one block, for free(); NULL. */
static char *
pack(const struct note *n, uint32_t uid, uint32_t before, size_t *size)
{
	struct entry e = { .id = n->id,
		.uid = uid,
		.attachment = n->attachment,
		.before = before };
	char *block, *p;

	*size = sizeof(e);
	for (int i = 0; i < NOTES; i++) {
		if (n->part[i].p != NULL && n->part[i].len > LONGEST)
			return NULL;
		e.len[i] =
		    n->part[i].p == NULL ? ABSENT : (int32_t)n->part[i].len;
		*size += n->part[i].p == NULL ? 0 : n->part[i].len;
	}
	block = malloc(*size);
	if (block == NULL)
		return NULL;
	p = block + sizeof(e);
	(void)memcpy(block, &e, sizeof(e));
	for (int i = 0; i < NOTES; i++)
		if (n->part[i].p != NULL) {
			(void)memcpy(p, n->part[i].p, n->part[i].len);
			p += n->part[i].len;
		}
	e.check = mix(e.uid, block + sizeof(e.check), *size - sizeof(e.check));
	(void)memcpy(block, &e.check, sizeof(e.check));
	return block;
}

/* What is known of a message already. */
struct known {
	struct note n;
	char *block[LINKS];
	unsigned links;
	size_t octets;
};

/* One entry, whole, for free(), and its length; NULL. */
static char *
read_entry(int fd, uint32_t place, uint32_t uid, struct entry *e, size_t *size)
{
	off_t at = (off_t)place * UNIT;
	char *block;

	if (fd == -1 || pread(fd, e, sizeof(*e), at) != (ssize_t)sizeof(*e))
		return NULL;
	*size = length(e, uid);
	block = *size == 0 ? NULL : malloc(*size);
	if (block == NULL ||
	    (pread(fd, block, *size, at) == (ssize_t)*size &&
		whole(e, block, *size)))
		return block;
	free(block);
	return NULL;
}

static void
read_known(int fd, const struct record *r, struct known *k)
{
	uint32_t place = r->note;
	struct entry e;
	size_t size;

	*k = (struct known){ .links = 0 };
	while (place != 0 && k->links < LINKS) {
		char *block = read_entry(fd, place, r->uid, &e, &size);

		if (block == NULL)
			break;
		place = add_parts(&k->n, &e, block, place);
		k->block[k->links++] = block;
		k->octets += size;
	}
}

static void
free_known(struct known *k)
{
	while (k->links > 0)
		free(k->block[--k->links]);
}

/* Write the block behind the last one: its place in units; 0. */
static uint32_t
put(struct header *h, int fd, const char *block, size_t size)
{
	uint64_t at = (h->cache_end + UNIT - 1) / UNIT * UNIT;

	if (at == 0)
		at = UNIT;
	if (fd == -1 || at / UNIT >= UINT32_MAX ||
	    pwrite(fd, block, size, (off_t)at) != (ssize_t)size)
		return 0;
	h->cache_end = at + size;
	return (uint32_t)(at / UNIT);
}

/* Leave in the note what is not known.  False: that is nothing. */
static bool
adds(struct note *n, const struct note *old)
{
	bool more = (n->attachment && !old->attachment) ||
	    (n->id != 0 && n->id != old->id);

	for (int i = 0; i < NOTES; i++) {
		if (n->part[i].p == NULL)
			continue;
		if (old->part[i].p != NULL && span_eq(n->part[i], old->part[i]))
			n->part[i] = span_n(NULL, 0);
		else
			more = true;
	}
	if (n->id == 0)
		n->id = old->id;
	n->attachment = n->attachment || old->attachment;
	return more;
}

static void
fill(struct note *n, const struct note *old)
{
	for (int i = 0; i < NOTES; i++)
		if (n->part[i].p == NULL)
			n->part[i] = old->part[i];
}

/* Under the lock. */
static int
note(struct folder *f, int fd, size_t i, struct record *r, struct note *n)
{
	uint32_t before = r->note;
	struct known k;
	size_t size;
	char *block;

	read_known(fd, r, &k);
	if (k.links > 0 && !adds(n, &k.n)) {
		free_known(&k);
		return 0;
	}
	if (k.links == 0 || k.links == LINKS) {
		fill(n, &k.n);
		before = 0;
	}
	block = pack(n, r->uid, before, &size);
	if (block != NULL) {
		index_begin(&f->ix);
		r->note = put(f->ix.h, fd, block, size);
		f->ix.h->cache_waste += before == 0 ? k.octets : 0;
		r->id = n->id;
		r->flags &= ~(uint32_t)REC_ATTACHMENT;
		if (n->attachment)
			r->flags |= REC_ATTACHMENT;
		file_put(&f->ix, i, r);
		index_end(&f->ix);
	}
	free_known(&k);
	free(block);
	return block == NULL ? fail_as(EFBIG, "note is too large") : 0;
}

int
folder_note(struct folder *f, uint32_t number, const struct note *n)
{
	struct note all = *n;
	struct record r;
	ptrdiff_t i;
	int done;

	if (!f->ix.writable || index_lock(&f->ix) != 1) {
		index_unlock(&f->ix);
		return fail_as(EROFS, "no index to write to");
	}
	i = note_record(f, number, &r);
	if (i == -1)
		done = fail_as(ENOENT, "no message %u", number);
	else {
		follow_generation(f);
		if (f->cache.fd == -1) /* it stays open, for the next */
			f->cache.fd =
			    note_open(f->ix.dir, cache_file, O_RDWR | O_CREAT);
		done = note(f, f->cache.fd, (size_t)i, &r, &all);
	}
	index_unlock(&f->ix);
	return done;
}

/* What is known of one record as one entry, also for another, which is a copy
 * of its message.  Its place; 0. */
static uint32_t
carry(int in, const struct record *from, struct header *h, int out,
    struct record *to)
{
	uint32_t place = 0;
	struct known k;
	char *block;
	size_t size;

	read_known(in, from, &k);
	block = k.links == 0 ? NULL : pack(&k.n, to->uid, 0, &size);
	if (block != NULL) {
		place = put(h, out, block, size);
		to->id = k.n.id;
	}
	free(block);
	free_known(&k);
	return place;
}

void
note_follow(struct folder *from, struct folder *to, const uint32_t *uid,
    const struct arrival *a, size_t n)
{
	int in = note_open(from->ix.dir, cache_file, O_RDONLY);
	int out = note_open(to->ix.dir, cache_file, O_RDWR | O_CREAT);

	index_begin(&to->ix);
	for (size_t i = 0; i < n; i++) {
		ptrdiff_t k = view_current(from, uid[i]);
		ptrdiff_t m = view_current(to, a[i].r.uid);
		struct record r, s;

		if (k == -1 || m == -1 ||
		    !index_get(&from->ix, (size_t)k, &s) ||
		    !index_get(&to->ix, (size_t)m, &r))
			continue;
		r.note = carry(in, &s, to->ix.h, out, &r);
		file_put(&to->ix, (size_t)m, &r);
	}
	index_end(&to->ix);
	if (in != -1)
		(void)close(in);
	if (out != -1)
		(void)close(out);
}

bool
note_wasteful(const struct header *h)
{
	return h->cache_waste > WASTE && h->cache_waste > h->cache_end / 2;
}

/* Whatever fails costs notes only. */
void
note_carry(struct index *new)
{
	int in = -1, out = -1;
	uint64_t was = new->h->cache_end;

	if (new->dir == -1 || !note_wasteful(new->h))
		return;
	in = note_open(new->dir, cache_file, O_RDONLY);
	(void)unlinkat(new->dir, cache_tmp, 0);
	out = note_open(new->dir, cache_tmp, O_RDWR | O_CREAT | O_EXCL);
	new->h->cache_end = 0;
	for (size_t i = 0; i < new->h->records; i++) {
		struct record r = new->r[i];

		if (r.note == 0)
			continue;
		r.note = carry(in, &new->r[i], new->h, out, &r);
		file_put(new, i, &r);
	}
	new->h->cache_waste = 0;
	if (out == -1 ||
	    renameat(new->dir, cache_tmp, new->dir, cache_file) == -1)
		new->h->cache_end = was; /* none is where a record says */
	if (in != -1)
		(void)close(in);
	if (out != -1)
		(void)close(out);
}
