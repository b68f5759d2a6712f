/* What was learnt from texts: mailroom-index.cache, appended to, and
 * mailroom-index.tri, 256 octets per record.
 *
 * An entry of the cache: check 4, uid 4, length of each part 4 each (absent:
 * all ones), attachment in "uid"'s neighbour, Message-ID hash 8, the parts;
 * at a multiple of 16.  The record tells where.  A checksum that does not hold
 * makes it unknown. */
#include "maildir/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/sync.h"
#include "message/fail.h"

static const char cache_file[] = "mailroom-index.cache";
static const char tri_file[] = "mailroom-index.tri";

enum {
	UNIT = 16,
	ABSENT = -1,
	LONGEST = 1024 * 1024, /* of a note */
	TRI_HEAD = SIGNATURE,
};

struct entry {
	uint64_t check;
	uint64_t id;
	uint32_t uid;
	uint32_t attachment;
	int32_t len[NOTES];
	uint32_t spare[2];
};

static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const char *s = p;
	uint64_t word;

	for (; n >= sizeof(word); n -= sizeof(word), s += sizeof(word)) {
		(void)memcpy(&word, s, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	word = 0;
	(void)memcpy(&word, s, n);
	return (h ^ word ^ n) * 0xff51afd7ed558ccd;
}

static int
open_file(const struct folder *f, const char *name, int flags)
{
	int fd = f->ix.dir == -1 ?
	    -1 :
	    openat(f->ix.dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
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

/* Have the first "need" octets of the file mapped. */
static bool
mapped(const struct folder *f, struct region *g, const char *name, size_t need)
{
	struct stat st;

	if (need <= g->mapped)
		return true;
	if (g->fd == -1)
		g->fd = open_file(f, name, O_RDONLY);
	return g->fd != -1 && fstat(g->fd, &st) == 0 &&
	    (size_t)st.st_size >= need &&
	    region_map(g, (size_t)st.st_size, false) == 0;
}

/* The record of a message in the generation in place; -1. */
static ptrdiff_t
record_of(struct folder *f, uint32_t number, struct record *r)
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

	if (record_of(f, number, &r) == -1 || r.note == 0)
		return false;
	at = (size_t)r.note * UNIT;
	if (!mapped(f, &f->cache, cache_file, at + sizeof(e)))
		return false;
	(void)memcpy(&e, f->cache.p + at, sizeof(e));
	end = at + sizeof(e);
	for (int i = 0; i < NOTES; i++) {
		if (e.len[i] < ABSENT || e.len[i] > LONGEST)
			return false;
		end += e.len[i] == ABSENT ? 0 : (size_t)e.len[i];
	}
	if (e.uid != r.uid || !mapped(f, &f->cache, cache_file, end) ||
	    e.check !=
		mix(e.id, f->cache.p + at + sizeof(e.check),
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
	e.check = mix(e.id, block + sizeof(e.check), *size - sizeof(e.check));
	(void)memcpy(block, &e.check, sizeof(e.check));
	return block;
}

/* Write the block behind the last one: its place in units; 0. */
static uint32_t
put(struct folder *f, const char *block, size_t size)
{
	struct header *h = f->ix.h;
	uint64_t at = (h->cache_end + UNIT - 1) / UNIT * UNIT;
	int fd = open_file(f, cache_file, O_RDWR | O_CREAT);
	bool done;

	if (at == 0)
		at = UNIT;
	done = fd != -1 && at / UNIT < UINT32_MAX &&
	    pwrite(fd, block, size, (off_t)at) == (ssize_t)size;
	if (fd != -1)
		(void)close(fd);
	if (!done)
		return 0;
	h->cache_end = at + size;
	return (uint32_t)(at / UNIT);
}

int
folder_note(struct folder *f, uint32_t number, const struct note *n)
{
	struct record r;
	ptrdiff_t i;
	char *block;
	size_t size;

	if (!f->ix.writable || index_lock(&f->ix) != 1) {
		index_unlock(&f->ix);
		return fail_as(EROFS, "no index to write to");
	}
	i = record_of(f, number, &r);
	block = i == -1 ? NULL : pack(n, r.uid, &size);
	if (block != NULL) {
		index_begin(&f->ix);
		r.note = put(f, block, size);
		r.id = n->id;
		r.flags &= ~(uint32_t)REC_ATTACHMENT;
		if (n->attachment)
			r.flags |= REC_ATTACHMENT;
		file_put(&f->ix, (size_t)i, &r);
		index_end(&f->ix);
	}
	index_unlock(&f->ix);
	free(block);
	return block == NULL ? fail_as(ENOENT, "no message %u", number) : 0;
}

/* ---- signatures: the file begins with the generation it belongs to */

static uint32_t
trigram(const unsigned char *p)
{
	uint32_t h = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

	h *= 0x9e3779b1;
	return h >> 21; /* 2048 bits */
}

void
signature_add(uint8_t signature[SIGNATURE], struct span text)
{
	const unsigned char *p = (const void *)text.p;

	for (size_t i = 0; i + 3 <= text.len; i++) {
		uint32_t bit = trigram(p + i);

		signature[bit / 8] |= (uint8_t)(1 << bit % 8);
	}
}

/* Made anew for another generation: then no record is signed in it. */
static int
open_signatures(struct folder *f)
{
	int fd = open_file(f, tri_file, O_RDWR | O_CREAT);
	uint64_t generation = 0;

	if (fd == -1)
		return -1;
	if (pread(fd, &generation, sizeof(generation), 0) ==
		(ssize_t)sizeof(generation) &&
	    generation == f->ix.h->generation)
		return fd;
	generation = f->ix.h->generation;
	if (ftruncate(fd, 0) == 0 &&
	    pwrite(fd, &generation, sizeof(generation), 0) ==
		(ssize_t)sizeof(generation))
		return fd;
	(void)close(fd);
	return -1;
}

int
folder_sign(struct folder *f, uint32_t number, const uint8_t *signature)
{
	struct record r;
	ptrdiff_t i = -1;
	int fd = -1;
	bool done = false;

	if (!f->ix.writable || index_lock(&f->ix) != 1) {
		index_unlock(&f->ix);
		return fail_as(EROFS, "no index to write to");
	}
	i = record_of(f, number, &r);
	if (i != -1)
		fd = open_signatures(f);
	if (fd != -1)
		done = pwrite(fd, signature, SIGNATURE,
			   TRI_HEAD + (off_t)i * SIGNATURE) == SIGNATURE;
	if (done) {
		index_begin(&f->ix);
		r.flags |= REC_SIGNED;
		file_put(&f->ix, (size_t)i, &r);
		index_end(&f->ix);
	}
	if (fd != -1)
		(void)close(fd);
	index_unlock(&f->ix);
	return done ? 0 : fail_as(EIO, "signature of message %u", number);
}

/* Its signature; NULL: none. */
static const uint8_t *
signature_of(struct folder *f, uint32_t number)
{
	uint64_t generation;
	struct record r;
	ptrdiff_t i = record_of(f, number, &r);
	size_t end;

	if (i == -1 || (r.flags & REC_SIGNED) == 0)
		return NULL;
	end = TRI_HEAD + ((size_t)i + 1) * SIGNATURE;
	if (!mapped(f, &f->signatures, tri_file, end))
		return NULL;
	(void)memcpy(&generation, f->signatures.p, sizeof(generation));
	if (generation != f->ix.h->generation) {
		region_close(&f->signatures);
		return NULL;
	}
	return (const uint8_t *)f->signatures.p + end - SIGNATURE;
}

bool
folder_signed(struct folder *f, uint32_t number)
{
	return signature_of(f, number) != NULL;
}

bool
folder_may_hold(struct folder *f, uint32_t number, struct span text)
{
	const unsigned char *p = (const void *)text.p;
	const uint8_t *s = signature_of(f, number);

	for (size_t i = 0; s != NULL && i + 3 <= text.len; i++) {
		uint32_t bit = trigram(p + i);

		if ((s[bit / 8] >> bit % 8 & 1) == 0)
			return false;
	}
	return true;
}
