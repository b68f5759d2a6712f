#include "maildir/terms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/note.h"
#include "maildir/region.h"
#include "maildir/terms-make.h"
#include "maildir/view.h"
#include "message/fail.h"

static const struct note_head head = { .magic = "mailterm", .version = 1 };

enum {
	WASTE = 1 << 20, /* octets that are gone, beyond which a file is made
			  * anew, if they are more than the others */
	ROOM = 512 << 20,
};

struct terms {
	struct folder *folder;
	const struct terms_kind *kind;
	struct region region;
	struct part *part; /* those that are not gone */
	size_t parts;
	size_t end; /* octets of the file that are whole; 0: none is */
	size_t waste; /* octets of parts that are gone */
	uint32_t count;
	uint8_t *have; /* of each message: it is in a part, or in "make" */
	struct make make;
	uint32_t begun; /* the message that is being put */
	size_t before; /* size of "make" without it */
};

/* ---- reading */

static void
find_numbers(const struct terms *t, struct part *p)
{
	uint32_t next = 1;

	for (uint32_t i = 0; i < p->head.uids; i++) {
		uint32_t n = note_number(t->folder, part_uid(p, i), &next);

		if (n == 0)
			continue;
		p->number[i] = n;
		p->living++;
		t->have[n - 1] = 1;
	}
}

static int
add_part(struct terms *t, struct part *p)
{
	struct part *more =
	    reallocarray(t->part, t->parts + 1, sizeof(*t->part));

	if (more == NULL)
		return fail("terms");
	t->part = more;
	p->checked = calloc((size_t)p->head.size / TERMS_BLOCK + 1, 1);
	p->number = calloc((size_t)p->head.uids + 1, sizeof(*p->number));
	t->part[t->parts++] = *p;
	p = &t->part[t->parts - 1];
	if (p->checked == NULL || p->number == NULL)
		return fail("terms");
	if (part_need(p, 0, (uint64_t)p->head.uids * sizeof(uint32_t)) != NULL)
		find_numbers(t, p);
	return 0;
}

/* 0; -1 no memory. */
static int
read_parts(struct terms *t)
{
	size_t size = t->region.mapped;

	if (!note_has_head(t->region.p, &head, t->folder))
		return 0;
	t->end = sizeof(head);
	for (;;) {
		struct part p;
		size_t n = part_read(&p, t->region.p + t->end, size - t->end);

		if (n == 0)
			return 0;
		p.at = t->end;
		t->end += n;
		if (p.head.gone != 0)
			t->waste += n;
		else if (add_part(t, &p) == -1)
			return -1;
	}
}

/* What is in the file of "fd", which it owns from now on. */
static int
load(struct terms *t, struct folder *f, const struct terms_kind *kind, int fd)
{
	struct stat st;

	*t = (struct terms){ .folder = f,
		.kind = kind,
		.count = folder_count(f),
		.region.fd = fd };
	make_init(&t->make);
	t->have = calloc((size_t)t->count + 1, 1);
	if (t->have == NULL)
		return fail("terms");
	if (fd == -1 || fstat(fd, &st) == -1 ||
	    (size_t)st.st_size < sizeof(head) ||
	    region_map(&t->region, (size_t)st.st_size, false) == -1)
		return 0;
	return read_parts(t);
}

static void
unload(struct terms *t)
{
	for (size_t i = 0; i < t->parts; i++) {
		free(t->part[i].checked);
		free(t->part[i].number);
	}
	free(t->part);
	free(t->have);
	make_free(&t->make);
	region_close(&t->region);
}

struct terms *
terms_open(struct folder *f, const struct terms_kind *kind)
{
	struct terms *t = malloc(sizeof(*t));

	if (t == NULL) {
		(void)fail("terms");
		return NULL;
	}
	if (load(t, f, kind, note_open(f->ix.dir, kind->file, O_RDONLY)) == 0)
		return t;
	unload(t);
	free(t);
	return NULL;
}

struct find {
	const struct part *part;
	uint8_t *mark, round;
};

static void
found(void *ctx, struct span word, struct span list)
{
	const struct find *f = ctx;
	int64_t at = -1;

	(void)word;
	while (part_next(f->part, &list, &at)) {
		uint32_t n = f->part->number[at];

		if (n != 0 && f->mark[n - 1] == f->round)
			f->mark[n - 1]++;
	}
}

void
terms_find(struct terms *t, unsigned table, struct span needle, uint8_t *mark,
    uint8_t round)
{
	for (size_t i = 0; i < t->parts; i++) {
		struct find f = { &t->part[i], mark, round };

		part_find(&t->part[i], table, needle, found, &f);
	}
}

void
terms_judge(struct terms *t, uint8_t *mark, uint8_t rounds)
{
	const uint8_t yes = UINT8_MAX, no = UINT8_MAX - 1;

	for (size_t i = 0; i < t->parts; i++) {
		const struct part *p = &t->part[i];

		for (uint32_t k = 0; k < p->head.uids && !p->bad; k++) {
			uint32_t n = p->number[k];

			if (n != 0 && mark[n - 1] < no)
				mark[n - 1] = mark[n - 1] == rounds ? yes : no;
		}
	}
	for (uint32_t i = 0; i < t->count; i++)
		mark[i] = mark[i] == yes ? TERMS_YES :
		    mark[i] == no	 ? TERMS_NO :
					   TERMS_UNKNOWN;
}

/* ---- writing */

/* Lists of few messages go into one part with others; those of many only when
 * most of them are gone. */
static bool
absorbs(const struct make *m, const struct part *p)
{
	bool small = p->head.uids <= 2 * (size_t)make_uids(m);

	return !p->bad && (small || p->living < p->head.uids / 2) &&
	    make_size(m) + (size_t)p->head.size * 4 < ROOM / 8;
}

static bool
put(int fd, size_t *at, const char *p, size_t n)
{
	if (pwrite(fd, p, n, (off_t)*at) != (ssize_t)n)
		return false;
	*at += n;
	return true;
}

/* Another file with the parts that are left and one more. */
static void
write_anew(const struct terms *t, struct span more)
{
	const char *name = t->kind->fresh;
	int dir = t->folder->ix.dir, fd;
	size_t at = sizeof(head);
	bool good;

	(void)unlinkat(dir, name, 0);
	fd = note_open(dir, name, O_RDWR | O_CREAT | O_EXCL);
	if (fd == -1)
		return;
	good = note_put_head(fd, &head, t->folder);
	for (size_t i = 0; i < t->parts && good; i++)
		if (t->part[i].head.gone == 0)
			good = put(fd, &at, t->region.p + t->part[i].at,
			    (size_t)t->part[i].head.octets);
	if (good && put(fd, &at, more.p, more.len))
		(void)renameat(dir, name, dir, t->kind->file);
	else
		(void)unlinkat(dir, name, 0);
	(void)close(fd);
}

/* Behind what is whole; then those that it took in are gone. */
static void
append(struct terms *t, struct span more)
{
	const uint32_t gone = 1;
	int fd = t->region.fd;
	size_t at = t->end;

	if (at == 0) {
		if (!note_put_head(fd, &head, t->folder))
			return;
		at = sizeof(head);
	} else if (t->region.mapped > at && ftruncate(fd, (off_t)at) == -1)
		return;
	if (!put(fd, &at, more.p, more.len)) {
		(void)!ftruncate(fd, (off_t)t->end);
		return;
	}
	for (size_t i = 0; i < t->parts; i++)
		if (t->part[i].head.gone != 0)
			(void)!pwrite(fd, &gone, sizeof(gone),
			    (off_t)(t->part[i].at +
				offsetof(struct part_head, gone)));
}

/* The file is damaged: the next one makes it anew. */
static void
forget(const struct terms *t)
{
	(void)unlinkat(t->folder->ix.dir, t->kind->file, 0);
}

/* With what others wrote meanwhile; "now" has the lock. */
static void
merge(struct terms *now, struct make *m)
{
	struct buf out;

	for (size_t i = now->parts; i-- > 0;) {
		struct part *p = &now->part[i];
		bool absorbed = absorbs(m, p);

		if (absorbed)
			make_absorb(m, p);
		if (p->bad) {
			forget(now);
			return;
		}
		if (absorbed) {
			p->head.gone = 1;
			now->waste += (size_t)p->head.octets;
		}
	}
	buf_init(&out, ROOM);
	if (make_part(m, &out) == 0) {
		if (now->waste > WASTE && now->waste > now->end / 2)
			write_anew(now, buf_all(&out));
		else
			append(now, buf_all(&out));
	}
	buf_free(&out);
}

static void
write_down(struct terms *t)
{
	struct folder *f = t->folder;
	struct terms now;
	int fd = -1;

	if (make_uids(&t->make) > 0 && !t->make.failed && f->ix.writable)
		fd = note_lock(f->ix.dir, t->kind->file);
	if (fd != -1) {
		if (load(&now, f, t->kind, fd) == 0)
			merge(&now, &t->make);
		unload(&now);
	}
	make_free(&t->make);
}

void
terms_close(struct terms *t)
{
	bool bad = false;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->parts; i++)
		bad |= t->part[i].bad;
	if (bad && t->folder->ix.writable)
		forget(t);
	else
		write_down(t);
	unload(t);
	free(t);
}

/* ---- putting */

bool
terms_wants(const struct terms *t, uint32_t number)
{
	return number > 0 && number <= t->count && t->have[number - 1] == 0 &&
	    t->folder->ix.writable && !t->make.failed;
}

void
terms_begin(struct terms *t, uint32_t number)
{
	struct folder *f = t->folder;

	t->begun = number;
	t->before = make_size(&t->make);
	make_uid(&t->make, f->at->r[view_place(f, number)].uid);
}

void
terms_add(struct terms *t, unsigned table, struct span s)
{
	make_add(&t->make, table, s);
}

void
terms_end(struct terms *t)
{
	size_t strings =
	    (make_size(&t->make) - t->before) / sizeof(struct pair);

	t->have[t->begun - 1] = 1;
	if (t->kind->most > 0 && strings > t->kind->most)
		make_drop(&t->make);
	if (make_full(&t->make))
		write_down(t);
}
