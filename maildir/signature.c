/* Trigram signatures, mailroom-index.tri: which messages can hold a text?
 *
 *	generation 8, layout 8, zeros up to one place, then for each record of
 *	that generation: check 8, signature 256, where its text is 4 and how
 *	long 4 (texts.h)
 *
 * A bit that is lost would hide a message, so each has a checksum, and one
 * that does not hold is none.  A new generation takes them over. */
#include "maildir/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/note.h"
#include "maildir/sync.h"
#include "maildir/texts.h"
#include "message/fail.h"

static const char tri_file[] = "mailroom-index.tri";
static const char tri_tmp[] = "mailroom-index.tri.tmp";

struct head {
	uint64_t generation, layout;
};

enum { LAYOUT = 2 };

static uint64_t
check_of(const struct signature *p, uint32_t uid)
{
	return note_mix((uint64_t)uid + 1, p->bits, sizeof(p->bits));
}

static size_t
place_of(size_t record)
{
	return (record + 1) * sizeof(struct signature);
}

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

static bool
put_head(int fd, uint64_t generation)
{
	const struct head h = { generation, LAYOUT };

	return pwrite(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h);
}

/* Made anew for another generation. */
int
signature_open(const struct folder *f)
{
	int fd = note_open(f->ix.dir, tri_file, O_RDWR | O_CREAT);
	struct head h = { .layout = 0 };

	if (fd == -1)
		return -1;
	if (pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) &&
	    h.generation == f->ix.h->generation && h.layout == LAYOUT)
		return fd;
	if (ftruncate(fd, 0) == 0 && put_head(fd, f->ix.h->generation))
		return fd;
	(void)close(fd);
	return -1;
}

bool
signature_put(int fd, size_t i, struct record *r, struct signature *p)
{
	p->check = check_of(p, r->uid);
	if (pwrite(fd, p, sizeof(*p), (off_t)place_of(i)) !=
	    (ssize_t)sizeof(*p))
		return false;
	r->flags |= REC_SIGNED;
	return true;
}

bool
signature_read(int fd, size_t i, const struct record *r, struct signature *p)
{
	return (r->flags & REC_SIGNED) != 0 &&
	    pread(fd, p, sizeof(*p), (off_t)place_of(i)) ==
	    (ssize_t)sizeof(*p) &&
	    p->check == check_of(p, r->uid);
}

int
folder_sign(struct folder *f, uint32_t number, const uint8_t *signature)
{
	struct signature p = { .text = 0 };
	struct record r;
	ptrdiff_t i = -1;
	int fd = -1;
	bool done = false;

	if (!f->ix.writable || index_lock(&f->ix) != 1) {
		index_unlock(&f->ix);
		return fail_as(EROFS, "no index to write to");
	}
	i = note_record(f, number, &r);
	if (i != -1)
		fd = signature_open(f);
	(void)memcpy(p.bits, signature, sizeof(p.bits));
	if (fd != -1) {
		index_begin(&f->ix);
		done = signature_put(fd, (size_t)i, &r, &p);
		if (done)
			file_put(&f->ix, (size_t)i, &r);
		index_end(&f->ix);
		(void)close(fd);
	}
	index_unlock(&f->ix);
	return done ? 0 : fail_as(EIO, "signature of message %u", number);
}

/* That of a record of the generation in place, when it is whole. */
static bool
signature_of(struct folder *f, size_t i, const struct record *r,
    struct signature *p)
{
	struct head h;
	size_t at = place_of(i);

	if ((r->flags & REC_SIGNED) == 0 ||
	    !note_mapped(f, &f->signatures, tri_file, at + sizeof(*p)))
		return false;
	(void)memcpy(&h, f->signatures.p, sizeof(h));
	(void)memcpy(p, f->signatures.p + at, sizeof(*p));
	return h.generation == f->ix.h->generation && h.layout == LAYOUT &&
	    p->check == check_of(p, r->uid);
}

bool
signature_get(struct folder *f, uint32_t number, struct signature *p,
    uint32_t *uid)
{
	struct record r;
	ptrdiff_t i = note_record(f, number, &r);

	if (i == -1 || !signature_of(f, (size_t)i, &r, p))
		return false;
	*uid = r.uid;
	return true;
}

bool
signature_allows(const struct signature *p, struct span text)
{
	const unsigned char *t = (const void *)text.p;

	for (size_t i = 0; i + 3 <= text.len; i++) {
		uint32_t bit = trigram(t + i);

		if ((p->bits[bit / 8] >> bit % 8 & 1) == 0)
			return false;
	}
	return true;
}

bool
folder_signed(struct folder *f, uint32_t number)
{
	struct signature p;
	uint32_t uid;

	return signature_get(f, number, &p, &uid);
}

bool
folder_may_hold(struct folder *f, uint32_t number, struct span text)
{
	struct signature p;
	uint32_t uid;

	return text.len < 3 || !signature_get(f, number, &p, &uid) ||
	    signature_allows(&p, text);
}

void
signature_follow(struct folder *from, size_t k, const struct record *s,
    struct folder *to, size_t m, struct record *r)
{
	struct signature p;
	int fd;

	if (!signature_of(from, k, s, &p))
		return;
	fd = signature_open(to);
	if (fd == -1)
		return;
	p.text = p.octets = 0; /* which is in another file */
	(void)signature_put(fd, m, r, &p);
	(void)close(fd);
}

/* Copy what is whole of those that "new" says are signed.  -1: none was. */
static int
carry(struct folder *f, struct index *new, int out)
{
	uint64_t living = 0;

	if (!put_head(out, new->h->generation))
		return -1;
	for (size_t i = 0; i < new->h->records; i++) {
		struct record r = new->r[i];
		struct signature p;
		ptrdiff_t k;

		if ((r.flags & REC_SIGNED) == 0)
			continue;
		k = view_current(f, r.uid);
		if (k != -1 && signature_of(f, (size_t)k, &r, &p) &&
		    signature_put(out, i, &r, &p)) {
			living += p.octets;
			continue;
		}
		r.flags &= ~(uint32_t)REC_SIGNED;
		file_put(new, i, &r);
	}
	texts_carry(new, out, living);
	return renameat(new->dir, tri_tmp, new->dir, tri_file);
}

void
signature_carry(struct folder *f, struct index *new)
{
	int out;

	if (new->dir == -1 || f->ix.h == NULL)
		return;
	(void)unlinkat(new->dir, tri_tmp, 0);
	out = note_open(new->dir, tri_tmp, O_RDWR | O_CREAT | O_EXCL);
	if (out == -1)
		return;
	if (carry(f, new, out) == -1)
		(void)unlinkat(new->dir, tri_tmp, 0);
	(void)close(out);
}
