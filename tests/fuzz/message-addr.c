#include "message/addr.h"

#include "message/utf8.h"
#include "tests/fuzz/fuzz.h"

static void
clean(const char *s, size_t most)
{
	size_t i, len = strlen(s);

	PROMISE(len <= most && utf8_ok(span(s)));
	for (i = 0; i < len; i++)
		PROMISE((unsigned char)s[i] >= ' ' && s[i] != 0x7f);
}

/* A path that is taken holds nothing bad, and what addr_put writes is taken
 * again and is the same address. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span rest, all = { exact(data, len), len };
	struct addr a, again;
	struct buf b;

	buf_init(&b, 4 * (size_t)ADDR_MAX);
	rest = all;
	if (addr_path(&rest, &a) == 0) {
		PROMISE(rest.len <= all.len);
		clean(a.local, ADDR_LOCAL_MAX);
		clean(a.domain, ADDR_DOMAIN_MAX);
		PROMISE(addr_null(&a) || a.local[0] != '\0');
		addr_put(&b, &a);
		PROMISE(!b.over);
		rest = buf_all(&b);
		if (!addr_null(&a)) {
			PROMISE(addr_path(&rest, &again) == 0);
			PROMISE(rest.len == 0 && addr_same(&a, &again));
		}
	}
	buf_free(&b);
	free((void *)(uintptr_t)all.p);
	return 0;
}
