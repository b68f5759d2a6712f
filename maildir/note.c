/* What was learnt from texts: mailroom-index.cache, appended to; a new
 * generation of the index may leave out what is not used any more.
 *
 * An entry of the cache: check 4, uid 4, length of each part 4 each (absent:
 * all ones), attachment in "uid"'s neighbour, Message-ID hash 8, the parts;
 * at a multiple of 16.  The record tells where.  A checksum that does not hold
 * makes it unknown. */
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
};

struct entry {
	uint64_t check;
	uint64_t id;
	uint32_t uid;
	uint32_t attachment;
	int32_t len[NOTES];
	uint32_t spare[2];
};

uint64_t
note_sum(const void *p, size_t n)
{
	const uint64_t prime = 0xff51afd7ed558ccd;
	uint64_t a[4] = { n, n + 1, n + 2, n + 3 }, word[4], all = 0;
	const char *s = p;

	for (; n >= sizeof(word); n -= sizeof(word), s += sizeof(word)) {
		(void)memcpy(word, s, sizeof(word));
		for (int i = 0; i < 4; i++) {
			a[i] = (a[i] ^ word[i]) * prime;
			a[i] ^= a[i] >> 32;
		}
	}
	(void)memset(word, 0, sizeof(word));
	(void)memcpy(word, s, n);
	for (int i = 0; i < 4; i++)
		all = (all ^ a[i] ^ word[i] * 3) * prime;
	return all ^ all >> 32;
}

int
note_open(int dir, const char *name, int flags)
{
	int fd = dir == -1 ?
	    -1 :
	    openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		0600);
	struct stat st;

	if (fd != -1 &&
	    (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
		st.st_uid != geteuid())) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

int
note_lock(int dir, const char *name)
{
	int fd = note_open(dir, name, O_RDWR | O_CREAT);
	struct stat st;

	if (fd != -1 &&
	    (flock(fd, LOCK_EX | LOCK_NB) == -1 || fstat(fd, &st) == -1 ||
		st.st_nlink != 1)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

bool
note_has_head(const void *p, const struct note_head *kind,
    const struct folder *f)
{
	struct note_head h = *kind;

	h.uidvalidity = f->uidvalidity;
	return memcmp(p, &h, sizeof(h)) == 0;
}

bool
note_put_head(int fd, const struct note_head *kind, const struct folder *f)
{
	struct note_head h = *kind;

	h.uidvalidity = f->uidvalidity;
	return ftruncate(fd, 0) == 0 &&
	    pwrite(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h);
}

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

uint32_t
note_number(struct folder *f, uint32_t uid, uint32_t *next)
{
	uint32_t n = *next, count = folder_count(f);

	if (n > count || f->at->r[view_place(f, n)].uid != uid)
		n = folder_number(f, uid);
	if (n > count || f->at->r[view_place(f, n)].uid != uid)
		return 0;
	*next = n + 1;
	return n;
}

ptrdiff_t
note_record(struct folder *f, uint32_t number, struct record *r)
{
	ptrdiff_t i;

	if (number == 0 || number > folder_count(f) ||
	    !index_get(f->at, view_place(f, number), r))
		return -1;
	i = view_current(f, r->uid);
	if (i == -1 || !index_get(&f->ix, (size_t)i, r))
		return -1;
	return i;
}

bool
folder_noted(struct folder *f, uint32_t number, struct note *n)
{
	struct entry e;
	struct record r;
	size_t at, end;
	const char *p;

	if (note_record(f, number, &r) == -1 || r.note == 0)
		return false;
	at = (size_t)r.note * UNIT;
	if (!note_mapped(f, &f->cache, cache_file, at + sizeof(e)))
		return false;
	(void)memcpy(&e, f->cache.p + at, sizeof(e));
	end = at + sizeof(e);
	for (int i = 0; i < NOTES; i++) {
		if (e.len[i] < ABSENT || e.len[i] > LONGEST)
			return false;
		end += e.len[i] == ABSENT ? 0 : (size_t)e.len[i];
	}
	if (e.uid != r.uid || !note_mapped(f, &f->cache, cache_file, end) ||
	    e.check !=
		mix(e.uid, f->cache.p + at + sizeof(e.check),
		    end - at - sizeof(e.check)))
		return false;
	p = f->cache.p + at + sizeof(e);
	*n = (struct note){ .id = e.id, .attachment = e.attachment != 0 };
	for (int i = 0; i < NOTES; i++) {
		if (e.len[i] == ABSENT)
			continue;
		n->part[i] = span_n(p, (size_t)e.len[i]);
		p += e.len[i];
	}
	return true;
}

/* The entry in one block, for free(); NULL. */
static char *
pack(const struct note *n, uint32_t uid, size_t *size)
{
	struct entry e = { .id = n->id,
		.uid = uid,
		.attachment = n->attachment };
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

/* The entry of a record, whole, into *block, for free().  Its length; 0: none. */
static size_t
read_entry(int fd, const struct record *r, char **block)
{
	off_t at = (off_t)r->note * UNIT;
	size_t size = sizeof(struct entry);
	struct entry e;

	*block = NULL;
	if (r->note == 0 || fd == -1 ||
	    pread(fd, &e, sizeof(e), at) != (ssize_t)sizeof(e) ||
	    e.uid != r->uid)
		return 0;
	for (int i = 0; i < NOTES; i++) {
		if (e.len[i] < ABSENT || e.len[i] > LONGEST)
			return 0;
		size += e.len[i] == ABSENT ? 0 : (size_t)e.len[i];
	}
	*block = malloc(size);
	if (*block != NULL && pread(fd, *block, size, at) == (ssize_t)size &&
	    e.check ==
		mix(e.uid, *block + sizeof(e.check), size - sizeof(e.check)))
		return size;
	free(*block);
	*block = NULL;
	return 0;
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

/* Add what the old entry has and the note has not.  False: the note has
 * nothing that the old one has not. */
static bool
merge(struct note *n, const char *old)
{
	struct entry e;
	const char *p = old + sizeof(e);
	bool more;

	(void)memcpy(&e, old, sizeof(e));
	more = (n->attachment && e.attachment == 0) ||
	    (n->id != 0 && n->id != e.id);
	for (int i = 0; i < NOTES; i++) {
		size_t len = e.len[i] == ABSENT ? 0 : (size_t)e.len[i];
		struct span *s = &n->part[i];

		if (s->p == NULL && e.len[i] != ABSENT)
			*s = span_n(p, len);
		else if (s->p != NULL &&
		    (e.len[i] == ABSENT || s->len != len ||
			memcmp(s->p, p, len) != 0))
			more = true;
		p += len;
	}
	if (n->id == 0)
		n->id = e.id;
	n->attachment = n->attachment || e.attachment != 0;
	return more;
}

/* Under the lock. */
static int
note(struct folder *f, int fd, size_t i, struct record *r, struct note *n)
{
	size_t size, was;
	char *old, *block;

	was = read_entry(fd, r, &old);
	if (was > 0 && !merge(n, old)) {
		free(old);
		return 0;
	}
	block = pack(n, r->uid, &size);
	if (block != NULL) {
		index_begin(&f->ix);
		r->note = put(f->ix.h, fd, block, size);
		f->ix.h->cache_waste += was;
		r->id = n->id;
		r->flags &= ~(uint32_t)REC_ATTACHMENT;
		if (n->attachment)
			r->flags |= REC_ATTACHMENT;
		file_put(&f->ix, i, r);
		index_end(&f->ix);
	}
	free(old);
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

/* The entry of one record for another, which is a copy of its message. */
static void
follow(int in, const struct record *from, struct header *h, int out,
    struct record *to)
{
	struct entry e;
	char *block;
	size_t size = read_entry(in, from, &block);

	if (size == 0)
		return;
	(void)memcpy(&e, block, sizeof(e));
	e.uid = to->uid;
	(void)memcpy(block, &e, sizeof(e));
	e.check = mix(e.uid, block + sizeof(e.check), size - sizeof(e.check));
	(void)memcpy(block, &e.check, sizeof(e.check));
	to->note = put(h, out, block, size);
	to->id = e.id;
	free(block);
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
		follow(in, &s, to->ix.h, out, &r);
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
		size_t size;
		char *block;

		if (r.note == 0)
			continue;
		size = read_entry(in, &r, &block);
		r.note = size == 0 ? 0 : put(new->h, out, block, size);
		file_put(new, i, &r);
		free(block);
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
