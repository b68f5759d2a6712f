/* Files beside an index that belong to UIDs; what they begin with, and the
 * records that they are about. */
#include "maildir/note.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/sync.h"

static const uint64_t prime = 0xff51afd7ed558ccd;

static inline uint64_t
stir(uint64_t a, uint64_t word)
{
	a = (a ^ word) * prime;
	return a ^ a >> 32;
}

/* Four variables and no array: that would be kept in memory, at less than half
 * the speed. */
uint64_t
note_sum(const void *p, size_t n)
{
	uint64_t a = n, b = n + 1, c = n + 2, d = n + 3, word[4], all;
	const char *s = p;

	for (; n >= sizeof(word); n -= sizeof(word), s += sizeof(word)) {
		(void)memcpy(word, s, sizeof(word));
		a = stir(a, word[0]);
		b = stir(b, word[1]);
		c = stir(c, word[2]);
		d = stir(d, word[3]);
	}
	(void)memset(word, 0, sizeof(word));
	(void)memcpy(word, s, n);
	all = (a ^ word[0] * 3) * prime;
	all = (all ^ b ^ word[1] * 3) * prime;
	all = (all ^ c ^ word[2] * 3) * prime;
	all = (all ^ d ^ word[3] * 3) * prime;
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
