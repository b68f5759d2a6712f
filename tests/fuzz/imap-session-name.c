#include "imap-session/name.h"

#include "message/mutf7.h"
#include "tests/fuzz/fuzz.h"

/* There is one form of each name: what decodes encodes to the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	char disk[NAME_DISK], again[NAME_DISK];
	struct buf utf8, back;

	buf_init(&utf8, 1 << 20);
	buf_init(&back, 1 << 20);
	if (mutf7_decode(&utf8, all) == 0) {
		PROMISE(mutf7_encode(&back, buf_all(&utf8)) == 0);
		PROMISE(span_eq(buf_all(&back), all));
	}
	for (int mode = 0; mode < 2; mode++) {
		if (name_to_disk(disk, all, mode == 1) == -1)
			continue;
		PROMISE(disk[0] != '\0' && disk[0] != '.' &&
		    strchr(disk, '/') == NULL && strstr(disk, "..") == NULL);
		buf_reset(&back);
		name_to_wire(&back, disk, mode == 1);
		PROMISE(name_to_disk(again, buf_all(&back), mode == 1) == 0 &&
		    strcmp(again, disk) == 0);
	}
	if (len > 1)
		(void)name_match(span_n(all.p, len / 2),
		    span_from(all, len / 2));
	buf_free(&utf8);
	buf_free(&back);
	free((void *)(uintptr_t)all.p);
	return 0;
}
