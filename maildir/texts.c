#include "maildir/texts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/note.h"
#include "maildir/view.h"
#include "message/fail.h"

static const char text_file[] = "mailroom-index.text";
static const char fresh_file[] = "mailroom-index.text.new";
static const struct note_head head = { .magic = "mailtext", .version = 2 };

enum {
	LONGEST = 256 * 1024, /* octets of a text that is kept */
	MOST = 256, /* messages of a block */
	BLOCK = 1 << 20, /* octets of texts with which one is full */
	NEAR = 64 * 1024, /* so far ahead reading on is better than a seek */
	AHEAD_MIN = 8 * 1024, /* octets that are read at once */
	AHEAD_MAX = 256 * 1024,
	WASTE = 1 << 20, /* less is not worth writing anew */
};

struct kept {
	uint32_t uid;
	uint32_t at; /* counting from the texts of the block */
	uint32_t octets, body;
	uint64_t check;
};

struct block {
	uint64_t check; /* of all behind it but the texts */
	uint32_t octets; /* of all of the block */
	uint32_t messages;
	struct kept kept[MOST];
};

/* A block that is being made. */
struct making {
	struct block block;
	struct buf text;
};

struct place {
	uint64_t at; /* of the text in the file; 0: it is not kept */
	uint64_t check;
	uint32_t octets, body;
};

struct texts {
	struct folder *folder;
	uint32_t count;
	bool opened;
	int fd; /* -1: there is none */
	struct place *place; /* by number - 1; NULL: nothing is kept */
	uint64_t end; /* of the file, as far as it is whole */
	uint64_t living; /* octets of texts that have a place */
	struct making made;
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
	buf_init(&t->made.text, BLOCK + LONGEST);
	return t;
}

/* ---- blocks */

static size_t
before(uint32_t messages)
{
	return offsetof(struct block, kept) + messages * sizeof(struct kept);
}

static uint64_t
check_of(const struct block *b)
{
	return note_sum(&b->octets, before(b->messages) - sizeof(b->check));
}

/* The block at "at", without its texts.  Its octets; 0: it is none. */
static uint32_t
read_block(int fd, uint64_t at, uint64_t size, struct block *b)
{
	ssize_t n = pread(fd, b, sizeof(*b), (off_t)at);

	if (n < (ssize_t)offsetof(struct block, kept) || b->messages > MOST ||
	    (size_t)n < before(b->messages) ||
	    b->octets < before(b->messages) || b->octets > size - at ||
	    b->check != check_of(b))
		return 0;
	return b->octets;
}

/* The texts first, so that a block which checks is all there. */
static bool
write_block(int fd, uint64_t *end, struct making *m)
{
	struct block *b = &m->block;
	size_t n = before(b->messages);
	bool done;

	b->octets = (uint32_t)(n + m->text.len);
	b->check = check_of(b);
	done = pwrite(fd, m->text.p, m->text.len, (off_t)(*end + n)) ==
		(ssize_t)m->text.len &&
	    pwrite(fd, b, n, (off_t)*end) == (ssize_t)n;
	if (done)
		*end += b->octets;
	b->messages = 0;
	buf_reset(&m->text);
	return done;
}

static void
add(struct making *m, uint32_t uid, struct span text, size_t body)
{
	struct kept *k = &m->block.kept[m->block.messages];

	*k = (struct kept){ .uid = uid,
		.at = (uint32_t)m->text.len,
		.octets = (uint32_t)text.len,
		.body = (uint32_t)body,
		.check = note_sum(text.p, text.len) };
	buf_span(&m->text, text);
	if (!m->text.over)
		m->block.messages++;
}

static bool
is_full(const struct making *m)
{
	return m->block.messages == MOST || m->text.len >= BLOCK ||
	    m->text.over;
}

static bool
has_head(const struct texts *t, int fd)
{
	char p[sizeof(head)];

	return pread(fd, p, sizeof(p), 0) == (ssize_t)sizeof(p) &&
	    note_has_head(p, &head, t->folder);
}

/* ---- reading */

static void
place_all(struct texts *t, const struct block *b, uint64_t at)
{
	uint64_t texts = at + before(b->messages);
	uint32_t room = b->octets - (uint32_t)before(b->messages), next = 1;

	for (uint32_t i = 0; i < b->messages; i++) {
		const struct kept *k = &b->kept[i];
		uint32_t n = note_number(t->folder, k->uid, &next);
		struct place *p = n == 0 ? NULL : &t->place[n - 1];

		if (p == NULL || k->at > room || k->octets > room - k->at ||
		    k->octets > LONGEST || k->body > k->octets)
			continue;
		t->living += k->octets;
		t->living -= p->octets;
		*p = (struct place){ texts + k->at, k->check, k->octets,
			k->body };
	}
}

static void
read_file(struct texts *t)
{
	struct block b;
	struct stat st;
	uint32_t n;

	t->count = folder_count(t->folder);
	t->fd = note_open(t->folder->ix.dir, text_file, O_RDONLY);
	if (t->fd == -1 || fstat(t->fd, &st) == -1 || !has_head(t, t->fd))
		return;
	t->place = calloc((size_t)t->count + 1, sizeof(*t->place));
	if (t->place == NULL)
		return;
	t->end = sizeof(head);
	while ((n = read_block(t->fd, t->end, (uint64_t)st.st_size, &b)) > 0) {
		place_all(t, &b, t->end);
		t->end += n;
	}
}

static void
close_file(struct texts *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	free(t->place);
	t->fd = -1;
	t->place = NULL;
	t->end = t->living = 0;
	t->have = 0;
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
	if (t->room == 0) {
		t->window = malloc(AHEAD_MAX);
		if (t->window == NULL)
			return NULL;
		t->room = AHEAD_MAX;
	}
	n = pread(t->fd, t->window, octets < t->ahead ? t->ahead : octets,
	    (off_t)at);
	t->from = at;
	t->have = n > 0 ? (size_t)n : 0;
	return octets <= t->have ? t->window : NULL;
}

static bool
get(struct texts *t, uint32_t number, struct span *text, size_t *body)
{
	const struct place *p = &t->place[number - 1];
	const char *at = p->at == 0 ? NULL : window(t, p->at, p->octets);

	if (at == NULL || p->check != note_sum(at, p->octets))
		return false;
	*text = span_n(at, p->octets);
	*body = p->body;
	return true;
}

/* ---- writing */

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	    x.st_dev == y.st_dev;
}

/* Another file with what is of the view, unless somebody writes to this one. */
static void
write_anew(struct texts *t)
{
	int dir = t->folder->ix.dir, lock = note_lock(dir, text_file), out = -1;
	struct making *m = &t->made; /* nothing was put yet */
	uint64_t end = sizeof(head);
	bool good = false;

	if (lock != -1 && same_file(lock, t->fd)) {
		(void)unlinkat(dir, fresh_file, 0);
		out = note_open(dir, fresh_file, O_RDWR | O_CREAT | O_EXCL);
		good = out != -1 && note_put_head(out, &head, t->folder);
	}
	for (uint32_t n = 1; n <= t->count && good; n++) {
		struct span text;
		size_t body;

		if (get(t, n, &text, &body))
			add(m, t->folder->at->r[view_place(t->folder, n)].uid,
			    text, body);
		if (is_full(m))
			good = !m->text.over && write_block(out, &end, m);
	}
	if (good && m->block.messages > 0)
		good = write_block(out, &end, m);
	if (!good || renameat(dir, fresh_file, dir, text_file) == -1)
		(void)unlinkat(dir, fresh_file, 0);
	if (out != -1)
		(void)close(out);
	if (lock != -1)
		(void)close(lock);
	m->block.messages = 0;
	buf_reset(&m->text);
}

/* Where the file ends, and what is behind that is cut off; 0: no use. */
static uint64_t
find_end(const struct texts *t, int fd)
{
	uint64_t end = sizeof(head);
	struct block b;
	struct stat st;
	uint32_t n;

	if (!has_head(t, fd))
		return note_put_head(fd, &head, t->folder) ? end : 0;
	if (fstat(fd, &st) == -1)
		return 0;
	if (t->end > 0 && same_file(fd, t->fd))
		end = t->end;
	while ((n = read_block(fd, end, (uint64_t)st.st_size, &b)) > 0)
		end += n;
	return end == (uint64_t)st.st_size || ftruncate(fd, (off_t)end) == 0 ?
	    end :
	    0;
}

/* Whatever fails costs time at the next search only. */
static void
write_made(struct texts *t)
{
	struct folder *f = t->folder;
	int fd = -1;
	uint64_t end;

	if (t->made.block.messages > 0 && f->ix.writable)
		fd = note_lock(f->ix.dir, text_file);
	if (fd != -1 && (end = find_end(t, fd)) > 0 &&
	    write_block(fd, &end, &t->made)) {
		if (t->place == NULL && !same_file(fd, t->fd)) {
			close_file(t);
			t->fd = note_open(f->ix.dir, text_file, O_RDONLY);
		}
		if (same_file(fd, t->fd))
			t->end = end; /* from where the next one looks */
	}
	if (fd != -1)
		(void)close(fd);
	t->made.block.messages = 0;
	buf_reset(&t->made.text);
}

void
texts_free(struct texts *t)
{
	if (t == NULL)
		return;
	write_made(t);
	close_file(t);
	buf_free(&t->made.text);
	free(t->window);
	free(t);
}

/* ---- */

static void
open_file(struct texts *t)
{
	if (t->opened)
		return;
	t->opened = true;
	read_file(t);
	if (t->end > WASTE && t->living < t->end / 2 &&
	    t->folder->ix.writable) {
		write_anew(t);
		close_file(t);
		read_file(t);
	}
}

bool
texts_get(struct texts *t, uint32_t number, struct span *text, size_t *body)
{
	open_file(t);
	return t->place != NULL && number > 0 && number <= t->count &&
	    get(t, number, text, body);
}

void
texts_put(struct texts *t, uint32_t number, const struct haystack *h)
{
	struct span text = buf_all(&h->text);
	struct record r;

	if (text.len > LONGEST || !t->folder->ix.writable ||
	    view_look(t->folder, number, &r) == -1)
		return;
	add(&t->made, r.uid, text, h->body);
	if (is_full(&t->made))
		write_made(t);
}
