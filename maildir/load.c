#include "maildir/load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "message/fail.h"
#include "message/file.h"
#include "message/header.h"

enum {
	FIRST = 8 * 1024, /* octets in which most headers end */
	KEPT = 1 << 20, /* of memory, from one message to the next */
	LARGE = 32 << 20, /* more may be too much at any time */
};

static int
room(struct load *l, size_t n)
{
	char *p;

	if (n <= l->room && (l->room <= KEPT || n > KEPT))
		return 0;
	p = realloc(l->p, n + 1);
	if (p == NULL)
		return fail_as(n > LARGE ? EFBIG : ENOMEM,
		    "message of %zu octets", n);
	l->p = p;
	l->room = n;
	return 0;
}

/* From what is there up to "want" octets or the end of the file. */
static int
read_more(struct load *l, int fd, size_t want)
{
	ssize_t n;

	if (room(l, want) == -1)
		return -1;
	n = file_read(fd, l->p + l->len, want - l->len, (off_t)l->len);
	if (n == -1)
		return fail("read a message");
	l->len += (size_t)n;
	return 0;
}

struct span
load_header(const struct load *l)
{
	struct span rest = load_span(l);
	struct field f;

	while (header_next(&rest, &f) == 1)
		continue;
	return span_n(l->p, l->len - rest.len);
}

/* Is something behind the header? */
static bool
has_header(const struct load *l)
{
	return memmem(l->p, l->len, "\n\n", 2) != NULL ||
	    memmem(l->p, l->len, "\n\r\n", 3) != NULL;
}

static int
read_message(struct load *l, int fd, bool whole)
{
	struct stat st;
	size_t size, want;

	if (fstat(fd, &st) == -1)
		return fail("stat a message");
	size = (size_t)st.st_size;
	want = whole || size < FIRST ? size : FIRST;
	for (;;) {
		if (read_more(l, fd, want) == -1)
			return -1;
		if (want == size || has_header(l))
			break;
		want = want * 16 < size ? want * 16 : size;
	}
	l->whole = want == size;
	return 0;
}

int
load_message(struct load *l, struct folder *f, uint32_t number, bool whole)
{
	int fd, r;

	if (l->number == number && (l->whole || !whole))
		return 0;
	l->number = 0;
	l->len = 0;
	fd = folder_read(f, number);
	if (fd == -1)
		return -1;
	r = read_message(l, fd, whole);
	(void)close(fd);
	if (r == 0)
		l->number = number;
	return r;
}

void
load_free(struct load *l)
{
	free(l->p);
	*l = (struct load){ 0 };
}
