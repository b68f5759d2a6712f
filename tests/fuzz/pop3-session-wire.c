#include "pop3-session/wire.h"

#include "tests/fuzz/fuzz.h"

/* However a message is cut, the same octets come out; no line begins with a
 * lone dot, none ends without CR. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span in = { exact(data, len), len };
	char *one = malloc(2 * len + 5), *two = malloc(2 * len + 5);
	uint64_t lines = len > 0 && data[0] < 8 ? data[0] : WIRE_ALL;
	size_t at = len > 1 ? data[1] % len : 0, n, k;
	struct wire a, b;

	if (one == NULL || two == NULL)
		abort();
	wire_init(&a, lines);
	n = wire_put(&a, in, one);
	PROMISE(n <= 2 * len);
	n += wire_end(&a, one + n);
	wire_init(&b, lines);
	k = wire_put(&b, span_n(in.p, at), two);
	k += wire_put(&b, span_from(in, at), two + k);
	k += wire_end(&b, two + k);
	PROMISE(n == k && memcmp(one, two, n) == 0 && a.octets == b.octets);
	PROMISE(n >= 3 && memcmp(one + n - 3, ".\r\n", 3) == 0);
	for (size_t i = 0; i + 3 < n; i++) {
		PROMISE(one[i] != '\n' || (i > 0 && one[i - 1] == '\r'));
		if (one[i] == '.' && (i == 0 || one[i - 1] == '\n'))
			PROMISE(one[i + 1] == '.');
	}
	free((void *)(uintptr_t)in.p);
	free(one);
	free(two);
	return 0;
}
