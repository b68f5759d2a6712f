#include "mailq-run/envelope.h"

#include "tests/fuzz/fuzz.h"

/* What the reader takes, the writer writes back; states lie where "at" says;
 * nothing reads past the end. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = exact(data, len), *again;
	struct spool_envelope e, twice;
	struct buf b;
	off_t message;

	buf_init(&b, SPOOL_HEAD);
	if (spool_envelope_parse(&e, text, len, &message) == 0) {
		PROMISE(message > 0 && (size_t)message <= len);
		PROMISE(e.rcpts > 0 && e.rcpts <= SPOOL_RCPTS);
		for (size_t i = 0; i < e.rcpts; i++) {
			PROMISE(e.rcpt[i].at > 0 && e.rcpt[i].at < message);
			PROMISE(data[e.rcpt[i].at] == (uint8_t)e.rcpt[i].state);
			PROMISE(e.rcpt[i].addr[0] != '\0');
		}
		if (spool_envelope_put(&b, &e) == 0) {
			again = exact((const uint8_t *)b.p, b.len);
			PROMISE(spool_envelope_parse(&twice, again, b.len,
				    &message) == 0);
			PROMISE((size_t)message == b.len);
			PROMISE(twice.rcpts == e.rcpts);
			PROMISE(strcmp(twice.from, e.from) == 0);
			PROMISE(twice.arrival == e.arrival);
			spool_envelope_free(&twice);
			free(again);
		}
		spool_envelope_free(&e);
	}
	buf_free(&b);
	free(text);
	return 0;
}
