/* Nothing here has to be right, or durable: a host too many in the list costs
 * its mail ten minutes, one too few a call in vain. */
#include "mailq-run/hosts.h"

#include <bsd/string.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/buf.h"
#include "message/file.h"
#include "message/span.h"

enum { FILE_MAX = HOSTS_MOST * (HOSTS_ADDRESS + HOSTS_WHY + 24) };

static const char *const kinds[] = {
	[HOSTS_DEAD] = "dead",
	[HOSTS_LETTERS] = "letters",
	[HOSTS_CONNECTIONS] = "connections",
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static size_t
find(const struct hosts *h, enum hosts_kind kind, const char *address)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (h->line[i].kind == kind &&
		    strcmp(h->line[i].address, address) == 0)
			break;
	return i;
}

static time_t
lasts(enum hosts_kind kind)
{
	return kind == HOSTS_DEAD ? HOSTS_SECONDS : HOSTS_LIMITS;
}

static void
put(char *out, size_t size, struct span s)
{
	size_t n = s.len < size ? s.len : size - 1;

	memcpy(out, s.p, n);
	out[n] = '\0';
}

static bool
parse(struct hosts_line *l, struct span line, time_t now)
{
	struct span kind = span_word(&line), until = span_word(&line);
	struct span address = span_word(&line), rest = span_trim(line);
	uint64_t n;
	size_t k;

	for (k = 0; k < KINDS; k++)
		if (span_eq(kind, span(kinds[k])))
			break;
	if (k == KINDS || span_number(until, INT64_MAX, &n) == -1)
		return false;
	l->kind = (enum hosts_kind)k;
	l->until = (time_t)n;
	if (l->until <= now || l->until > now + lasts(l->kind) ||
	    address.len == 0 || address.len >= sizeof(l->address))
		return false;
	put(l->address, sizeof(l->address), address);
	put(l->why, sizeof(l->why), rest);
	l->n = 0;
	if (l->kind == HOSTS_DEAD)
		return true;
	if (span_number(rest, 1000, &n) == -1 || n == 0)
		return false;
	l->n = (unsigned)n;
	return true;
}

static void
read_line(struct hosts *h, struct span line, time_t now)
{
	if (parse(&h->line[h->count], line, now))
		h->count++;
	else
		h->changed = true; /* its time is over */
}

static void
read_file(struct buf *b, int spool)
{
	char block[8192];
	ssize_t n;
	int fd;

	fd = openat(spool, "hosts", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_add(b, block, (size_t)n);
	(void)close(fd);
}

void
hosts_load(struct hosts *h, int spool, time_t now)
{
	struct buf b;
	struct span rest;

	*h = (struct hosts){ .count = 0 };
	h->line = calloc(HOSTS_MOST, sizeof(*h->line));
	if (h->line == NULL)
		return;
	buf_init(&b, FILE_MAX);
	read_file(&b, spool);
	rest = buf_all(&b);
	while (rest.len > 0 && h->count < HOSTS_MOST)
		read_line(h, span_cut(&rest, '\n'), now);
	buf_free(&b);
}

static int
write_file(int spool, struct span text)
{
	int fd, ok;

	fd = openat(spool, "tmp/hosts",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	ok = file_write(fd, text) == 0;
	(void)close(fd);
	if (!ok || renameat(spool, "tmp/hosts", spool, "hosts") == -1) {
		(void)unlinkat(spool, "tmp/hosts", 0);
		return -1;
	}
	return 0;
}

static void
put_line(struct buf *b, const struct hosts_line *l)
{
	buf_printf(b, "%s %lld %s ", kinds[l->kind], (long long)l->until,
	    l->address);
	if (l->kind == HOSTS_DEAD)
		buf_printf(b, "%s\n", l->why);
	else
		buf_printf(b, "%u\n", l->n);
}

void
hosts_save(struct hosts *h, int spool, time_t now)
{
	struct buf b;

	if (!h->changed)
		return;
	buf_init(&b, FILE_MAX);
	for (size_t i = 0; i < h->count; i++)
		if (h->line[i].until > now)
			put_line(&b, &h->line[i]);
	if (!b.over && write_file(spool, buf_all(&b)) == 0)
		h->changed = false;
	buf_free(&b);
}

const char *
hosts_find(const struct hosts *h, const char *address, time_t now)
{
	size_t i = find(h, HOSTS_DEAD, address);

	return i < h->count && h->line[i].until > now ? h->line[i].why : NULL;
}

/* The line of an address, made when there is none; NULL: no room. */
static struct hosts_line *
get(struct hosts *h, enum hosts_kind kind, const char *address)
{
	size_t i = find(h, kind, address);

	if (h->line == NULL || i == HOSTS_MOST)
		return NULL;
	if (i == h->count) {
		h->line[i] = (struct hosts_line){ .kind = kind };
		(void)strlcpy(h->line[i].address, address, HOSTS_ADDRESS);
		h->count++;
	}
	return &h->line[i];
}

void
hosts_dead(struct hosts *h, const char *address, const char *why, time_t now)
{
	struct hosts_line *l = get(h, HOSTS_DEAD, address);

	if (l == NULL || l->until > now)
		return; /* the time is not stretched */
	l->until = now + HOSTS_SECONDS;
	(void)strlcpy(l->why, why, sizeof(l->why));
	h->changed = true;
}

void
hosts_alive(struct hosts *h, const char *address)
{
	size_t i = find(h, HOSTS_DEAD, address);

	if (i == h->count)
		return;
	h->line[i] = h->line[--h->count];
	h->changed = true;
}

void
hosts_learn(struct hosts *h, enum hosts_kind kind, const char *address,
    unsigned n, time_t now)
{
	struct hosts_line *l = get(h, kind, address);

	if (l == NULL || n == 0)
		return;
	l->until = now + HOSTS_LIMITS;
	l->n = n;
	h->changed = true;
}

unsigned
hosts_limit(const struct hosts *h, enum hosts_kind kind, const char *address,
    time_t now)
{
	size_t i = find(h, kind, address);

	return i < h->count && h->line[i].until > now ? h->line[i].n : 0;
}
