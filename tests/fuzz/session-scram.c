#include "session/scram.h"

#include "tests/fuzz/fuzz.h"

/* An entry of the users file, the first and the second message of a client,
 * one to a line.  Nobody gets in: the keys are of no password. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct scram s;
	static const struct scram_binding binding = { .exporter_len = 4,
		.end_point_len = 4,
		.exporter = "exp",
		.end_point = "end" };
	struct span all = { exact(data, len), len }, rest = all;
	struct span entry = span_cut(&rest, '\n');
	struct span first = span_cut(&rest, '\n');
	char text[1024];
	struct buf out;

	buf_init(&out, (size_t)4 * SCRAM_TEXT_MAX);
	memset(&s, 0, sizeof(s));
	memset(&s.key.stored, 1, sizeof(s.key.stored));
	s.key.iterations = 4096;
	if (entry.len < sizeof(text)) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)entry.len,
		    entry.len > 0 ? entry.p : "");
		if (scram_key_parse(&s.key, text) == 1) {
			PROMISE(s.key.salt_len <= SCRAM_SALT_MAX);
			PROMISE(s.key.iterations > 0 &&
			    s.key.iterations <= SCRAM_ITERATIONS_MAX);
			memset(&s.key.stored, 1, sizeof(s.key.stored));
		}
	}
	if (first.p != NULL &&
	    scram_first(&s, first, len % 2 == 0,
		len % 3 == 0 ? NULL : &binding) == 0) {
		PROMISE(strnlen(s.name, sizeof(s.name)) < sizeof(s.name));
		scram_challenge(&s, (const uint8_t *)"123456789012345678",
		    &out);
		PROMISE(out.over || out.len > 0);
		buf_reset(&out);
		if (rest.p != NULL)
			PROMISE(scram_final(&s, rest, &out) != 1);
	}
	buf_free(&out);
	free((void *)(uintptr_t)all.p);
	return 0;
}
