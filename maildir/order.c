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

/* Of each message there is an element to sort, with its number, in the order of
 * these, and the place of the text of its first key. */
struct sorter {
	struct folder *folder;
	struct summary *summary; /* NULL: no key needs it */
	const struct order_key *key;
	size_t keys;
	const struct search_watcher *watcher;
	size_t looks, all;
	struct digits *room; /* as many as are sorted */
	struct buf texts; /* of the first key, close together: length 2, text */
	int failed; /* errno of the index; 0 */
};

enum { AHEAD = 16 };

/* Now and then the watcher is told; reading is what takes long. */
static void
look(struct sorter *s)
{
	const struct search_watcher *w = s->watcher;

	if (s->looks < s->all && ++s->looks % LOOK == 0 && w != NULL)
		w->look(w->ctx, (uint32_t)s->looks, (uint32_t)s->all);
}

static struct span
text_of(struct sorter *s, uint32_t number, enum order_by by)
{
	static const enum summary_text texts[] = {
		[ORDER_CC] = SUMMARY_CC_BOX,
		[ORDER_FROM] = SUMMARY_FROM_BOX,
		[ORDER_SUBJECT] = SUMMARY_BASE,
		[ORDER_TO] = SUMMARY_TO_BOX,
		[ORDER_DISPLAYFROM] = SUMMARY_FROM_NAME,
		[ORDER_DISPLAYTO] = SUMMARY_TO_NAME,
	};
	const struct summary_entry *e = summary_get(s->summary, number);

	look(s);
	return e == NULL ? span_n("", 0) : summary_text(e, texts[by]);
}

static bool
is_text(enum order_by by)
{
	return by != ORDER_ARRIVAL && by != ORDER_DATE && by != ORDER_SIZE;
}

/* What the index has of a message; zeros when it fails. */
static struct message
record_of(struct sorter *s, uint32_t number, bool size)
{
	struct message m = { .uid = 0 };

	if (folder_get(s->folder, number, &m) == -1 ||
	    (size && folder_wire(s->folder, number, &m) == -1))
		s->failed = errno;
	return m;
}

static int64_t
sent(struct sorter *s, uint32_t number)
{
	int64_t when;

	look(s);
	return summary_sent(s->summary, number, &when) ?
	    when :
	    record_of(s, number, false).date;
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
digits_of(struct sorter *s, uint32_t number, enum order_by by)
{
	if (by == ORDER_SIZE)
		return record_of(s, number, true).wire;
	return (uint64_t)(by == ORDER_DATE ? sent(s, number) :
					     record_of(s, number, false).date) ^
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
		struct span text = text_of(s, a[i].at, s->key->by);
		uint16_t len = (uint16_t)text.len;

		a[i].more = (uint32_t)s->texts.len;
		buf_add(&s->texts, &len, sizeof(len));
		buf_span(&s->texts, text);
	}
	return s->texts.over ? fail_as(ENOMEM, "too much to sort") : 0;
}

/* Eight octets of key "k", the most significant first. */
static void
fill_digits(struct sorter *s, struct digits *a, size_t n, size_t k, size_t from)
{
	const struct order_key *key = &s->key[k];

	for (size_t i = 0; i < n; i++) {
		if (!is_text(key->by))
			a[i].key = digits_of(s, a[i].at, key->by);
		else if (k == 0) {
			if (i + AHEAD < n)
				__builtin_prefetch(
				    s->texts.p + a[i + AHEAD].more + from);
			a[i].key = digits_of_text(first_text(s, &a[i]), from);
		} else
			a[i].key =
			    digits_of_text(text_of(s, a[i].at, key->by), from);
		if (key->reverse)
			a[i].key = ~a[i].key;
	}
}

/* Order a[] by the keys from "k" on, of which "from" octets are equal.  It is
 * in the order of numbers.  The depth is bounded by the length of all keys in
 * eights. */
static void
order(struct sorter *s, struct digits *a, size_t n, size_t k, size_t from)
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

/* Is the index enough? */
static bool
plain(const struct order_key *key, size_t keys)
{
	for (size_t i = 0; i < keys; i++)
		if (key[i].by != ORDER_ARRIVAL && key[i].by != ORDER_SIZE)
			return false;
	return true;
}

static int
failed(const struct sorter *s)
{
	errno = s->failed;
	return s->failed == 0 ? 0 : -1;
}

static int
sort(struct sorter *s, struct digits *a, uint32_t *number, size_t n)
{
	s->room = a + n;
	for (size_t i = 0; i < n; i++)
		a[i].at = number[i];
	if (gather(s, a, n) == -1)
		return -1;
	order(s, a, n, 0, 0);
	for (size_t i = 0; i < n; i++)
		number[i] = a[i].at;
	return failed(s);
}

int
order_sort(struct folder *f, const struct order_key *key, size_t keys,
    const struct search_watcher *w, uint32_t *number, size_t n)
{
	struct sorter s = { .folder = f,
		.key = key,
		.keys = keys,
		.watcher = w,
		.all = n };
	struct digits *a = malloc((2 * n + 1) * sizeof(*a));
	int e, r = -1;

	buf_init(&s.texts, 256 << 20);
	if (a == NULL)
		(void)fail("sort");
	else if (plain(key, keys) || (s.summary = summary_open(f)) != NULL)
		r = sort(&s, a, number, n);
	e = errno;
	summary_close(s.summary);
	buf_free(&s.texts);
	free(a);
	errno = e;
	return r;
}

/* ---- conversations */

static void
describe(struct sorter *s, struct thread_message *t, uint32_t number)
{
	const struct summary_entry *e = summary_get(s->summary, number);

	*t = (struct thread_message){ .sent = sent(s, number) };
	t->arrived = t->sent;
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
	struct sorter s = { .folder = f, .watcher = w, .all = n };
	struct thread_message *t = calloc(n + 1, sizeof(*t));
	int e, r = -1;

	*out = (struct threads){ .first = THREAD_NONE };
	s.summary = summary_open(f);
	if (t == NULL)
		(void)fail("threads");
	else if (s.summary != NULL) {
		for (size_t i = 0; i < n; i++)
			describe(&s, &t[i], number[i]);
		r = failed(&s);
	}
	if (r == 0)
		r = threads_build(out, how, t, (uint32_t)n);
	e = errno;
	summary_close(s.summary);
	free(t);
	errno = e;
	return r;
}
