#include "mailq-run/retry.h"

#include "message/fail.h"
#include "tests/unit/test.h"

static const time_t BORN = 1700000000;
static const long M = 60, H = 3600, D = 86400;

static struct retry
parsed(const char *setting)
{
	struct retry r;

	CHECK(retry_parse(&r, setting) == 0);
	return r;
}

/* Seconds from a try at that age to the next, in the middle of its jitter. */
static long
gap(const struct retry *r, long age, bool first)
{
	time_t next = retry_next(r, BORN, BORN + age, first, false, 0);
	time_t late;

	/* random = 2 * tenth is the latest; the middle lies between. */
	for (uint32_t i = 0;; i++) {
		late = retry_next(r, BORN, BORN + age, first, false, i);
		if (i > 0 && late <= next)
			break;
		next = late;
	}
	return (
	    long)((retry_next(r, BORN, BORN + age, first, false, 0) + next) /
		2 -
	    BORN - age);
}

TEST(default_schedule)
{
	struct retry r = parsed("");

	CHECK(gap(&r, 0, true) == 5 * M);
	CHECK(gap(&r, 300, false) == 15 * M);
	CHECK(gap(&r, 4 * H - 1, false) == 15 * M);
	CHECK(gap(&r, 4 * H, false) == 22 * M + 30);
	CHECK(gap(&r, 5 * H, false) == 52 * M + 30);
	CHECK(gap(&r, 20 * H, false) == 4 * H);
	CHECK(gap(&r, 4 * D, false) == 4 * H);
}

/* Each gap is half as long again as the one before it. */
TEST(gaps_grow_by_half)
{
	struct retry r = parsed("default");
	long age = 4 * H, last = 15 * M;

	for (int i = 0; i < 5; i++) {
		long g = gap(&r, age, false);

		CHECK(g >= last * 3 / 2 - 2 && g <= last * 3 / 2 + 2);
		last = g;
		age += g;
	}
}

TEST(jitter_stays_within_a_tenth)
{
	struct retry r = parsed("");

	for (uint32_t i = 0; i < 1000; i++) {
		time_t t = retry_next(&r, BORN, BORN + H, false, false,
		    i * 2654435761U);

		CHECK(t >= BORN + H + 810 && t <= BORN + H + 990);
	}
}

TEST(fixed)
{
	struct retry r = parsed("fixed 15m");

	CHECK(gap(&r, 0, true) == 15 * M);
	CHECK(gap(&r, 3 * D, false) == 15 * M);
	CHECK(retry_over(&r, BORN, BORN + 5 * D, false));
}

TEST(end_of_life)
{
	struct retry r = parsed("");

	CHECK(!retry_over(&r, BORN, BORN + 5 * D - 1, false));
	CHECK(retry_over(&r, BORN, BORN + 5 * D, false));
	CHECK(!retry_over(&r, BORN, BORN + D - 1, true));
	CHECK(retry_over(&r, BORN, BORN + D, true));
	/* The last try happens at the end, not a gap before it. */
	CHECK(retry_next(&r, BORN, BORN + 5 * D - H, false, false, 77) ==
	    BORN + 5 * D);
	CHECK(retry_next(&r, BORN, BORN + D - 60, false, true, 77) == BORN + D);
}

TEST(notice)
{
	struct retry r = parsed("");

	CHECK(!retry_notice(&r, BORN, BORN + 4 * H - 1));
	CHECK(retry_notice(&r, BORN, BORN + 4 * H));
	r = parsed("notice never");
	CHECK(!retry_notice(&r, BORN, BORN + 4 * D));
}

TEST(settings)
{
	struct retry r = parsed("first 60s notice 1h return 2d bounces 12h");

	CHECK(r.first == 60 && r.notice == H && r.giveup == 2 * D &&
	    r.bounces == 12 * H && !r.fixed);
	CHECK(retry_parse(&r, "fixed") == -1);
	CHECK(retry_parse(&r, "fixed 15") == -1);
	CHECK(retry_parse(&r, "fixed 0m") == -1);
	CHECK(retry_parse(&r, "first never") == -1);
	CHECK(retry_parse(&r, "sometimes 3m") == -1);
	CHECK_STR(fail_text(), "retry: unknown word \"sometimes\"");
}
