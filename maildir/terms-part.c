#include "maildir/terms-part.h"

#include <string.h>

#include "maildir/note.h"

static uint32_t
blocks(uint32_t size)
{
	return size / TERMS_BLOCK + (size % TERMS_BLOCK != 0);
}

size_t
part_before(uint32_t size)
{
	return sizeof(struct part_head) + (size_t)blocks(size) * 8;
}

size_t
part_read(struct part *p, const char *at, size_t left)
{
	const size_t unchecked = offsetof(struct part_head, octets);
	struct part_head *h = &p->head;
	size_t before;

	*p = (struct part){ .number = NULL };
	if (left < sizeof(*h))
		return 0;
	(void)memcpy(h, at, sizeof(*h));
	before = part_before(h->size);
	if (h->octets > left || h->octets % 8 != 0 || before > h->octets ||
	    h->size > h->octets - before || h->uids > h->size / 4 ||
	    h->check != note_sum(at + unchecked, before - unchecked))
		return 0;
	p->sums = at + sizeof(*h);
	p->p = at + before;
	return (size_t)h->octets;
}

const char *
part_need(struct part *p, uint64_t from, uint64_t octets)
{
	if (p->bad || octets > p->head.size || from > p->head.size - octets) {
		p->bad = true;
		return NULL;
	}
	for (uint32_t b = (uint32_t)(from / TERMS_BLOCK);
	     (uint64_t)b * TERMS_BLOCK < from + octets; b++) {
		uint32_t left = p->head.size - b * TERMS_BLOCK;
		uint64_t sum;

		if (p->checked[b] != 0)
			continue;
		(void)memcpy(&sum, p->sums + (size_t)b * 8, sizeof(sum));
		if (sum !=
		    note_sum(p->p + (size_t)b * TERMS_BLOCK,
			left < TERMS_BLOCK ? left : TERMS_BLOCK)) {
			p->bad = true;
			return NULL;
		}
		p->checked[b] = 1;
	}
	return p->p + from;
}

uint32_t
part_uid(const struct part *p, uint32_t i)
{
	uint32_t uid;

	(void)memcpy(&uid, p->p + (size_t)i * sizeof(uid), sizeof(uid));
	return uid;
}

/* As it stands, perhaps damaged. */
static struct part_word
word(const struct part *p, const struct part_table *t, uint32_t i)
{
	struct part_word w;

	(void)memcpy(&w, p->p + t->index + (size_t)i * sizeof(w), sizeof(w));
	return w;
}

/* The word, not before "low", in which that octet of the text is. */
static uint32_t
word_at(const struct part *p, const struct part_table *t, uint32_t low,
    uint32_t octet)
{
	uint32_t step = 1, high;

	while (step < t->words - low && word(p, t, low + step).text <= octet) {
		low += step;
		step *= 2;
	}
	high = step < t->words - low ? low + step : t->words;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (word(p, t, mid).text <= octet)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* A word and its list, when they are whole. */
static bool
whole(struct part *p, const struct part_table *t, uint32_t i,
    struct part_word w[2])
{
	if (part_need(p, t->index + (uint64_t)i * sizeof(*w), 2 * sizeof(*w)) ==
	    NULL)
		return false;
	w[0] = word(p, t, i);
	w[1] = word(p, t, i + 1);
	p->bad = w[0].text >= w[1].text || w[0].list > w[1].list;
	return !p->bad &&
	    part_need(p, (uint64_t)t->list + w[0].list,
		w[1].list - w[0].list) != NULL;
}

void
part_find(struct part *p, unsigned table, struct span needle,
    void (*found)(void *, struct span, struct span), void *ctx)
{
	const struct part_table *t = &p->head.table[table];
	const char *text, *at;
	size_t all, left;
	uint32_t i = 0;

	if (t->words == 0 ||
	    part_need(p, t->index,
		((uint64_t)t->words + 1) * sizeof(struct part_word)) == NULL)
		return;
	all = left = word(p, t, t->words).text;
	text = part_need(p, t->text, all);
	for (at = text; at != NULL && left > 0;) {
		struct part_word w[2];

		at = memmem(at, left, needle.p, needle.len);
		if (at == NULL)
			break;
		i = word_at(p, t, i, (uint32_t)(at - text));
		if (!whole(p, t, i, w))
			return;
		if (w[1].text > all || text + w[1].text <= at) {
			p->bad = true;
			return;
		}
		found(ctx, span_n(text + w[0].text, w[1].text - w[0].text - 1),
		    span_n(p->p + t->list + w[0].list, w[1].list - w[0].list));
		left = all - w[1].text;
		at = text + w[1].text;
	}
}

bool
part_next(const struct part *p, struct span *list, int64_t *place)
{
	uint64_t n = 0;
	unsigned shift = 0;

	while (list->len > 0 && shift < 35) {
		unsigned char c = (unsigned char)*list->p;

		*list = span_from(*list, 1);
		n |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
		if (c < 0x80) {
			*place += (int64_t)n + 1;
			return *place < (int64_t)p->head.uids;
		}
	}
	return false;
}
