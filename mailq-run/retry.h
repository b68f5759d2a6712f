/* When a message is tried again, and when the sender hears of it: pure
 * functions of the times, so that tests give the clock.
 *
 * The default: again after 5 minutes (greylisting), then every 15 until the
 * message is 4 hours old, when the sender gets one notice; from then on the
 * gap grows by half each time up to 4 hours; after 5 days it goes back.
 * Messages from <> are given up after 1 day. */
#ifndef MAILQ_RUN_RETRY_H
#define MAILQ_RUN_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* All in seconds. */
struct retry {
	bool fixed; /* the gap does not grow */
	int64_t first; /* from the first try to the second */
	int64_t gap; /* between tries while the message is young */
	int64_t young; /* age at which the gap begins to grow */
	int64_t longest; /* gap */
	int64_t notice; /* age at which the sender is told; 0: never */
	int64_t giveup; /* age at which it is returned */
	int64_t bounces; /* the same for messages from <> */
};

/* The config word `retry`: "", "default" or words with durations (90s, 15m,
 * 4h, 5d): "fixed GAP", "first GAP", "notice AGE" or "notice never",
 * "return AGE", "bounces AGE", in any order.
 * 0; -1: fail_text() says which word is wrong. */
int retry_parse(struct retry *, const char *setting);

/* The next try of a message that came at "arrival" and failed now; "first":
 * this was its first try.  "random" (any 32 bits) moves it by up to a tenth
 * of the gap to either side.  Never later than the end of its life, unless
 * that is over. */
time_t retry_next(const struct retry *, time_t arrival, time_t now, bool first,
    bool bounce, uint32_t random);

/* Its life is over: a failure now is for good. */
bool retry_over(const struct retry *, time_t arrival, time_t now, bool bounce);

/* When that is. */
time_t retry_until(const struct retry *, time_t arrival, bool bounce);

/* It waits so long that the sender should know. */
bool retry_notice(const struct retry *, time_t arrival, time_t now);

#endif
