#include "maildir/flags.h"
#include "maildir/maildir.h"
#include "maildir/names.h"

#include "tests/fuzz/fuzz.h"

static char *
text(const uint8_t *p, size_t n)
{
	char *s = malloc(n + 1);

	if (s == NULL)
		abort();
	if (n > 0)
		(void)memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

/* What flags_get calls plain comes back from flags_put as it was; the order of
 * delivery is an order; a name finds itself. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t half = len / 2;
	char *a = text(data, half), *b = text(data + half, len - half);
	struct name_at at = { .base = (uint16_t)name_base(a) };
	char out[FLAGS_NAME];
	struct names t;
	uint64_t words, n;
	uint32_t flags;

	PROMISE(name_stem(a) <= name_base(a) && name_base(a) <= strlen(a));
	(void)name_size(a, 'S', &n);
	PROMISE(name_order(a, a) == 0);
	PROMISE((name_order(a, b) < 0) == (name_order(b, a) > 0));
	if (flags_get(a, &flags, &words) && strlen(a) <= 255) {
		flags_put(out, a, name_base(a), flags, words);
		PROMISE(strcmp(out + 4, a) == 0);
	}
	if (strlen(a) <= 255) {
		flags_put(out, a, name_base(a), FLAG_SEEN, 1);
		PROMISE(strlen(out) < FLAGS_NAME);
		PROMISE(names_index(&t, a, &at, sizeof(at), 1) == 0);
		PROMISE(names_find(&t, a) == 0);
		(void)names_find(&t, b);
		names_free(&t);
	}
	free(a);
	free(b);
	return 0;
}
