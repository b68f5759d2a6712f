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
static const struct note_head head = { .magic = "mailsort", .version = 2 };

enum {
	PIECE = 1 << 20, /* octets that are written at once */
	WASTE = 4 << 20, /* octets of the dead beyond which a file is made
			  * anew, if they are more than the living */
};

struct piece {
	uint64_t check, octets;
};

/* Entries that were made and have no place in the file yet, or never. */
struct fresh {
	struct fresh *next;
	struct buf entries;
};

struct summary {
	struct folder *folder;
	struct region region;
	size_t good; /* octets of the file that are whole */
	const struct summary_entry **entry; /* by number - 1 */
	uint32_t count;
	size_t living; /* octets of entries in the file that are of the view */
	struct fresh *fresh; /* the last one begun comes first */
	struct load load;
};

/* ---- reading */

/* Do its texts lie within it? */
static bool
whole(const struct summary_entry *e, size_t room)
{
	size_t used = sizeof(*e) + e->references * sizeof(uint64_t);

	if (e->size < used || e->size > room || e->size % 8 != 0)
		return false;
	for (int i = 0; i < SUMMARY_TEXTS; i++)
		if ((size_t)e->text[i].at + e->text[i].len > e->size)
			return false;
	return true;
}

static void
place(struct summary *s, const struct summary_entry *e, uint32_t *next)
{
	uint32_t n = note_number(s->folder, e->uid, next);

	if (n == 0)
		return;
	if (s->entry[n - 1] != NULL) /* two sessions made it at once */
		s->living -= s->entry[n - 1]->size;
	s->entry[n - 1] = e;
	s->living += e->size;
}

/* The entries of one piece. */
static void
place_all(struct summary *s, const char *p, size_t octets, uint32_t *at)
{
	for (size_t i = 0; i + sizeof(struct summary_entry) <= octets;) {
		const struct summary_entry *e = (const void *)(p + i);

		if (!whole(e, octets - i))
			break;
		place(s, e, at);
		i += e->size;
	}
}

/* How much of the mapped file is whole, from "good" on; with "s" what is in it
 * gets its place. */
static size_t
walk(const struct region *g, size_t size, size_t good, struct summary *s)
{
	uint32_t at = 1;

	for (;;) {
		struct piece p;
		size_t from = good + sizeof(p);

		if (from > size)
			return good;
		(void)memcpy(&p, g->p + good, sizeof(p));
		if (p.octets == 0 || p.octets > size - from ||
		    p.octets % 8 != 0 ||
		    p.check != note_sum(g->p + from, (size_t)p.octets))
			return good;
		if (s != NULL)
			place_all(s, g->p + from, (size_t)p.octets, &at);
		good = from + (size_t)p.octets;
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
	s->good = walk(&s->region, (size_t)st.st_size, sizeof(head), s);
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
	s->entry = calloc((size_t)s->count + 1, sizeof(*s->entry));
	if (s->entry == NULL) {
		(void)fail("summary");
		summary_close(s);
		return NULL;
	}
	read_file(s);
	return s;
}

bool
summary_has(const struct summary *s, uint32_t number)
{
	return number > 0 && number <= s->count && s->entry[number - 1] != NULL;
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

const struct summary_entry *
summary_get(struct summary *s, uint32_t number)
{
	struct buf *b;
	size_t from;

	if (summary_has(s, number))
		return s->entry[number - 1];
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
	s->entry[number - 1] = (const void *)(b->p + from);
	return s->entry[number - 1];
}

/* ---- writing */

static bool
put_piece(int fd, size_t *at, struct span entries)
{
	struct piece p = { note_sum(entries.p, entries.len), entries.len };

	if (pwrite(fd, entries.p, entries.len, (off_t)(*at + sizeof(p))) !=
		(ssize_t)entries.len ||
	    pwrite(fd, &p, sizeof(p), (off_t)*at) != (ssize_t)sizeof(p))
		return false;
	*at += sizeof(p) + entries.len;
	return true;
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
		end = walk(&g, g.mapped, sizeof(head), NULL);
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
		if (s->entry[i] != NULL)
			buf_add(&b, s->entry[i], s->entry[i]->size);
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
	free(s->entry);
	free(s);
}
