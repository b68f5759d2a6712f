#include "maildir/texts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/note.h"
#include "maildir/sync.h"
#include "message/fail.h"

static const char text_file[] = "mailroom-index.text";
static const char text_tmp[] = "mailroom-index.text.tmp";
static const char magic[8] = "mailtext";

enum {
	UNIT = 8,
	LONGEST = 256 * 1024, /* octets of a text that is kept */
	PENDING = 256, /* messages that are written at once, */
	BLOCK = 1 << 20, /* and octets */
	NEAR = 64 * 1024, /* so far ahead reading on is better than a seek */
	AHEAD_MIN = 8 * 1024, /* octets that are read at once */
	AHEAD_MAX = 256 * 1024,
	WASTE = 1 << 20, /* less is not worth writing anew */
};

struct entry {
	uint64_t check;
	uint32_t uid, uidvalidity;
	uint32_t body, octets;
};

struct put {
	uint32_t uid;
	uint32_t at, octets; /* in "block"; 0 octets: no text */
	uint8_t signature[SIGNATURE];
};

struct texts {
	struct folder *folder;
	struct put put[PENDING];
	size_t puts;
	struct buf block; /* entries */
	int fd; /* -1: not open */
	char *window; /* "have" octets of the file from "from" */
	size_t room, have, ahead;
	uint64_t from;
};

struct texts *
texts_new(struct folder *f)
{
	struct texts *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		(void)fail("texts");
		return NULL;
	}
	t->folder = f;
	t->fd = -1;
	buf_init(&t->block, BLOCK + 2 * LONGEST);
	return t;
}

void
texts_free(struct texts *t)
{
	if (t == NULL)
		return;
	texts_write(t);
	buf_free(&t->block);
	free(t->window);
	if (t->fd != -1)
		(void)close(t->fd);
	free(t);
}

/* ---- reading */

/* Everything behind the checksum. */
static uint64_t
check_of(const char *entry, size_t octets)
{
	return note_sum(entry + sizeof(uint64_t), octets - sizeof(uint64_t));
}

/* Is it the whole entry of that message? */
static bool
is_whole(const char *p, size_t octets, uint32_t uid, uint32_t uidvalidity)
{
	struct entry e;

	(void)memcpy(&e, p, sizeof(e));
	return e.uid == uid && e.uidvalidity == uidvalidity &&
	    e.octets <= octets - sizeof(e) && e.body <= e.octets &&
	    e.check == check_of(p, octets);
}

static bool
is_place(const struct signature *p)
{
	return p->octets > sizeof(struct entry) &&
	    p->octets <= sizeof(struct entry) + LONGEST + UNIT &&
	    p->octets % UNIT == 0;
}

/* Messages are looked at in the order of their numbers, and so lie their texts,
 * mostly: read on as long as that holds.  NULL: it is not there. */
static const char *
window(struct texts *t, uint64_t at, size_t octets)
{
	uint64_t end = t->from + t->have;
	ssize_t n;

	if (at >= t->from && at + octets <= end)
		return t->window + (at - t->from);
	t->ahead = at < t->from || at > end + NEAR ? AHEAD_MIN :
	    t->ahead < AHEAD_MAX		   ? t->ahead * 2 :
						     AHEAD_MAX;
	if (t->ahead < AHEAD_MIN)
		t->ahead = AHEAD_MIN;
	if (octets < t->ahead)
		octets = t->ahead;
	t->have = 0;
	if (octets > t->room) {
		free(t->window);
		t->room = octets < AHEAD_MAX ? AHEAD_MAX : octets;
		t->window = malloc(t->room);
		if (t->window == NULL)
			t->room = 0;
	}
	if (t->fd == -1)
		t->fd = note_open(t->folder->ix.dir, text_file, O_RDONLY);
	if (t->fd == -1 || t->room == 0)
		return NULL;
	n = pread(t->fd, t->window, octets, (off_t)at);
	t->from = at;
	t->have = n > 0 ? (size_t)n : 0;
	return t->window;
}

static bool
get(struct texts *t, const struct signature *p, uint32_t uid, struct span *text,
    size_t *body)
{
	const char *at;
	struct entry e;

	if (!is_place(p))
		return false;
	at = window(t, (uint64_t)p->text * UNIT, p->octets);
	if (at == NULL || (size_t)(at - t->window) + p->octets > t->have ||
	    !is_whole(at, p->octets, uid, t->folder->uidvalidity))
		return false;
	(void)memcpy(&e, at, sizeof(e));
	*text = span_n(at + sizeof(e), e.octets);
	*body = e.body;
	return true;
}

enum texts_known
texts_look(struct texts *t, uint32_t number, struct span needle,
    struct span *text, size_t *body)
{
	struct signature p;
	uint32_t uid;

	if (!signature_get(t->folder, number, &p, &uid))
		return TEXTS_READ;
	if (!signature_allows(&p, needle))
		return TEXTS_OTHER;
	return get(t, &p, uid, text, body) ? TEXTS_KEPT : TEXTS_READ;
}

/* ---- writing */

static void
add_entry(struct texts *t, struct put *put, const struct haystack *h)
{
	struct span text = buf_all(&h->text);
	struct entry e = { .uid = put->uid,
		.uidvalidity = t->folder->uidvalidity,
		.body = (uint32_t)h->body,
		.octets = (uint32_t)text.len };
	struct buf *b = &t->block;
	size_t at = b->len;

	buf_add(b, (const char *)&e, sizeof(e));
	buf_span(b, text);
	while (b->len % UNIT != 0)
		buf_char(b, '\0');
	if (b->over)
		return;
	e.check = check_of(b->p + at, b->len - at);
	(void)memcpy(b->p + at, &e.check, sizeof(e.check));
	put->at = (uint32_t)at;
	put->octets = (uint32_t)(b->len - at);
}

void
texts_put(struct texts *t, uint32_t number, const struct haystack *h)
{
	struct span rest = buf_all(&h->text);
	struct put *put = &t->put[t->puts];
	struct record r;
	struct signature p;

	if (note_record(t->folder, number, &r) == -1 ||
	    (rest.len > LONGEST &&
		signature_get(t->folder, number, &p, &put->uid)))
		return;
	*put = (struct put){ .uid = r.uid };
	if (rest.len <= LONGEST)
		add_entry(t, put, h);
	while (rest.len > 0)
		signature_add(put->signature, span_cut(&rest, '\0'));
	if (++t->puts == PENDING || t->block.len >= BLOCK)
		texts_write(t);
}

/* The block behind what is in the file: where; 0. */
static uint64_t
append(int dir, struct span block)
{
	int fd = note_open(dir, text_file, O_RDWR | O_CREAT);
	uint64_t at = 0;
	struct stat st;

	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0) {
		at = ((uint64_t)st.st_size + UNIT - 1) / UNIT * UNIT;
		if (at == 0 &&
		    pwrite(fd, magic, sizeof(magic), 0) == sizeof(magic))
			at = sizeof(magic);
	}
	if (at > 0 &&
	    ((at + block.len) / UNIT >= UINT32_MAX ||
		pwrite(fd, block.p, block.len, (off_t)at) !=
		    (ssize_t)block.len))
		at = 0;
	(void)close(fd);
	return at;
}

/* Under the lock. */
static void
write_all(struct folder *f, const struct texts *t)
{
	uint64_t at = t->block.len == 0 || t->block.over ?
	    0 :
	    append(f->ix.dir, buf_all(&t->block));
	int tri = signature_open(f);

	index_begin(&f->ix);
	for (size_t k = 0; k < t->puts && tri != -1; k++) {
		const struct put *put = &t->put[k];
		ptrdiff_t i = view_current(f, put->uid);
		struct signature p = { .text = 0 };
		struct record r;

		if (i == -1 || !index_get(&f->ix, (size_t)i, &r))
			continue;
		(void)memcpy(p.bits, put->signature, sizeof(p.bits));
		if (at > 0 && put->octets > 0) {
			p.text = (uint32_t)((at + put->at) / UNIT);
			p.octets = put->octets;
		}
		if (signature_put(tri, (size_t)i, &r, &p))
			file_put(&f->ix, (size_t)i, &r);
	}
	index_end(&f->ix);
	if (tri != -1)
		(void)close(tri);
}

/* Whatever fails costs time at the next search only. */
void
texts_write(struct texts *t)
{
	struct folder *f = t->folder;

	if (t->puts > 0 && f->ix.writable) {
		if (index_lock(&f->ix) == 1)
			write_all(f, t);
		index_unlock(&f->ix);
	}
	t->puts = 0;
	buf_reset(&t->block);
}

/* ---- another generation */

/* The entry of one record to the end of another file, and its new place. */
static void
move(int in, int out, uint64_t *end, struct signature *p, char *block)
{
	uint32_t octets = is_place(p) ? p->octets : 0;

	if (octets > 0 &&
	    (pread(in, block, octets, (off_t)p->text * UNIT) !=
		    (ssize_t)octets ||
		pwrite(out, block, octets, (off_t)*end) != (ssize_t)octets))
		octets = 0;
	p->text = octets > 0 ? (uint32_t)(*end / UNIT) : 0;
	p->octets = octets;
	*end += octets;
}

static void
move_all(struct index *new, int tri, int in, int out)
{
	char *block = malloc(sizeof(struct entry) + LONGEST + UNIT);
	uint64_t end = sizeof(magic);

	for (size_t i = 0; block != NULL && i < new->h->records; i++) {
		struct record r = new->r[i];
		struct signature p;

		if (!signature_read(tri, i, &r, &p))
			continue;
		move(in, out, &end, &p, block);
		(void)signature_put(tri, i, &r, &p);
	}
	free(block);
}

void
texts_carry(struct index *new, int tri, uint64_t living)
{
	int in = note_open(new->dir, text_file, O_RDONLY), out = -1;
	struct stat st;

	if (in != -1 && fstat(in, &st) == 0 && st.st_size > WASTE &&
	    (uint64_t)st.st_size / 2 > living) {
		(void)unlinkat(new->dir, text_tmp, 0);
		out = note_open(new->dir, text_tmp, O_RDWR | O_CREAT | O_EXCL);
	}
	if (out != -1) {
		if (pwrite(out, magic, sizeof(magic), 0) == sizeof(magic))
			move_all(new, tri, in, out);
		(void)renameat(new->dir, text_tmp, new->dir, text_file);
		(void)close(out);
	}
	if (in != -1)
		(void)close(in);
}
