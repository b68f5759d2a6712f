#include "message/date.h"

#include "tests/fuzz/fuzz.h"

/* What is read can be written and is read again as the same time. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	struct date d, again;
	char text[DATE_SIZE];

	if (date_read(all, &d) == 0) {
		PROMISE(d.month >= 1 && d.month <= 12);
		PROMISE(d.day >= 1 && d.day <= 31);
		PROMISE(d.zone > -6000 && d.zone < 6000);
		(void)date_put(text, d.when);
		/* A zone may carry it out of the years that are written. */
		if (d.year > 1900 && d.year < 9999) {
			PROMISE(date_read(span(text), &again) == 0);
			PROMISE(again.when == d.when);
		}
	}
	free((void *)(uintptr_t)all.p);
	return 0;
}
