/* Grey lists, by a clock of our own. */
#include "smtp-session/grey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/run-dir.h"

enum { T = 1000 * 86400, DELAY = 300 };

static long
ask(const char *ip, const char *from, time_t now)
{
	return grey_ask(run, ip, from, "bob@here.test", DELAY, now);
}

TEST(who_comes_again_is_known)
{
	run_begin("grey");
	CHECK(ask("192.0.2.1", "a@b.test", T) == DELAY);
	CHECK(ask("192.0.2.1", "a@b.test", T + 100) == 200);
	CHECK(ask("192.0.2.1", "A@B.test", T + 299) == 1);
	CHECK(ask("192.0.2.1", "c@b.test", T + 299) == DELAY);
	CHECK(ask("192.0.3.1", "a@b.test", T + 299) == DELAY);
	/* the same network, though another address of the same pool */
	CHECK(ask("192.0.2.9", "a@b.test", T + 300) == 0);
	CHECK(ask("192.0.2.77", "", T + 301) == 0);
	CHECK(ask("192.0.2.77", "", T + 300 + GREY_KNOWN - 1) == 0);
	CHECK(ask("192.0.2.77", "", T + 2 * GREY_KNOWN) == 0);
	CHECK(ask("192.0.2.77", "", T + 4 * GREY_KNOWN) == DELAY);
}

TEST(who_comes_too_late_is_new)
{
	run_begin("grey");
	CHECK(ask("192.0.2.1", "a@b.test", T) == DELAY);
	CHECK(ask("192.0.2.1", "a@b.test", T + GREY_AGAIN + 1) == DELAY);
	CHECK(ask("192.0.2.1", "a@b.test", T + GREY_AGAIN + 301) == 0);
}

TEST(ipv6_by_network)
{
	run_begin("grey");
	CHECK(ask("2001:db8::1", "a@b.test", T) == DELAY);
	CHECK(ask("2001:db8::ffff:1", "a@b.test", T + DELAY) == 0);
	CHECK(ask("2001:db8:0:1::1", "a@b.test", T + DELAY) == DELAY);
}

TEST(a_clock_that_goes_back)
{
	run_begin("grey");
	CHECK(ask("192.0.2.1", "a@b.test", T) == DELAY);
	CHECK(ask("192.0.2.1", "a@b.test", T - 5000) == DELAY);
	CHECK(ask("192.0.2.1", "a@b.test", T + DELAY) == 0);
}

TEST(to_look_changes_nothing)
{
	run_begin("grey");
	CHECK(grey_look(run, "192.0.2.1", "", "b@c.test", DELAY, T) == DELAY);
	CHECK(access(file, F_OK) == -1);
	CHECK(ask("192.0.2.1", "a@b.test", T) == DELAY);
	CHECK(grey_look(run, "192.0.2.1", "a@b.test", "bob@here.test", DELAY,
		  T + DELAY) == 0);
	CHECK(ask("192.0.2.1", "c@b.test", T + DELAY) == DELAY);
}

TEST(a_flood_forgets_the_oldest)
{
	char from[32];

	run_begin("grey");
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(from, sizeof(from), "%d@b.test", i);
		CHECK(ask("192.0.2.1", from, T + i) == DELAY);
	}
	CHECK(ask("192.0.2.1", "2999@b.test", T + 2999 + DELAY) == 0);
}
