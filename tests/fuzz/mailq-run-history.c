#include "mailq-run/history.h"

#include "tests/fuzz/fuzz.h"

/* Lines lie within the log; what was read is written and read alike. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = exact(data, len);
	struct span rest = { text, len }, again;
	struct history_line l, twice;
	struct buf scratch, other, line;

	buf_init(&scratch, 1 << 20);
	buf_init(&other, 1 << 20);
	buf_init(&line, 1 << 20);
	while (history_next(&rest, &l, &scratch) == 1) {
		PROMISE(rest.p >= text && rest.p <= text + len);
		PROMISE(l.rcpt < SPOOL_RCPTS);
		if (l.reply.len > HISTORY_REPLY || l.remote.len > 200)
			continue;
		buf_reset(&line);
		history_put(&line, &l);
		PROMISE(
		    memchr(line.p, '\n', line.len) == line.p + line.len - 1);
		again = buf_all(&line);
		PROMISE(history_next(&again, &twice, &other) == 1);
		PROMISE(twice.when == l.when && twice.kind == l.kind);
		PROMISE(twice.tries == l.tries && twice.state == l.state);
		PROMISE(span_eq(twice.reply, l.reply));
	}
	buf_free(&scratch);
	buf_free(&other);
	buf_free(&line);
	free(text);
	return 0;
}
