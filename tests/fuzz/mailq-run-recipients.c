#include "mailq-run/recipients.h"

#include "tests/fuzz/fuzz.h"

/* No address that is given out can be more than one SMTP argument. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = exact(data, len);
	struct recipients r;

	recipients_init(&r);
	(void)recipients_add(&r, span_n(text, len));
	for (size_t i = 0; i < r.n; i++) {
		const char *a = recipients_get(&r, i);

		PROMISE(a[0] != '\0');
		PROMISE(strpbrk(a, "<>\r\n") == NULL);
	}
	recipients_free(&r);
	free(text);
	return 0;
}
