/* The examples of RFC 5256 and what is odd, as THREAD would answer. */
#include "message/thread.h"

#include <stdlib.h>

#include "message/buf.h"

#include "tests/unit/test.h"

enum { MOST = 40 };

/* "id<ref,ref subject": lower case letters are ids, "re:" makes a reply. */
static struct {
	struct thread_message message[MOST];
	uint64_t reference[MOST][MOST];
	uint32_t n;
} box;

static void
add(const char *id, const char *references, const char *subject, bool reply,
    int64_t sent)
{
	struct thread_message *m = &box.message[box.n];
	uint64_t *r = box.reference[box.n++];

	*m = (struct thread_message){ .reply = reply,
		.subject = span(subject),
		.sent = sent,
		.arrived = sent,
		.id = *id == '\0' ? 0 : thread_hash(span(id)) };
	for (; *references != '\0'; references++)
		r[m->references_count++] = thread_hash(span_n(references, 1));
	m->references = (const void *)r;
}

static void
put(struct buf *b, const struct threads *t, uint32_t n)
{
	const struct thread_node *o = &t->node[n];
	bool fork;

	if (o->message != THREAD_NONE)
		buf_printf(b, "%u", o->message + 1);
	if (o->child == THREAD_NONE)
		return;
	fork = t->node[o->child].next != THREAD_NONE;
	if (o->message != THREAD_NONE)
		buf_char(b, ' ');
	for (uint32_t c = o->child; c != THREAD_NONE; c = t->node[c].next) {
		buf_str(b, fork ? "(" : "");
		put(b, t, c);
		buf_str(b, fork ? ")" : "");
	}
}

static bool
threads(enum thread_algorithm how, const char *wanted)
{
	struct threads t;
	struct buf b;
	bool ok;

	buf_init(&b, 10000);
	ok = threads_build(&t, how, box.message, box.n) == 0;
	for (uint32_t r = t.first; ok && r != THREAD_NONE; r = t.node[r].next) {
		buf_char(&b, '(');
		put(&b, &t, r);
		buf_char(&b, ')');
	}
	threads_free(&t);
	ok = ok && strcmp(b.p, wanted) == 0;
	if (!ok)
		(void)printf("%s, not %s\n", b.p, wanted);
	buf_free(&b);
	return ok;
}

TEST(nothing)
{
	box.n = 0;
	CHECK(threads(THREAD_REFERENCES, ""));
	CHECK(threads(THREAD_REFS, ""));
	CHECK(threads(THREAD_ORDEREDSUBJECT, ""));
}

/* RFC 5256 s. 4, THREAD: "(2)(3 6 (4 23)(44 7 96))" in shape. */
TEST(tree)
{
	box.n = 0;
	add("a", "", "x", false, 1);
	add("b", "", "y", false, 2);
	add("c", "b", "y", true, 3);
	add("d", "bc", "y", true, 4);
	add("e", "bc", "y", true, 5);
	add("f", "bcd", "y", true, 6);
	CHECK(threads(THREAD_REFERENCES, "(1)(2 3 (4 6)(5))"));
	CHECK(threads(THREAD_REFS, "(1)(2 3 (4 6)(5))"));
	CHECK(threads(THREAD_ORDEREDSUBJECT, "(1)(2 (3)(4)(5)(6))"));
}

/* The parent comes later, or never. */
TEST(missing)
{
	box.n = 0;
	add("c", "ab", "x", true, 3);
	add("b", "a", "x", true, 2);
	add("e", "z", "p", true, 5);
	add("f", "z", "q", true, 4);
	add("g", "y", "s", true, 6);
	CHECK(threads(THREAD_REFERENCES, "(2 1)((4)(3))(5)"));
}

TEST(dates)
{
	box.n = 0;
	add("a", "", "x", false, 9);
	add("b", "a", "x", false, 3);
	add("c", "a", "x", false, 2);
	add("d", "", "w", false, 1);
	box.message[3].arrived = 100;
	CHECK(threads(THREAD_REFERENCES, "(4)(1 (3)(2))"));
	CHECK(threads(THREAD_REFS, "(1 (3)(2))(4)"));
}

/* RFC 5256 s. 3, step 5. */
TEST(subjects)
{
	box.n = 0;
	add("a", "", "x", false, 1);
	add("b", "", "x", true, 2);
	add("c", "", "x", false, 3);
	add("d", "", "", false, 4);
	add("e", "", "", true, 5);
	add("f", "", "w", true, 6);
	add("g", "", "w", false, 7);
	CHECK(threads(THREAD_REFERENCES, "((1 2)(3))(4)(5)(7 6)"));
	CHECK(threads(THREAD_REFS, "(1)(2)(3)(4)(5)(6)(7)"));
}

TEST(subjects_of_dummies)
{
	box.n = 0;
	add("a", "z", "x", true, 1);
	add("b", "z", "x", true, 2);
	add("c", "y", "x", true, 3);
	add("d", "y", "v", true, 4);
	add("e", "", "x", true, 5);
	CHECK(threads(THREAD_REFERENCES, "((1)(2)(3)(4)(5))"));
}

TEST(loops)
{
	box.n = 0;
	add("a", "b", "p", false, 1);
	add("b", "a", "q", false, 2);
	add("c", "c", "r", false, 3);
	add("d", "ef", "s", false, 4);
	add("e", "fd", "t", false, 5);
	add("f", "de", "u", false, 6);
	CHECK(threads(THREAD_REFERENCES, "(2 1)(3)(5 6 4)") ||
	    threads(THREAD_REFERENCES, "(1 2)(3)(5 6 4)"));
}

/* RFC 5256 s. 3, step 1: a second message of an id stands alone. */
TEST(twice)
{
	box.n = 0;
	add("a", "", "p", false, 1);
	add("a", "", "q", false, 2);
	add("b", "a", "r", false, 3);
	add("", "", "s", false, 4);
	CHECK(threads(THREAD_REFERENCES, "(1 3)(2)(4)"));
}

TEST(ids)
{
	CHECK(thread_hash(span("<a@b>")) == thread_hash(span("a@b")));
	CHECK(thread_hash(span("<\"a\"@\r\n b>")) == thread_hash(span("a@b")));
	CHECK(thread_hash(span("<a@b>")) != thread_hash(span("<A@b>")));
	CHECK(thread_hash(span("")) != 0);
}

static uint64_t state = 1;

static uint32_t
any(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

/* Whatever the references say: each message once, and an end. */
TEST(random_references)
{
	static char id[26][2];

	for (int round = 0; round < 300; round++) {
		char said[MOST] = { 0 };
		struct threads t;
		uint32_t depth = 0, n = 0, seen[MOST] = { 0 };

		box.n = 0;
		for (int i = 0; i < MOST; i++) {
			uint32_t k = any(26), many = any(8);

			id[k][0] = (char)('a' + k);
			for (uint32_t r = 0; r < many; r++)
				said[r] = (char)('a' + any(26));
			said[many] = '\0';
			add(id[k], said, id[any(26)], any(2) == 0, any(9));
		}
		CHECK(threads_build(&t, (enum thread_algorithm)any(3),
			  box.message, box.n) == 0);
		for (uint32_t at = t.first; at != THREAD_NONE && n < 200;
		     at = threads_next(&t, at, &depth), n++)
			if (t.node[at].message != THREAD_NONE)
				seen[t.node[at].message]++;
		for (int i = 0; i < MOST; i++)
			CHECK(seen[i] == 1);
		CHECK(depth == 0);
		threads_free(&t);
	}
}

/* A chain of 50,000, in the worst order. */
TEST(long_chain)
{
	enum { LONG = 50000 };
	struct thread_message *m = calloc(LONG, sizeof(*m));
	uint64_t *r = calloc(LONG, 2 * sizeof(*r));
	struct threads t = { .node = NULL };
	uint32_t depth = 0, n = 0, deepest = 0;

	for (uint32_t i = 0; m != NULL && r != NULL && i < LONG; i++) {
		m[i].id = LONG - i;
		r[2 * i] = LONG - i - 2;
		r[2 * i + 1] = LONG - i - 1;
		m[i].references = (const void *)(r + 2 * i);
		m[i].references_count = i < LONG - 2 ? 2 : 0;
	}
	CHECK(threads_build(&t, THREAD_REFERENCES, m, LONG) == 0);
	for (uint32_t at = t.first; at != THREAD_NONE;
	     at = threads_next(&t, at, &depth), n++)
		deepest = depth > deepest ? depth : deepest;
	CHECK(n == LONG);
	CHECK(deepest == LONG - 2);
	threads_free(&t);
	free(m);
	free(r);
}
