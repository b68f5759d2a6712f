/* What drafts and answers are made of: addresses, ids, dates. */
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-send.h"
#include "maildir/cmd-person.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/list.h"
#include "message/word.h"

enum { LIST_ROOM = 512 * 1024 };

int
send_read(struct buf *b, int fd)
{
	char piece[65536];
	ssize_t n = -1;

	if (fd == -1)
		return fail("open");
	while (!b->over &&
	    ((n = read(fd, piece, sizeof(piece))) > 0 ||
		(n == -1 && errno == EINTR)))
		buf_add(b, piece, n > 0 ? (size_t)n : 0);
	(void)close(fd);
	if (b->over)
		return fail_as(EFBIG, "too large");
	return n == -1 ? fail("read") : 0;
}

char *
send_date(char now[DATE_SIZE])
{
	date_zone();
	return date_put(now, time(NULL));
}

void
send_id(struct buf *b)
{
	char host[256];

	person_host(host);
	buf_printf(b, "<%jx.%08x%08x@%s>", (uintmax_t)time(NULL), arc4random(),
	    arc4random(), host);
}

int
send_addresses(struct span value, char ***address, size_t *n)
{
	struct buf scratch;
	struct mailbox m;
	struct list l;
	enum list_kind k;
	char **p, *one;

	buf_init(&scratch, LIST_ROOM);
	list_begin(&l, value);
	while ((k = list_next(&l, &scratch, &m)) != LIST_END) {
		if (k != LIST_MAILBOX || m.local.len == 0)
			continue;
		if (asprintf(&one, "%.*s%s%.*s", (int)m.local.len, m.local.p,
			m.domain.len > 0 ? "@" : "", (int)m.domain.len,
			m.domain.len > 0 ? m.domain.p : "") == -1 ||
		    (p = reallocarray(*address, *n + 2, sizeof(*p))) == NULL)
			err(EX_TEMPFAIL, "addresses");
		*address = p;
		p[(*n)++] = one;
		p[*n] = NULL;
	}
	buf_free(&scratch);
	return l.rest.len == 0 ?
	    0 :
	    fail_as(E2BIG,
		"a field has more than %d addresses, or one that is too long",
		LIST_MANY);
}

void
send_people(struct buf *out, const struct letter *l, const char *field)
{
	struct buf scratch, name;
	struct mailbox m;
	struct field f;
	struct list list;
	enum list_kind k;

	if (!header_find(l->header, field, &f))
		return;
	buf_init(&scratch, 512 * 1024);
	buf_init(&name, 512 * 1024);
	list_begin(&list, f.value);
	while ((k = list_next(&list, &scratch, &m)) != LIST_END) {
		if (k != LIST_MAILBOX || m.local.len == 0)
			continue;
		buf_str(out, out->len > 0 ? ", " : "");
		buf_reset(&name);
		word_decode(&name, m.name);
		if (name.len > 0)
			buf_char(out, '"');
		for (size_t i = 0; i < name.len; i++) {
			if (name.p[i] == '"' || name.p[i] == '\\')
				buf_char(out, '\\');
			buf_char(out, name.p[i]);
		}
		buf_str(out, name.len > 0 ? "\" <" : "");
		word_line(out, m.local);
		buf_str(out, m.domain.len > 0 ? "@" : "");
		if (m.domain.len > 0)
			word_line(out, m.domain);
		buf_str(out, name.len > 0 ? ">" : "");
	}
	buf_free(&scratch);
	buf_free(&name);
}
