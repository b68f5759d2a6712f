/* The gap is a function of age alone, so nothing but the arrival has to be
 * remembered: when gaps grow by half, each is the first one plus half of all
 * that has passed since they began to grow. */
#include "mailq-run/retry.h"

#include <errno.h>

#include "message/fail.h"
#include "message/span.h"

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	YEAR = 365 * DAY,
	MINUTES_5 = 5 * MINUTE,
	MINUTES_15 = 15 * MINUTE,
	HOURS_4 = 4 * HOUR,
	DAYS_5 = 5 * DAY,
};

/* "15m" in seconds; -1. */
static int64_t
duration(struct span s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {
		{ 's', 1 },
		{ 'm', MINUTE },
		{ 'h', HOUR },
		{ 'd', DAY },
	};
	uint64_t n;

	if (s.len < 2 || span_number(span_n(s.p, s.len - 1), YEAR, &n) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (s.p[s.len - 1] == units[i].unit)
			return (int64_t)n * units[i].seconds;
	return -1;
}

/* Which time a word of the setting sets. */
static int64_t *
timer(struct retry *r, struct span word)
{
	if (span_same(word, span("fixed"))) {
		r->fixed = true;
		return &r->gap;
	}
	if (span_same(word, span("first")))
		return &r->first;
	if (span_same(word, span("notice")))
		return &r->notice;
	if (span_same(word, span("return")))
		return &r->giveup;
	if (span_same(word, span("bounces")))
		return &r->bounces;
	return NULL;
}

int
retry_parse(struct retry *r, const char *setting)
{
	struct span rest = span(setting), word, value;
	int64_t *set, n;

	*r = (struct retry){
		.first = MINUTES_5,
		.gap = MINUTES_15,
		.young = HOURS_4,
		.longest = HOURS_4,
		.notice = HOURS_4,
		.giveup = DAYS_5,
		.bounces = DAY,
	};
	while ((word = span_word(&rest)).len > 0) {
		if (span_same(word, span("default")))
			continue;
		set = timer(r, word);
		if (set == NULL)
			return fail_as(EINVAL, "retry: unknown word \"%.*s\"",
			    (int)word.len, word.p);
		value = span_word(&rest);
		n = duration(value);
		if (set == &r->notice && span_same(value, span("never")))
			n = 0;
		else if (n <= 0)
			return fail_as(EINVAL,
			    "retry: \"%.*s\" needs a time such as 15m",
			    (int)word.len, word.p);
		*set = n;
		if (set == &r->gap)
			r->first = n;
	}
	return 0;
}

static int64_t
gap(const struct retry *r, int64_t age, bool first)
{
	int64_t g = r->gap;

	if (first)
		return r->first;
	if (!r->fixed && age >= r->young) {
		g += r->gap / 2 + (age - r->young) / 2;
		if (g > r->longest)
			g = r->longest;
	}
	return g;
}

time_t
retry_until(const struct retry *r, time_t arrival, bool bounce)
{
	return arrival + (bounce ? r->bounces : r->giveup);
}

bool
retry_over(const struct retry *r, time_t arrival, time_t now, bool bounce)
{
	return now >= retry_until(r, arrival, bounce);
}

time_t
retry_next(const struct retry *r, time_t arrival, time_t now, bool first,
    bool bounce, uint32_t random)
{
	int64_t g = gap(r, now - arrival, first), tenth = g / 10;
	time_t end = retry_until(r, arrival, bounce), next;

	next = now + g - tenth + (int64_t)(random % (2 * tenth + 1));
	/* The last try happens at the end, not a gap before it. */
	if (next > end && now < end)
		next = end;
	return next;
}

bool
retry_notice(const struct retry *r, time_t arrival, time_t now)
{
	return r->notice != 0 && now - arrival >= r->notice;
}
