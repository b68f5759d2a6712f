#include "session/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/address.h"

/* The file's octets: all slots at 0; 4096 for each address or user, IPv4 at
 * 2^44, users at 2^45, IPv6 networks (62 - 12 bits of them) from 2^62. */
#define EACH_BITS 12
#define IPV4_AT (INT64_C(1) << 44)
#define USERS_AT (INT64_C(1) << 45)
#define IPV6_AT (INT64_C(1) << 62)

static int
open_file(const char *run, const char *service)
{
	char path[PATH_MAX];
	int fd, flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;

	(void)snprintf(path, sizeof(path), "%s/slots-%s", run, service);
	fd = open(path, flags, 0600);
	if (fd == -1 && errno == ENOENT && mkdir(run, 0700) == 0 &&
	    chmod(run, 0755) == 0)
		fd = open(path, flags, 0600);
	return fd == -1 ? fail("%s", path) : fd;
}

/* Lock the first free one of n octets.  Its index; n: none; -1. */
static int
first_free(int fd, off_t at, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct flock l = { .l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = at + (off_t)i,
			.l_len = 1 };

		if (fcntl(fd, F_OFD_SETLK, &l) == 0)
			return (int)i;
		if (errno != EAGAIN && errno != EACCES)
			return fail("lock a slot");
	}
	return (int)n;
}

/* Where the slots of an address are; 0: it has none. */
static off_t
address_at(const char *ip)
{
	struct address_key k = address_key_text(ip);
	uint64_t n = 0;
	int i;

	for (i = 0; i < 8; i++)
		n = n << 8 | k.octets[i];
	if (n == 0)
		return 0;
	if (n >> 32 == 0xffffffff) /* IPv4, see address_key */
		return IPV4_AT + (off_t)((n & 0xffffffff) << EACH_BITS);
	/* 64 bits into 50: two networks that meet share their slots. */
	n *= 0x9e3779b97f4a7c15;
	return IPV6_AT + (off_t)(n >> 14 << EACH_BITS >> 1 & ~0xfffULL);
}

static int
take(int fd, off_t each_at, unsigned all, unsigned each, unsigned *taken,
    const char **limit)
{
	int n;

	*limit = "connections-per-address";
	n = each_at == 0 ? 0 : first_free(fd, each_at, each);
	if (n == -1 || (each_at != 0 && (unsigned)n == each))
		return n == -1 ? -1 : 0;
	*limit = "connections";
	n = first_free(fd, 0, all);
	*taken = (unsigned)n + 1;
	return n == -1 ? -1 : (unsigned)n < all;
}

int
slots_take(struct slots *s, const char *run, const char *service,
    const char *ip, unsigned all, unsigned each, const char **limit)
{
	int r;

	*s = (struct slots){ .fd = open_file(run, service) };
	if (s->fd == -1)
		return -1;
	r = take(s->fd, address_at(ip), all, each, &s->taken, limit);
	s->stress = s->taken * 5 > all * 4;
	if (r != 1)
		slots_close(s);
	return r;
}

/* 32 bits of the name: two that meet share their slots. */
static off_t
user_at(const char *user)
{
	uint32_t h = 0x811c9dc5;

	for (; *user != '\0'; user++)
		h = (h ^ (unsigned char)*user) * 0x01000193;
	return USERS_AT + ((off_t)h << EACH_BITS);
}

int
slots_user(struct slots *s, const char *run, const char *service,
    const char *user, unsigned each)
{
	int n;

	if (s->fd == -1 && (s->fd = open_file(run, service)) == -1)
		return -1;
	n = first_free(s->fd, user_at(user), each);
	return n == -1 ? -1 : (unsigned)n < each;
}

int
slots_wait(struct slots *s, const char *run, const char *service, unsigned n,
    unsigned seconds)
{
	int got;

	*s = (struct slots){ .fd = open_file(run, service) };
	if (s->fd == -1)
		return -1;
	for (unsigned tries = seconds * 50;; tries--) {
		got = first_free(s->fd, 0, n);
		if (got != (int)n || tries == 0)
			break;
		(void)poll(NULL, 0, 20);
	}
	if (got != -1 && (unsigned)got < n)
		return 1;
	slots_close(s);
	return got == -1 ? -1 : 0;
}

void
slots_close(struct slots *s)
{
	if (s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
}
