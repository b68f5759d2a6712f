/* Sorting by eight octets of a key at a time: all but the longest texts are
 * told apart by the first or second eight, and none is compared twice. */
#include "maildir/order.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "maildir/digits.h"
#include "maildir/maildir.h"
#include "maildir/search.h"
#include "maildir/summary.h"
#include "message/fail.h"

enum { LOOK = 256 };

/* What is known of a message. */
struct fact {
	const struct summary_entry *entry; /* NULL: it cannot be read */
	int64_t arrival;
	uint32_t number;
	uint32_t size;
};

/* Of each message there is an element to sort, with the place of its fact, in
 * the order of numbers, and of the text of its first key. */
struct sorter {
	const struct order_key *key;
	size_t keys;
	const struct fact *fact;
	struct digits *room; /* as many as are sorted */
	struct buf texts; /* of the first key, close together: length 2, text */
};

enum { AHEAD = 16 };

static struct span
text_of(const struct fact *i, enum order_by by)
{
	static const enum summary_text texts[] = {
		[ORDER_CC] = SUMMARY_CC_BOX,
		[ORDER_FROM] = SUMMARY_FROM_BOX,
		[ORDER_SUBJECT] = SUMMARY_BASE,
		[ORDER_TO] = SUMMARY_TO_BOX,
		[ORDER_DISPLAYFROM] = SUMMARY_FROM_NAME,
		[ORDER_DISPLAYTO] = SUMMARY_TO_NAME,
	};

	return i->entry == NULL ? span_n("", 0) :
				  summary_text(i->entry, texts[by]);
}

static bool
is_text(enum order_by by)
{
	return by != ORDER_ARRIVAL && by != ORDER_DATE && by != ORDER_SIZE;
}

static int64_t
sent(const struct fact *i)
{
	return i->entry != NULL && (i->entry->flags & SUMMARY_DATED) != 0 ?
	    i->entry->sent :
	    i->arrival;
}

static uint64_t
digits_of_text(struct span s, size_t from)
{
	uint64_t d = 0;

	if (s.len > from)
		memcpy(&d, s.p + from,
		    s.len - from < sizeof(d) ? s.len - from : sizeof(d));
	return be64toh(d);
}

/* Of a key that is a number. */
static uint64_t
digits_of(const struct fact *i, enum order_by by)
{
	if (by == ORDER_SIZE)
		return i->size;
	return (uint64_t)(by == ORDER_ARRIVAL ? i->arrival : sent(i)) ^
	    (uint64_t)1 << 63;
}

/* Does a text go on behind these eight octets?  There is no NUL in it. */
static bool
goes_on(uint64_t digits, const struct order_key *key)
{
	return is_text(key->by) &&
	    ((key->reverse ? ~digits : digits) & 255) != 0;
}

static struct span
first_text(const struct sorter *s, const struct digits *i)
{
	uint16_t len;

	memcpy(&len, s->texts.p + i->more, sizeof(len));
	return span_n(s->texts.p + i->more + sizeof(len), len);
}

/* Put the texts of the first key side by side: they are asked for again and
 * again, and in the summary there is much between them.  0; -1. */
static int
gather(struct sorter *s, struct digits *a, size_t n)
{
	for (size_t i = 0; is_text(s->key->by) && i < n; i++) {
		struct span text = text_of(&s->fact[i], s->key->by);
		uint16_t len = (uint16_t)text.len;

		a[i].more = (uint32_t)s->texts.len;
		buf_add(&s->texts, &len, sizeof(len));
		buf_span(&s->texts, text);
	}
	return s->texts.over ? fail_as(ENOMEM, "too much to sort") : 0;
}

/* Eight octets of key "k", the most significant first. */
static void
fill_digits(const struct sorter *s, struct digits *a, size_t n, size_t k,
    size_t from)
{
	const struct order_key *key = &s->key[k];

	for (size_t i = 0; i < n; i++) {
		const struct fact *f = &s->fact[a[i].at];

		if (!is_text(key->by))
			a[i].key = digits_of(f, key->by);
		else if (k == 0) {
			if (i + AHEAD < n)
				__builtin_prefetch(
				    s->texts.p + a[i + AHEAD].more + from);
			a[i].key = digits_of_text(first_text(s, &a[i]), from);
		} else
			a[i].key = digits_of_text(text_of(f, key->by), from);
		if (key->reverse)
			a[i].key = ~a[i].key;
	}
}

/* Order a[] by the keys from "k" on, of which "from" octets are equal.  It is
 * in the order of numbers.  The depth is bounded by the length of all keys in
 * eights. */
static void
order(const struct sorter *s, struct digits *a, size_t n, size_t k, size_t from)
{
	const struct order_key *key = &s->key[k];

	if (k == s->keys)
		return;
	fill_digits(s, a, n, k, from);
	digits_sort(a, s->room, n);
	for (size_t i = 0, e; i < n; i = e) {
		uint64_t digits = a[i].key;

		for (e = i + 1; e < n && a[e].key == digits;)
			e++;
		if (e - i < 2)
			continue;
		if (goes_on(digits, key))
			order(s, a + i, e - i, k, from + sizeof(digits));
		else
			order(s, a + i, e - i, k + 1, 0);
	}
}

/* Is the time or size that the index has wanted? */
static bool
wants_record(const struct order_key *key, size_t keys,
    const struct summary_entry *e)
{
	for (size_t i = 0; i < keys; i++)
		if (key[i].by == ORDER_ARRIVAL || key[i].by == ORDER_SIZE ||
		    (key[i].by == ORDER_DATE &&
			(e == NULL || (e->flags & SUMMARY_DATED) == 0)))
			return true;
	return false;
}

static bool
wants_size(const struct order_key *key, size_t keys)
{
	for (size_t i = 0; i < keys; i++)
		if (key[i].by == ORDER_SIZE)
			return true;
	return false;
}

/* Now and then the watcher is told; reading is what takes long. */
static void
look(const struct search_watcher *w, size_t done, size_t all)
{
	if (w != NULL && done % LOOK == 0)
		w->look(w->ctx, (uint32_t)done, (uint32_t)all);
}

static int
fill(struct folder *f, struct summary *s, const struct sorter *by,
    const struct search_watcher *w, const uint32_t *number, struct fact *a,
    size_t n)
{
	bool size = wants_size(by->key, by->keys);
	struct message m;

	for (size_t i = 0; i < n; i++) {
		a[i] = (struct fact){ .number = number[i] };
		if (s != NULL)
			a[i].entry = summary_get(s, number[i]);
		look(w, i, n);
		if (!wants_record(by->key, by->keys, a[i].entry))
			continue;
		if (folder_get(f, number[i], &m) == -1 ||
		    (size && folder_wire(f, number[i], &m) == -1))
			return -1;
		a[i].size = (uint32_t)m.wire;
		a[i].arrival = m.date;
	}
	return 0;
}

/* Is the index enough? */
static bool
plain(const struct order_key *key, size_t keys)
{
	for (size_t i = 0; i < keys; i++)
		if (key[i].by != ORDER_ARRIVAL && key[i].by != ORDER_SIZE)
			return false;
	return true;
}

int
order_sort(struct folder *f, const struct order_key *key, size_t keys,
    const struct search_watcher *w, uint32_t *number, size_t n)
{
	struct fact *fact = calloc(n + 1, sizeof(*fact));
	struct digits *a = calloc(2 * n + 1, sizeof(*a));
	struct sorter s = { .key = key, .keys = keys, .fact = fact };
	struct summary *sum = NULL;
	int r = -1;

	buf_init(&s.texts, 256 << 20);
	if (a == NULL || fact == NULL)
		(void)fail("sort");
	else if (plain(key, keys) || (sum = summary_open(f)) != NULL)
		r = fill(f, sum, &s, w, number, fact, n);
	if (r == 0)
		r = gather(&s, a, n);
	if (r == 0) {
		s.room = a + n;
		for (size_t i = 0; i < n; i++)
			a[i].at = (uint32_t)i;
		order(&s, a, n, 0, 0);
		for (size_t i = 0; i < n; i++)
			number[i] = fact[a[i].at].number;
	}
	summary_close(sum);
	buf_free(&s.texts);
	free(a);
	free(fact);
	return r;
}

/* ---- conversations */

static void
describe(struct thread_message *t, const struct fact *i)
{
	const struct summary_entry *e = i->entry;

	*t = (struct thread_message){ .sent = sent(i), .arrived = sent(i) };
	if (e == NULL)
		return;
	t->id = e->id;
	t->references = summary_references(e);
	t->references_count = e->references;
	t->reply = (e->flags & SUMMARY_REPLY) != 0;
	t->subject = summary_text(e, SUMMARY_BASE);
}

int
order_threads(struct folder *f, enum thread_algorithm how,
    const struct search_watcher *w, const uint32_t *number, size_t n,
    struct threads *out)
{
	struct fact *a = calloc(n + 1, sizeof(*a));
	struct thread_message *t = calloc(n + 1, sizeof(*t));
	const struct order_key date = { ORDER_DATE, false };
	const struct sorter by = { .key = &date, .keys = 1 };
	struct summary *s = summary_open(f);
	int r = -1;

	*out = (struct threads){ .first = THREAD_NONE };
	if (a == NULL || t == NULL)
		(void)fail("threads");
	else if (s != NULL)
		r = fill(f, s, &by, w, number, a, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		describe(&t[i], &a[i]);
	if (r == 0)
		r = threads_build(out, how, t, (uint32_t)n);
	summary_close(s);
	free(a);
	free(t);
	return r;
}
