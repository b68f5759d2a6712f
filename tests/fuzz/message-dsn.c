#include "message/dsn.h"

#include "message/header.h"
#include "tests/fuzz/fuzz.h"

enum { TEXTS = 10 };

static size_t
lines_of(struct span s, struct span line)
{
	struct span one;
	size_t n = 0;

	while (s.len > 0) {
		one = span_cut(&s, '\n');
		n += span_eq(one, line);
	}
	return n;
}

/* The input is cut at its NULs into the texts of a report.  Whatever they
 * are, its header parses, and it has exactly three parts. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span rest = { exact(data, len), len }, first = rest;
	struct dsn_rcpt rcpt = { .last_attempt = 1, .retry_until = 2 };
	struct dsn d = { .rcpt = &rcpt, .rcpts = 1, .now = 1 };
	struct span *const texts[TEXTS] = { &d.id, &d.to, &d.envid, &rcpt.final,
		&rcpt.orcpt, &rcpt.status, &rcpt.remote, &rcpt.diagnostic,
		&d.reporting_mta, &d.header };
	struct span body, mark;
	struct field f;
	struct buf b;
	size_t i;

	for (i = 0; i < TEXTS; i++)
		*texts[i] = span_cut(&rest, '\0');
	d.body = rest;
	d.full = len % 2 == 0;
	rcpt.action = (enum dsn_action)(len % 5);
	buf_init(&b, 100000 + 40 * len);
	dsn_put(&b, &d);
	PROMISE(!b.over);
	PROMISE(header_find(buf_all(&b), "Content-Type", &f));
	mark = f.value;
	while (!span_starts(mark, "boundary=\""))
		mark = span_from(mark, 1);
	mark = span_from(mark, strlen("boundary=\"") - 2);
	mark.len--;
	body = buf_all(&b);
	while (header_next(&body, &f) == 1)
		;
	b.p[mark.p - b.p] = b.p[mark.p - b.p + 1] = '-';
	PROMISE(lines_of(body, mark) == 3);
	buf_free(&b);
	free((void *)(uintptr_t)first.p);
	return 0;
}
