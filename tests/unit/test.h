/* Unit tests: a file is a list of TEST(name) { ... CHECK(...); ... } and
 * becomes one program.
 *
 *	build/unit/message-addr [name ...]
 *
 * runs all of its tests or the named ones, prints "ok name" or "not ok name"
 * after the failed checks, and exits 0 only when at least one ran and all
 * checks held. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/span.h"

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

static struct test *test_first, **test_end = &test_first;
static unsigned test_failures; /* of the test that runs */

static inline void
test_add(struct test *t)
{
	*test_end = t;
	test_end = &t->next;
}

static inline void
test_failed(const char *file, int line, const char *what)
{
	test_failures++;
	(void)printf("%s:%d: failed: %s\n", file, line, what);
}

static inline void
test_spans(const char *file, int line, struct span got, struct span wanted)
{
	if (span_eq(got, wanted))
		return;
	test_failures++;
	(void)printf("%s:%d: failed:\n got    \"%.*s\" (%zu)\n"
		     " wanted \"%.*s\" (%zu)\n",
	    file, line, (int)got.len, got.len > 0 ? got.p : "", got.len,
	    (int)wanted.len, wanted.len > 0 ? wanted.p : "", wanted.len);
}

#define TEST(name)                                                     \
	static void test_##name(void);                                 \
	static struct test case_##name = { #name, test_##name, NULL }; \
	__attribute__((constructor)) static void add_##name(void)      \
	{                                                              \
		test_add(&case_##name);                                \
	}                                                              \
	static void test_##name(void)

#define CHECK(c) ((c) ? (void)0 : test_failed(__FILE__, __LINE__, #c))

/* For what should not be reached. */
#define FAIL(why) test_failed(__FILE__, __LINE__, why)

/* Equal text; both are shown when they differ. */
#define CHECK_STR(got, wanted) \
	test_spans(__FILE__, __LINE__, span(got), span(wanted))
#define CHECK_SPAN(got, wanted) \
	test_spans(__FILE__, __LINE__, (got), span(wanted))

/* A literal with its inner NULs, without the last. */
#define TEXT(literal) span_n((literal), sizeof(literal) - 1)

/* make soak: the long form.  make check sets the word, too, but empty. */
static inline bool
test_soak(void)
{
	const char *soak = getenv("SOAK");

	return soak != NULL && soak[0] != '\0';
}

static bool
test_named(const char *name, int count, char **names)
{
	int i;

	for (i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return count == 0;
}

int
main(int argc, char **argv)
{
	const struct test *t;
	unsigned ran = 0, bad = 0;

	for (t = test_first; t != NULL; t = t->next) {
		if (!test_named(t->name, argc - 1, argv + 1))
			continue;
		test_failures = 0;
		t->run();
		ran++;
		bad += test_failures > 0;
		(void)printf("%s %s\n", test_failures > 0 ? "not ok" : "ok",
		    t->name);
		(void)fflush(stdout);
	}
	return ran == 0 || bad > 0;
}

#endif
