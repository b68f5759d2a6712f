/* A view of a folder: numbers that stay while the index goes on.
 *
 * The view counts the first "known" records of the generation "at" without
 * those in "hidden", which were expunged before it was told so.  Another
 * process only adds records behind these, marks some dead, or puts another
 * generation in place, while ours stays mapped; so a number means the same
 * message until folder_sync (news.c) moves "known", "hidden" and "at". */
#include "maildir/date.h"
#include "maildir/late.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"

enum { ROUNDS = 8 }; /* while another program renames a file */

static struct folder *
begin(struct store *s, const char *name)
{
	struct folder *f = malloc(sizeof(*f));

	if (f == NULL)
		(void)fail("folder");
	else if (folder_bare(f, s, name) == -1) {
		folder_leave(f);
		free(f);
		f = NULL;
	}
	return f;
}

static struct folder *
view(struct folder *f, bool write)
{
	if (f == NULL)
		return NULL;
	f->write = write && faccessat(f->dir, "cur", W_OK, AT_EACCESS) == 0;
	if ((!f->unlisted && sync_disk(f) == -1) || view_reset(f) == -1) {
		folder_leave(f);
		free(f);
		return NULL;
	}
	f->late = false; /* another list is not the first */
	if (f->write)
		(void)store_tidy(f->store, false);
	return f;
}

struct folder *
folder_open(struct store *s, const char *name, bool write)
{
	return view(begin(s, name), write);
}

struct folder *
folder_open_known(struct store *s, const char *name, uint32_t uid)
{
	struct folder *f = begin(s, name);

	if (f != NULL)
		f->unlisted = sync_knows(f, uid);
	return view(f, false);
}

struct folder *
folder_open_late(struct store *s, const char *name, bool write)
{
	struct folder *f = begin(s, name);

	if (f != NULL)
		f->late = true;
	return view(f, write);
}

void
folder_close(struct folder *f)
{
	if (f == NULL)
		return;
	late_end(f);
	sync_settle(f);
	folder_leave(f);
	free(f);
}

uint32_t
folder_count(const struct folder *f)
{
	return (uint32_t)(f->known - f->hiddens);
}

/* How many hidden places are below "place". */
static size_t
hidden_below(const struct folder *f, size_t place)
{
	size_t low = 0, high = f->hiddens;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->hidden[mid] < place)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t
view_place(const struct folder *f, uint32_t number)
{
	size_t low = 0, high = f->hiddens;

	/* the first hidden place that stands behind the message */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->hidden[mid] - mid < number)
			low = mid + 1;
		else
			high = mid;
	}
	return number - 1 + low;
}

uint32_t
view_number(const struct folder *f, size_t place)
{
	return (uint32_t)(place - hidden_below(f, place)) + 1;
}

/* The place of the record in the generation that is in place, by UID; -1. */
ptrdiff_t
view_current(const struct folder *f, uint32_t uid)
{
	size_t i = file_place(&f->ix, uid);

	return i < index_count(&f->ix) && f->ix.r[i].uid == uid ? (ptrdiff_t)i :
								  -1;
}

int
view_look(const struct folder *f, uint32_t number, struct record *r)
{
	if (number == 0 || number > folder_count(f))
		return fail_as(ENOENT, "no message %u", number);
	if (index_get(f->at, view_place(f, number), r))
		return 0;
	return fail_as(EIO, "index of %s was damaged", f->name);
}

int
view_record(struct folder *f, uint32_t number, struct record *r)
{
	int e;

	if (view_look(f, number, r) == 0)
		return 0;
	e = errno;
	if (e == EIO && f->at == &f->ix) { /* the next view finds a good one */
		f->distrust = true;
		(void)sync_disk(f);
	}
	errno = e;
	return -1;
}

/* Count what nobody has counted yet, and keep it. */
static void
count(struct folder *f, struct record *r)
{
	char path[FLAGS_NAME];
	struct record now;
	ptrdiff_t i;
	int done = -1;

	if ((r->flags & REC_UNDATED) != 0)
		date_one(f, r);
	for (int round = 0; round < ROUNDS && done == -1; round++) {
		i = view_current(f, r->uid);
		if ((r->flags & REC_UNMEASURED) == 0 || i == -1 ||
		    !index_get(&f->ix, (size_t)i, &now))
			return;
		file_path(&f->ix, &now, path);
		done = file_measure(f->dir, path, 0, true, r);
		if (done == 1)
			break;
		if (done == 0 || errno != ENOENT)
			return;
		f->distrust = true;
		if (sync_disk(f) == -1)
			return;
	}
	if (done != 1 || !f->ix.writable || index_lock(&f->ix) != 1) {
		index_unlock(&f->ix);
		return;
	}
	i = view_current(f, r->uid);
	if (i != -1 && index_get(&f->ix, (size_t)i, &now) &&
	    (now.flags & REC_UNMEASURED) != 0) {
		now.flags &= ~(uint32_t)REC_UNMEASURED;
		now.size = r->size;
		now.wire = r->wire;
		index_begin(&f->ix);
		file_put(&f->ix, (size_t)i, &now);
		index_end(&f->ix);
	}
	index_unlock(&f->ix);
}

/* The view stands on an older generation: what the one in place says. */
static void
refresh(const struct folder *f, struct record *r)
{
	struct record now;
	ptrdiff_t i = view_current(f, r->uid);

	if (i == -1 || !index_get(&f->ix, (size_t)i, &now))
		return;
	r->flags = now.flags;
	r->keywords = now.keywords;
	r->modseq = now.modseq;
}

static int
get(struct folder *f, uint32_t number, struct message *m, bool dated)
{
	struct record r = { .uid = 0 };

	if (view_record(f, number, &r) == -1)
		return -1;
	if (dated && (r.flags & REC_UNDATED) != 0)
		date_one(f, &r);
	if (f->at != &f->ix) /* flags as they are now */
		refresh(f, &r);
	if ((r.keywords & ~f->words.named) != 0)
		f->words_sure = false; /* somebody has made one */
	*m = (struct message){ .uid = r.uid,
		.flags = r.flags & (FLAG_STORED | FLAG_NEW | FLAG_ATTACHMENT),
		.keywords = r.keywords,
		.modseq = r.modseq,
		.size = r.size,
		.wire = (r.flags & REC_UNMEASURED) != 0 ? 0 : r.wire,
		.date = r.date,
		.saved = r.saved,
		.id = r.id };
	if (!dated && (r.flags & REC_UNDATED) != 0)
		m->date = m->saved = 0;
	if (ranges_have(f->recent.p, f->recent.n, r.uid) ||
	    (r.flags & REC_NEW) != 0)
		m->flags |= FLAG_RECENT;
	return 0;
}

int
folder_get(struct folder *f, uint32_t number, struct message *m)
{
	return get(f, number, m, true);
}

int
folder_glance(struct folder *f, uint32_t number, struct message *m)
{
	return get(f, number, m, false);
}

/* Is it so that the record there is the first one not below "uid"?  Those on
 * both sides tell, as far as they are whole. */
static bool
first_from(const struct folder *f, size_t at, uint32_t uid)
{
	struct record r;

	return (at == 0 || (index_get(f->at, at - 1, &r) && r.uid < uid)) &&
	    (at == f->known || (index_get(f->at, at, &r) && r.uid >= uid));
}

/* One by one, since a damaged record led astray.  One that may be meant stands
 * for it: whoever looks at it is told. */
static size_t
place_from(const struct folder *f, uint32_t uid)
{
	size_t at = f->known;
	uint32_t found = 0;
	struct record r;

	for (size_t i = f->known; i-- > 0;) {
		if (!index_get(f->at, i, &r))
			continue;
		if (r.uid < uid)
			break;
		at = i;
		found = r.uid;
	}
	if (found != uid && at > 0 && !index_get(f->at, at - 1, &r))
		at--;
	return at;
}

int
folder_wire(struct folder *f, uint32_t number, struct message *m)
{
	struct record r = { .uid = 0 };

	if (m->wire != 0 || m->size == 0)
		return 0;
	if (view_record(f, number, &r) == -1)
		return -1;
	if ((r.flags & REC_UNMEASURED) != 0)
		count(f, &r);
	m->size = r.size;
	m->wire = r.wire;
	return 0;
}

uint32_t
folder_number(struct folder *f, uint32_t uid)
{
	size_t at = file_first(f->at, f->known, uid);

	if (!first_from(f, at, uid))
		at = place_from(f, uid);
	return view_number(f, at);
}

/* From where the last one who looked has found it; what comes to be unseen
 * before that moves the mark back (file_put). */
static uint32_t
first_unseen(struct folder *f)
{
	uint32_t mark = f->at == &f->ix ? f->ix.h->unseen_from : 0;
	size_t i = mark, h = hidden_below(f, i);

	for (; i < f->known; i++) {
		while (h < f->hiddens && f->hidden[h] < i)
			h++;
		if ((f->at->r[i].flags & (FLAG_SEEN | REC_DEAD)) == 0 &&
		    (h == f->hiddens || f->hidden[h] != i))
			break;
	}
	if (f->at == &f->ix && f->ix.writable && i > mark)
		(void)__atomic_compare_exchange_n(&f->ix.h->unseen_from, &mark,
		    (uint32_t)i, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return i < f->known ? view_number(f, i) : 0;
}

uint64_t
folder_octets(struct folder *f)
{
	uint64_t unkept = 0;
	struct record r;

	for (size_t i = 0; f->ix.h->unmeasured > 0 && i < index_count(&f->ix);
	     i++)
		if ((f->ix.r[i].flags & (REC_UNMEASURED | REC_DEAD)) ==
			REC_UNMEASURED &&
		    index_get(&f->ix, i, &r)) {
			count(f, &r);
			unkept += f->ix.writable ? 0 : r.wire;
		}
	return f->ix.h->octets + unkept;
}

void
view_header(const struct header *h, struct folder_info *out)
{
	static const char digits[] = "0123456789abcdef";

	*out = (struct folder_info){ .uidvalidity = h->uidvalidity,
		.uidnext = h->uidnext,
		.messages = h->records - h->dead,
		.recent = h->in_new,
		.unseen = h->unseen,
		.deleted = h->deleted,
		.octets = h->octets,
		.uncounted = h->unmeasured,
		.modseq = h->modseq };
	for (size_t i = 0; i < sizeof(h->guid); i++) {
		out->id[2 * i] = digits[(unsigned char)h->guid[i] >> 4];
		out->id[2 * i + 1] = digits[h->guid[i] & 15];
	}
}

void
folder_info(struct folder *f, struct folder_info *out)
{
	const struct header *h;

	if (!index_sound(&f->ix))
		(void)sync_disk(f);
	h = f->ix.h;
	view_header(h, out);
	out->messages = folder_count(f);
	out->modseq = f->told;
	out->write = f->write;
	for (size_t i = 0; i < f->recent.n; i++)
		out->recent += folder_number(f, f->recent.p[2 * i + 1] + 1) -
		    folder_number(f, f->recent.p[2 * i]);
	out->first_unseen = h->unseen == 0 ? 0 : first_unseen(f);
}

const char *const *
folder_keywords(struct folder *f)
{
	static const char *const none[KEYWORDS];

	if (!f->words_read ||
	    (!f->words_sure && keywords_changed(&f->words, f->dir))) {
		keywords_free(&f->words);
		f->words_read = keywords_read(&f->words, f->dir) == 0;
	}
	f->words_sure = f->words_read;
	return f->words_read ? f->words.name : none;
}
