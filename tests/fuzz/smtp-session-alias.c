#include "smtp-session/alias.h"

#include "message/fail.h"
#include "tests/fuzz/fuzz.h"

/* The input is an aliases file.  Whatever "bob" is in it, each value of it can
 * be told. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct alias_file f = { .path = "aliases" };
	struct span values, rest;
	struct buf found, plain;
	unsigned line;

	buf_init(&f.text, len);
	buf_add(&f.text, data, len);
	buf_init(&found, ALIAS_VALUES_MAX);
	buf_init(&plain, ALIAS_VALUES_MAX);
	if (alias_find(&f, "bob", &found, &line) == 1) {
		PROMISE(line >= 1 && line <= len + 1);
		PROMISE(found.len == 0 || found.p[found.len - 1] == '\0');
		for (values = buf_all(&found); values.len > 0;)
			(void)alias_kind(span_cut(&values, '\0'), &plain,
			    &rest);
	}
	buf_free(&found);
	buf_free(&plain);
	buf_free(&f.text);
	return 0;
}
