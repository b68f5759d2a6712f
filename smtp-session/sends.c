/* MAY HOLD ROOT: called by the monitor; reads nothing that others wrote. */
#include "smtp-session/sends.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "message/fail.h"
#include "smtp-session/table.h"

enum { DAY = 86400 };

struct record {
	uint8_t user[16]; /* digest of his name */
	uint32_t day; /* since 1970; 0: free */
	uint32_t count;
	uint32_t over; /* the limit was met */
	uint32_t spare;
};

static void
name(uint8_t out[16], const char *user)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)user, strlen(user));
	SHA256Final(digest, &ctx);
	memcpy(out, digest, 16);
}

/* Where the user's record of that day is, or could be: from its digest's place
 * on, at the first that is his or of another day.  *r is what he has.
 * An offset; -1. */
static off_t
find(int fd, const char *user, uint32_t day, struct record *r)
{
	uint8_t key[16];
	off_t place = -1;
	uint32_t at;

	name(key, user);
	memcpy(&at, key, sizeof(at));
	for (uint32_t i = 0; i < SENDS_USERS; i++) {
		off_t here = (off_t)((at + i) % SENDS_USERS * sizeof(*r));
		ssize_t n = pread(fd, r, sizeof(*r), here);

		if (n == -1)
			return fail("read the count of sends");
		if (n < (ssize_t)sizeof(*r))
			r->day = 0;
		if (r->day == day && memcmp(r->user, key, sizeof(key)) == 0)
			return here;
		if (r->day != day && place == -1)
			place = here;
		if (r->day == 0)
			break;
	}
	*r = (struct record){ .day = day };
	memcpy(r->user, key, sizeof(key));
	return place != -1 ? place :
			     fail_as(ENOSPC, "too many users send today");
}

static int
store(int fd, const struct record *r, off_t place)
{
	return pwrite(fd, r, sizeof(*r), place) == (ssize_t)sizeof(*r) ?
	    0 :
	    fail("write the count of sends");
}

/* "r" with n more.  OK: to be stored; OVER: not; FIRST: to be stored. */
static enum sends_got
add(struct record *r, int n, unsigned limit)
{
	int64_t sum = (int64_t)r->count + n;

	if (n > 0 && sum > limit) {
		if (r->over != 0)
			return SENDS_OVER;
		r->over = 1;
		return SENDS_FIRST;
	}
	r->count = sum < 0 ? 0 : (uint32_t)sum;
	return SENDS_OK;
}

enum sends_got
sends_count(const char *run, const char *user, int n, unsigned limit,
    time_t now)
{
	int fd = table_open(run, "sends", O_CREAT);
	enum sends_got got = SENDS_TROUBLE;
	struct record r;
	off_t place;

	if (fd == -1)
		return SENDS_TROUBLE;
	place = find(fd, user, (uint32_t)(now / DAY), &r);
	if (place != -1)
		got = add(&r, n, limit);
	if ((got == SENDS_OK || got == SENDS_FIRST) &&
	    store(fd, &r, place) == -1)
		got = SENDS_TROUBLE;
	(void)close(fd);
	return got;
}

long
sends_today(const char *run, const char *user, time_t now)
{
	int fd = table_open(run, "sends", 0);
	struct record r;
	off_t place;

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	place = find(fd, user, (uint32_t)(now / DAY), &r);
	(void)close(fd);
	if (place == -1)
		return errno == ENOSPC ? 0 : -1;
	return (long)r.count;
}
