/* Nothing here has to be right, or durable: a host too many in the list costs
 * its mail ten minutes, one too few a call in vain. */
#include "mailq-run/hosts.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/buf.h"
#include "message/span.h"

enum { FILE_MAX = HOSTS_MOST * (HOSTS_ADDRESS + HOSTS_WHY + 24) };

static size_t
find(const struct hosts *h, const char *address)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (strcmp(h->line[i].address, address) == 0)
			break;
	return i;
}

static void
put(char *out, size_t size, struct span s)
{
	size_t n = s.len < size ? s.len : size - 1;

	memcpy(out, s.p, n);
	out[n] = '\0';
}

static void
read_line(struct hosts *h, struct span line, time_t now)
{
	struct hosts_line *l = &h->line[h->count];
	struct span until = span_word(&line), address = span_word(&line);
	uint64_t n;

	if (span_number(until, INT64_MAX, &n) == -1 || (time_t)n <= now ||
	    (time_t)n > now + HOSTS_SECONDS || address.len == 0 ||
	    address.len >= sizeof(l->address)) {
		h->changed = true; /* its time is over */
		return;
	}
	l->until = (time_t)n;
	put(l->address, sizeof(l->address), address);
	put(l->why, sizeof(l->why), span_trim(line));
	h->count++;
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
	ok = write(fd, text.p, text.len) == (ssize_t)text.len;
	(void)close(fd);
	if (!ok || renameat(spool, "tmp/hosts", spool, "hosts") == -1) {
		(void)unlinkat(spool, "tmp/hosts", 0);
		return -1;
	}
	return 0;
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
			buf_printf(&b, "%lld %s %s\n",
			    (long long)h->line[i].until, h->line[i].address,
			    h->line[i].why);
	if (!b.over && write_file(spool, buf_all(&b)) == 0)
		h->changed = false;
	buf_free(&b);
}

const char *
hosts_find(const struct hosts *h, const char *address, time_t now)
{
	size_t i = find(h, address);

	return i < h->count && h->line[i].until > now ? h->line[i].why : NULL;
}

void
hosts_dead(struct hosts *h, const char *address, const char *why, time_t now)
{
	size_t i = find(h, address);
	struct hosts_line *l;

	if (h->line == NULL || i == HOSTS_MOST)
		return;
	l = &h->line[i];
	if (i == h->count)
		h->count++;
	else if (l->until > now)
		return; /* the time is not stretched */
	l->until = now + HOSTS_SECONDS;
	(void)strlcpy(l->address, address, sizeof(l->address));
	(void)strlcpy(l->why, why, sizeof(l->why));
	h->changed = true;
}

void
hosts_alive(struct hosts *h, const char *address)
{
	size_t i = find(h, address);

	if (i == h->count)
		return;
	h->line[i] = h->line[--h->count];
	h->changed = true;
}
