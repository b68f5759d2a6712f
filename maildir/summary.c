#include "maildir/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/load.h"
#include "maildir/note.h"
#include "maildir/region.h"
#include "maildir/view.h"
#include "message/fail.h"

static const char file[] = "mailroom-index.sort";
static const char fresh_file[] = "mailroom-index.sort.new";
static const struct note_head head = { .magic = "mailsort", .version = 3 };

enum {
	PIECE = 1 << 20, /* octets that are written at once */
	WASTE = 4 << 20, /* octets of the dead beyond which a file is made
			  * anew, if they are more than the living */
};

struct piece {
	uint64_t check; /* of what follows in it, and the rows */
	uint64_t rows;
	uint64_t octets, sum; /* of the entries */
};

struct row {
	int64_t sent; /* NEVER: the entry does not say */
	uint32_t uid, size; /* of the entry */
};

#define NEVER INT64_MIN

/* Of a message. */
struct known {
	const struct summary_entry *entry; /* NULL: nothing */
	int64_t sent; /* as in a row */
};

/* Entries that were made and have no place in the file yet, or never. */
struct fresh {
	struct fresh *next;
	struct buf entries;
};

struct summary {
	struct folder *folder;
	struct region region;
	size_t good; /* octets of the file of which the rows are whole, */
	size_t sure; /* of those, the entries, too */
	struct known *known; /* by number - 1 */
	uint32_t count;
	size_t living; /* octets of entries in the file that are of the view */
	struct fresh *fresh; /* the last one begun comes first */
	struct load load;
};

/* ---- reading */

/* Where the entries of a piece begin that stands there. */
static size_t
entries_from(size_t at, const struct piece *p)
{
	return at + sizeof(*p) + (size_t)p->rows * sizeof(struct row);
}

/* Is there a piece of which the rows are whole?  *next is behind it. */
static bool
read_piece(const struct region *g, size_t size, size_t at, struct piece *p,
    size_t *next)
{
	const size_t unchecked = sizeof(p->check);
	size_t left = size - at;

	if (left < sizeof(*p))
		return false;
	(void)memcpy(p, g->p + at, sizeof(*p));
	left -= sizeof(*p);
	if (p->octets > left || p->octets % 8 != 0 || p->rows == 0 ||
	    p->rows > (left - p->octets) / sizeof(struct row))
		return false;
	*next = entries_from(at, p) + (size_t)p->octets;
	return p->check ==
	    note_sum(g->p + at + unchecked, entries_from(0, p) - unchecked);
}

/* Row "i" of the piece there, when its entry may be in the octets left. */
static bool
read_row(const struct region *g, size_t at, uint64_t i, size_t left,
    struct row *row)
{
	(void)memcpy(row, g->p + at + sizeof(struct piece) + i * sizeof(*row),
	    sizeof(*row));
	return row->size >= sizeof(struct summary_entry) && row->size <= left &&
	    row->size % 8 == 0;
}

static void
place(struct summary *s, const struct row *row, const char *p, uint32_t *next)
{
	uint32_t n = note_number(s->folder, row->uid, next);
	struct known *k;

	if (n == 0)
		return;
	k = &s->known[n - 1];
	if (k->entry != NULL) /* two sessions made it at once */
		s->living -= k->entry->size;
	*k = (struct known){ (const void *)p, row->sent };
	s->living += row->size;
}

/* What is in the mapped file gets its place; the entries are not looked at, as
 * long as nobody asks for more than is in the rows. */
static void
place_all(struct summary *s, size_t size)
{
	struct piece p;
	struct row row;
	uint32_t number = 1;
	size_t next;

	s->good = s->sure = sizeof(head);
	while (read_piece(&s->region, size, s->good, &p, &next)) {
		size_t from = entries_from(s->good, &p);

		for (uint64_t i = 0; i < p.rows &&
		     read_row(&s->region, s->good, i, next - from, &row);
		     i++) {
			place(s, &row, s->region.p + from, &number);
			from += row.size;
		}
		s->good = next;
	}
}

/* Is it that of the row, and do its texts lie within it? */
static bool
whole(const struct summary_entry *e, const struct row *row)
{
	size_t used = sizeof(*e) + e->references * sizeof(uint64_t);

	if (e->uid != row->uid || e->size != row->size || e->size < used)
		return false;
	for (int i = 0; i < SUMMARY_TEXTS; i++)
		if ((size_t)e->text[i].at + e->text[i].len > e->size)
			return false;
	return true;
}

static bool
all_whole(const struct region *g, size_t at, const struct piece *p)
{
	size_t from = entries_from(at, p), end = from + (size_t)p->octets;
	struct row row;

	if (p->sum != note_sum(g->p + from, (size_t)p->octets))
		return false;
	for (uint64_t i = 0; i < p->rows; i++) {
		if (!read_row(g, at, i, end - from, &row) ||
		    !whole((const void *)(g->p + from), &row))
			return false;
		from += row.size;
	}
	return from == end;
}

/* How much of the mapped file is whole. */
static size_t
walk(const struct region *g, size_t size)
{
	size_t at = sizeof(head), next;
	struct piece p;

	while (read_piece(g, size, at, &p, &next) && all_whole(g, at, &p))
		at = next;
	return at;
}

/* Before a look at an entry: is it in the file, its piece is made sure of, and
 * those before it.  They are asked for in their order, so each is still at hand
 * when it was. */
static void
be_sure(struct summary *s, const struct summary_entry *e)
{
	const uintptr_t from = (uintptr_t)s->region.p;
	size_t next, was = s->good;
	struct piece p;

	if ((uintptr_t)e - from >= was)
		return;
	while ((uintptr_t)e - from >= s->sure &&
	    read_piece(&s->region, was, s->sure, &p, &next) &&
	    all_whole(&s->region, s->sure, &p))
		s->sure = next;
	if ((uintptr_t)e - from < s->sure)
		return;
	s->good = s->sure;
	for (uint32_t i = 0; i < s->count; i++) {
		uintptr_t at = (uintptr_t)s->known[i].entry - from;

		if (at >= s->good && at < was)
			s->known[i] = (struct known){ .entry = NULL };
	}
}

static void
read_file(struct summary *s)
{
	struct stat st;

	s->region.fd = note_open(s->folder->ix.dir, file, O_RDONLY);
	if (s->region.fd == -1 || fstat(s->region.fd, &st) == -1 ||
	    (size_t)st.st_size <= sizeof(head) ||
	    region_map(&s->region, (size_t)st.st_size, false) == -1 ||
	    !note_has_head(s->region.p, &head, s->folder))
		return;
	place_all(s, (size_t)st.st_size);
}

struct summary *
summary_open(struct folder *f)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)fail("summary");
		return NULL;
	}
	s->folder = f;
	s->region.fd = -1;
	s->count = folder_count(f);
	s->known = calloc((size_t)s->count + 1, sizeof(*s->known));
	if (s->known == NULL) {
		(void)fail("summary");
		summary_close(s);
		return NULL;
	}
	read_file(s);
	return s;
}

bool
summary_has(struct summary *s, uint32_t number)
{
	if (number == 0 || number > s->count ||
	    s->known[number - 1].entry == NULL)
		return false;
	be_sure(s, s->known[number - 1].entry);
	return s->known[number - 1].entry != NULL;
}

/* ---- making */

/* A place for one more entry, which does not move: another piece when this one
 * may be too short. */
static struct buf *
room(struct summary *s)
{
	struct fresh *f = s->fresh;

	if (f != NULL && f->entries.len + UINT16_MAX + 8 <= PIECE)
		return &f->entries;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	buf_init(&f->entries, PIECE);
	buf_reserve(&f->entries, PIECE);
	f->next = s->fresh;
	s->fresh = f;
	return f->entries.over ? NULL : &f->entries;
}

static int64_t
sent(const struct summary_entry *e)
{
	return (e->flags & SUMMARY_DATED) != 0 ? e->sent : NEVER;
}

const struct summary_entry *
summary_get(struct summary *s, uint32_t number)
{
	const struct summary_entry *e;
	struct buf *b;
	size_t from;

	if (summary_has(s, number))
		return s->known[number - 1].entry;
	if (number == 0 || number > s->count) {
		(void)fail_as(ENOENT, "no message %u", number);
		return NULL;
	}
	if (load_message(&s->load, s->folder, number, false) == -1)
		return NULL;
	b = room(s);
	if (b == NULL) {
		(void)fail_as(ENOMEM, "summary");
		return NULL;
	}
	from = b->len;
	if (summary_make(b, s->folder->at->r[view_place(s->folder, number)].uid,
		load_header(&s->load)) == -1) {
		buf_cut(b, from);
		(void)fail_as(ENOMEM, "header of message %u", number);
		return NULL;
	}
	e = (const void *)(b->p + from);
	s->known[number - 1] = (struct known){ e, sent(e) };
	return e;
}

bool
summary_sent(struct summary *s, uint32_t number, int64_t *when)
{
	if (number == 0 || number > s->count ||
	    (s->known[number - 1].entry == NULL &&
		summary_get(s, number) == NULL))
		return false;
	*when = s->known[number - 1].sent;
	return *when != NEVER;
}

/* ---- writing */

/* The rows of entries, behind what the piece begins with. */
static void
put_rows(struct buf *b, struct piece *p, struct span entries)
{
	for (size_t at = 0; at < entries.len; p->rows++) {
		const struct summary_entry *e = (const void *)(entries.p + at);
		const struct row row = { sent(e), e->uid, e->size };

		buf_add(b, &row, sizeof(row));
		at += e->size;
	}
	if (b->over)
		return;
	p->sum = note_sum(entries.p, entries.len);
	(void)memcpy(b->p, p, sizeof(*p));
	p->check = note_sum(b->p + sizeof(p->check), b->len - sizeof(p->check));
	(void)memcpy(b->p, &p->check, sizeof(p->check));
}

static bool
put_piece(int fd, size_t *at, struct span entries)
{
	struct piece p = { .octets = entries.len };
	struct buf b;
	bool good;

	buf_init(&b, PIECE);
	buf_add(&b, &p, sizeof(p));
	put_rows(&b, &p, entries);
	good = !b.over &&
	    pwrite(fd, entries.p, entries.len, (off_t)(*at + b.len)) ==
		(ssize_t)entries.len &&
	    pwrite(fd, b.p, b.len, (off_t)*at) == (ssize_t)b.len;
	*at += b.len + entries.len;
	buf_free(&b);
	return good;
}

/* Where the file ends, and what is behind that is cut off; 0: no use. */
static size_t
find_end(const struct summary *s, int fd)
{
	struct region g = { .fd = fd };
	size_t end = 0;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return 0;
	if (s->good > 0 && s->good == (size_t)st.st_size)
		return s->good; /* as it was read */
	if ((size_t)st.st_size > sizeof(head) &&
	    region_map(&g, (size_t)st.st_size, false) == 0 &&
	    note_has_head(g.p, &head, s->folder))
		end = walk(&g, g.mapped);
	if (g.p != NULL)
		(void)munmap(g.p, g.mapped);
	if (end == 0)
		return note_put_head(fd, &head, s->folder) ? sizeof(head) : 0;
	return ftruncate(fd, (off_t)end) == 0 ? end : 0;
}

/* In the order of the messages, since pieces were begun last first. */
static void
write_fresh(int fd, size_t *at, const struct fresh *f)
{
	if (f == NULL)
		return;
	write_fresh(fd, at, f->next);
	(void)put_piece(fd, at, buf_all(&f->entries));
}

/* Another file with what is of the view and no more. */
static void
write_anew(struct summary *s)
{
	size_t at = sizeof(head);
	int fd, dir = s->folder->ix.dir;
	struct buf b;
	bool good;

	(void)unlinkat(dir, fresh_file, 0);
	fd = note_open(dir, fresh_file, O_RDWR | O_CREAT | O_EXCL);
	if (fd == -1)
		return;
	buf_init(&b, PIECE);
	good = note_put_head(fd, &head, s->folder);
	for (uint32_t i = 0; i < s->count && good; i++) {
		if (b.len + UINT16_MAX + 8 > PIECE) {
			good = put_piece(fd, &at, buf_all(&b));
			buf_reset(&b);
		}
		if (summary_has(s, i + 1))
			buf_add(&b, s->known[i].entry, s->known[i].entry->size);
	}
	if (good && b.len > 0)
		good = put_piece(fd, &at, buf_all(&b));
	if (!good || b.over || renameat(dir, fresh_file, dir, file) == -1)
		(void)unlinkat(dir, fresh_file, 0);
	buf_free(&b);
	(void)close(fd);
}

static void
write_file(struct summary *s)
{
	bool waste = s->good > WASTE && s->living < s->good / 2;
	size_t end;
	int fd;

	if (!s->folder->ix.writable ||
	    (!waste && (s->fresh == NULL || s->fresh->entries.len == 0)))
		return;
	fd = note_lock(s->folder->ix.dir, file);
	if (fd == -1)
		return;
	if (waste)
		write_anew(s);
	else if ((end = find_end(s, fd)) > 0)
		write_fresh(fd, &end, s->fresh);
	(void)close(fd);
}

void
summary_close(struct summary *s)
{
	struct fresh *next;

	if (s == NULL)
		return;
	write_file(s);
	for (struct fresh *f = s->fresh; f != NULL; f = next) {
		next = f->next;
		buf_free(&f->entries);
		free(f);
	}
	region_close(&s->region);
	load_free(&s->load);
	free(s->known);
	free(s);
}
