/* What every fuzz target has: abort when a promise of a header is broken. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define PROMISE(c) ((c) ? (void)0 : broken(__FILE__, __LINE__, #c))

static inline void
broken(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
	abort();
}

/* An exact copy, so that a read behind its end is seen. */
static inline char *
exact(const uint8_t *p, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, p, len);
	return copy;
}

#endif
