/* What deadlines are measured with. */
#ifndef MESSAGE_CLOCK_H
#define MESSAGE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that nobody sets (CLOCK_MONOTONIC). */
static inline int64_t
clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Its whole seconds. */
static inline int64_t
clock_seconds(void)
{
	return clock_ms() / 1000;
}

#endif
