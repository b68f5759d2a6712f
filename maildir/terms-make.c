#include "maildir/terms-make.h"

#include <stdlib.h>
#include <string.h>

#include "maildir/mix.h"
#include "maildir/note.h"

enum {
	LARGEST = 256 << 20,
	FULL = 32 << 20, /* octets of pairs: then it is written */
	SLOTS = 1 << 12,
};

void
make_init(struct make *m)
{
	*m = (struct make){ .turn = 1 };
	buf_init(&m->uid, LARGEST);
	for (unsigned i = 0; i < TERMS_TABLES; i++) {
		struct make_table *t = &m->table[i];

		buf_init(&t->text, LARGEST);
		buf_init(&t->begin, LARGEST);
		buf_init(&t->seen, LARGEST);
		buf_init(&t->pair, LARGEST);
	}
}

void
make_free(struct make *m)
{
	buf_free(&m->uid);
	for (unsigned i = 0; i < TERMS_TABLES; i++) {
		struct make_table *t = &m->table[i];

		buf_free(&t->text);
		buf_free(&t->begin);
		buf_free(&t->seen);
		buf_free(&t->pair);
		free(t->slot);
	}
	make_init(m);
}

uint32_t
make_uids(const struct make *m)
{
	return (uint32_t)(m->uid.len / sizeof(uint32_t));
}

size_t
make_size(const struct make *m)
{
	size_t size = 0;

	for (unsigned i = 0; i < TERMS_TABLES; i++)
		size += m->table[i].pair.len;
	return size;
}

bool
make_full(const struct make *m)
{
	return make_size(m) > FULL;
}

static uint32_t
number_at(const struct buf *b, size_t i)
{
	uint32_t n;

	(void)memcpy(&n, b->p + i * sizeof(n), sizeof(n));
	return n;
}

static void
put_number(struct buf *b, uint32_t n)
{
	buf_add(b, &n, sizeof(n));
}

/* ---- the table of hashes */

/* Half of it is free, always. */
static bool
more_slots(struct make_table *t)
{
	uint32_t n = t->slots == 0 ? SLOTS : t->slots * 2;
	uint64_t *slot;

	if (t->words < t->slots / 2)
		return true;
	slot = calloc(n, sizeof(*slot));
	if (slot == NULL)
		return false;
	for (uint32_t i = 0; i < t->slots; i++) {
		uint32_t at = (uint32_t)(t->slot[i] >> 32) & (n - 1);

		if (t->slot[i] == 0)
			continue;
		while (slot[at] != 0)
			at = (at + 1) & (n - 1);
		slot[at] = t->slot[i];
	}
	free(t->slot);
	t->slot = slot;
	t->slots = n;
	return true;
}

/* With the NUL behind it; the next one begins there. */
static struct span
word_at(const struct make_table *t, uint32_t i)
{
	size_t from = number_at(&t->begin, i);
	size_t end =
	    i + 1 < t->words ? number_at(&t->begin, i + 1) : t->text.len;

	return span_n(t->text.p + from, end - from);
}

static bool
is_word(const struct make_table *t, uint32_t i, struct span s)
{
	struct span w = word_at(t, i);

	return w.len - 1 == s.len &&
	    (s.len == 0 || memcmp(w.p, s.p, s.len) == 0);
}

/* The number of the string, perhaps a new one. */
static uint32_t
word_of(struct make *m, struct make_table *t, struct span s)
{
	uint32_t hash = (uint32_t)(mix(0, s.p, s.len) >> 32), at;

	if (m->failed || !more_slots(t)) {
		m->failed = true;
		return 0;
	}
	for (at = hash & (t->slots - 1); t->slot[at] != 0;
	     at = (at + 1) & (t->slots - 1))
		if (t->slot[at] >> 32 == hash &&
		    is_word(t, (uint32_t)t->slot[at] - 1, s))
			return (uint32_t)t->slot[at] - 1;
	t->slot[at] = (uint64_t)hash << 32 | (t->words + 1);
	put_number(&t->begin, (uint32_t)t->text.len);
	put_number(&t->seen, 0);
	buf_span(&t->text, s);
	buf_char(&t->text, '\0');
	m->failed = t->begin.over || t->seen.over || t->text.over;
	return t->words++;
}

static void
put_pair(struct make *m, struct make_table *t, uint32_t word, uint32_t place)
{
	const struct pair p = { word, place };

	buf_add(&t->pair, &p, sizeof(p));
	m->failed |= t->pair.over;
}

/* ---- messages */

void
make_uid(struct make *m, uint32_t uid)
{
	put_number(&m->uid, uid);
	m->failed |= m->uid.over;
	m->turn++;
}

void
make_add(struct make *m, unsigned table, struct span s)
{
	struct make_table *t = &m->table[table];
	uint32_t word = word_of(m, t, s);

	if (m->failed || number_at(&t->seen, word) == m->turn)
		return;
	(void)memcpy(t->seen.p + word * sizeof(m->turn), &m->turn,
	    sizeof(m->turn));
	put_pair(m, t, word, make_uids(m) - 1);
}

void
make_drop(struct make *m)
{
	uint32_t place = make_uids(m) - 1;

	for (unsigned i = 0; i < TERMS_TABLES; i++) {
		struct buf *b = &m->table[i].pair;
		struct pair p;

		while (b->len > 0) {
			(void)memcpy(&p, b->p + b->len - sizeof(p), sizeof(p));
			if (p.place != place)
				break;
			buf_cut(b, b->len - sizeof(p));
		}
	}
	buf_cut(&m->uid, m->uid.len - sizeof(uint32_t));
}

struct absorb {
	struct make *make;
	struct make_table *table;
	struct part *part;
	uint32_t *place; /* of each of the part, + 1; 0: it is gone */
};

static void
absorb_word(void *ctx, struct span word, struct span list)
{
	struct absorb *a = ctx;
	uint32_t i = word_of(a->make, a->table, word);
	int64_t at = -1;

	while (!a->make->failed && part_next(a->part, &list, &at))
		if (a->place[at] != 0)
			put_pair(a->make, a->table, i, a->place[at] - 1);
}

void
make_absorb(struct make *m, struct part *p)
{
	struct absorb a = { .make = m, .part = p };

	a.place = calloc((size_t)p->head.uids + 1, sizeof(*a.place));
	m->failed |= a.place == NULL;
	for (uint32_t i = 0; i < p->head.uids && !m->failed; i++)
		if (p->number[i] != 0) {
			make_uid(m, part_uid(p, i));
			a.place[i] = make_uids(m);
		}
	for (unsigned i = 0; i < TERMS_TABLES && !m->failed; i++) {
		a.table = &m->table[i];
		part_find(p, i, span(""), absorb_word, &a);
	}
	m->failed |= p->bad;
	free(a.place);
}

/* ---- the part */

/* The places of pairs in the order of their words, in which each has its own
 * ascending: of word i from[i] up to from[i + 1].  NULL: no memory. */
static uint32_t *
sort_pairs(const struct make_table *t, uint32_t *from)
{
	size_t n = t->pair.len / sizeof(struct pair);
	uint32_t *place = calloc(n + 1, sizeof(*place));
	struct pair p;

	if (place == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		(void)memcpy(&p, t->pair.p + i * sizeof(p), sizeof(p));
		from[p.word + 2]++;
	}
	for (uint32_t i = 0; i < t->words; i++)
		from[i + 2] += from[i + 1];
	for (size_t i = 0; i < n; i++) {
		(void)memcpy(&p, t->pair.p + i * sizeof(p), sizeof(p));
		place[from[p.word + 1]++] = p.place;
	}
	return place;
}

static void
put_list(struct buf *b, const uint32_t *place, size_t n)
{
	int64_t last = -1;

	for (size_t i = 0; i < n; i++) {
		uint32_t d = (uint32_t)(place[i] - last - 1);

		for (; d >= 0x80; d >>= 7)
			buf_char(b, (char)(d | 0x80));
		buf_char(b, (char)d);
		last = place[i];
	}
}

static int
put_table(const struct make_table *t, struct buf *data, struct part_table *out)
{
	uint32_t *from = calloc((size_t)t->words + 2, sizeof(*from));
	uint32_t *place = from == NULL ? NULL : sort_pairs(t, from);
	struct part_word w = { .list = 0 };
	struct buf text, list;
	int r = -1;

	buf_init(&text, LARGEST);
	buf_init(&list, LARGEST);
	*out = (struct part_table){ .index = (uint32_t)data->len };
	for (uint32_t i = 0; i < t->words && place != NULL; i++) {
		if (from[i] == from[i + 1]) /* of messages that were dropped */
			continue;
		out->words++;
		buf_add(data, &w, sizeof(w));
		buf_span(&text, word_at(t, i));
		put_list(&list, place + from[i], from[i + 1] - from[i]);
		w.text = (uint32_t)text.len;
		w.list = (uint32_t)list.len;
	}
	buf_add(data, &w, sizeof(w));
	out->text = (uint32_t)data->len;
	buf_span(data, buf_all(&text));
	out->list = (uint32_t)data->len;
	buf_span(data, buf_all(&list));
	if (place != NULL && !text.over && !list.over)
		r = 0;
	buf_free(&text);
	buf_free(&list);
	free(place);
	free(from);
	return r;
}

/* Head, sums and blocks. */
static void
put_part(struct buf *out, struct part_head *h, struct span data)
{
	const size_t unchecked = offsetof(struct part_head, octets);
	size_t before = part_before(h->size);

	h->octets = (before + data.len + 7) / 8 * 8;
	buf_reserve(out, (size_t)h->octets);
	buf_add(out, h, sizeof(*h));
	for (struct span s = data; s.len > 0;) {
		size_t n = s.len < TERMS_BLOCK ? s.len : TERMS_BLOCK;
		uint64_t sum = note_sum(s.p, n);

		buf_add(out, &sum, sizeof(sum));
		s = span_from(s, n);
	}
	buf_span(out, data);
	while (out->len < h->octets && !out->over)
		buf_char(out, '\0');
	if (out->over)
		return;
	h->check = note_sum(out->p + unchecked, before - unchecked);
	(void)memcpy(out->p, &h->check, sizeof(h->check));
}

int
make_part(struct make *m, struct buf *out)
{
	struct part_head h = { .uids = make_uids(m) };
	struct buf data;
	int r = m->failed ? -1 : 0;

	buf_init(&data, LARGEST);
	buf_span(&data, buf_all(&m->uid));
	for (unsigned i = 0; i < TERMS_TABLES && r == 0; i++)
		r = put_table(&m->table[i], &data, &h.table[i]);
	h.size = (uint32_t)data.len;
	if (r == 0 && !data.over)
		put_part(out, &h, buf_all(&data));
	if (data.over || out->over)
		r = -1;
	buf_free(&data);
	return r;
}
