/* Threads: each message once, below nothing that is below it, and an end,
 * whatever the references say. */
#include "message/thread.h"

#include "tests/fuzz/fuzz.h"

enum { MANY = 64 };

static struct thread_message message[MANY];
static uint64_t reference[MANY][8];

/* Of each four octets: id, references that follow, subject, date. */
static uint32_t
read_messages(const uint8_t *p, size_t len)
{
	static const char *const subjects[] = { "", "a", "b", "ab" };
	uint32_t n = 0;

	for (size_t at = 0; at + 4 <= len && n < MANY; n++) {
		struct thread_message *m = &message[n];

		*m = (struct thread_message){ .id = p[at],
			.subject = span(subjects[p[at + 2] & 3]),
			.reply = (p[at + 2] & 4) != 0,
			.sent = p[at + 3],
			.arrived = p[at + 3] & 7,
			.references = (const void *)reference[n] };
		m->references_count = p[at + 1] & 7;
		at += 4;
		for (uint32_t i = 0; i < m->references_count; i++)
			reference[n][i] = at < len ? p[at++] : i + 1u;
		for (uint32_t i = 0; i < m->references_count; i++)
			reference[n][i] += reference[n][i] == 0;
	}
	return n;
}

static void
walk(const struct threads *t, uint32_t n)
{
	unsigned seen[MANY] = { 0 };
	uint32_t depth = 0, left = t->nodes + 1;

	for (uint32_t at = t->first; at != THREAD_NONE;
	     at = threads_next(t, at, &depth)) {
		const struct thread_node *o = &t->node[at];

		PROMISE(left-- > 0);
		PROMISE(depth < n);
		if (o->message != THREAD_NONE)
			seen[o->message]++;
		else
			PROMISE(o->parent == THREAD_NONE &&
			    o->child != THREAD_NONE &&
			    t->node[o->child].next != THREAD_NONE);
	}
	for (uint32_t i = 0; i < n; i++)
		PROMISE(seen[i] == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t n = read_messages(data, len);

	for (int how = THREAD_REFERENCES; how <= THREAD_REFS; how++) {
		struct threads t;

		PROMISE(threads_build(&t, (enum thread_algorithm)how, message,
			    n) == 0);
		walk(&t, n);
		threads_free(&t);
	}
	return 0;
}
