/* The count of a day. */
#include "smtp-session/sends.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/run-dir.h"

enum { DAY = 86400, T = 1000 * DAY };

TEST(no_more_than_the_limit)
{
	run_begin("sends");
	CHECK(sends_today(run, "alice", T) == 0);
	CHECK(sends_count(run, "alice", 2, 3, T) == SENDS_OK);
	CHECK(sends_count(run, "alice", 2, 3, T) == SENDS_FIRST);
	CHECK(sends_count(run, "alice", 2, 3, T) == SENDS_OVER);
	CHECK(sends_count(run, "alice", 1, 3, T) == SENDS_OK);
	CHECK(sends_today(run, "alice", T) == 3);
	CHECK(sends_count(run, "bob", 3, 3, T) == SENDS_OK);
	CHECK(sends_count(run, "alice", -2, 3, T) == SENDS_OK);
	CHECK(sends_today(run, "alice", T) == 1);
	CHECK(sends_count(run, "alice", -9, 3, T) == SENDS_OK);
	CHECK(sends_today(run, "alice", T) == 0);
	CHECK(sends_today(run, "bob", T) == 3);
}

TEST(a_day_begins_at_midnight)
{
	run_begin("sends");
	CHECK(sends_count(run, "bob", 3, 3, T) == SENDS_OK);
	CHECK(sends_count(run, "bob", 1, 3, T + DAY - 1) == SENDS_FIRST);
	CHECK(sends_count(run, "bob", 1, 3, T + DAY) == SENDS_OK);
	CHECK(sends_today(run, "bob", T + DAY) == 1);
	CHECK(sends_count(run, "bob", 3, 3, T + DAY) == SENDS_FIRST);
}

/* A table of yesterday is all free today, and one of today is full. */
TEST(full_tables_are_free_tomorrow)
{
	struct stat st;
	char name[16];
	int i, good = 0;

	run_begin("sends");
	for (i = 0; i < SENDS_USERS; i++) {
		(void)snprintf(name, sizeof(name), "u%d", i);
		good += sends_count(run, name, 1, 9, T + 2 * DAY) == SENDS_OK;
	}
	CHECK(good == SENDS_USERS);
	CHECK(sends_today(run, "u77", T + 2 * DAY) == 1);
	CHECK(sends_count(run, "more", 1, 9, T + 2 * DAY) == SENDS_TROUBLE);
	CHECK(sends_count(run, "more", 1, 9, T + 3 * DAY) == SENDS_OK);
	CHECK(stat(file, &st) == 0 && st.st_size <= SENDS_USERS * 32);
}

/* What is not ours, or cut, is no table; it stops nobody. */
TEST(what_is_no_table_stops_nobody)
{
	run_begin("sends");
	CHECK(sends_count(run, "alice", 1, 3, T) == SENDS_OK);
	CHECK(truncate(file, 17) == 0);
	CHECK(sends_count(run, "alice", 1, 3, T) == SENDS_OK);
	CHECK(sends_today(run, "alice", T) == 1);
	CHECK(chmod(file, 0666) == 0);
	CHECK(sends_count(run, "alice", 1, 3, T) == SENDS_TROUBLE);
	CHECK(unlink(file) == 0 && symlink("/dev/null", file) == 0);
	CHECK(sends_count(run, "alice", 1, 3, T) == SENDS_TROUBLE);
	CHECK(unlink(file) == 0);
}
