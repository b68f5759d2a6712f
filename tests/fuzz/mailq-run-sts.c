#include "mailq-run/sts.h"

#include "tests/fuzz/fuzz.h"

/* What was understood of a policy stays what it is when it is read again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	static struct sts s;
	static struct dns_answer a;
	char id[STS_ID];

	if (sts_parse(&s, all, 1000) == 0) {
		struct span rest = span(s.mx), one;

		PROMISE(s.until >= 1000);
		while ((one = span_cut(&rest, '\n')).len > 0) {
			char host[STS_TEXT];

			(void)snprintf(host, sizeof(host), "%.*s", (int)one.len,
			    one.p);
			PROMISE(sts_match(&s, host) || host[0] == '*');
		}
	}
	a.status = DNS_OK;
	a.count = 1;
	a.rr[0].len = (uint16_t)(len < DNS_DATA ? len : DNS_DATA);
	memcpy(a.rr[0].data, all.p, a.rr[0].len);
	if (sts_record(&a, id) == 1)
		PROMISE(id[0] != '\0' && strlen(id) < STS_ID);
	free((void *)(uintptr_t)all.p);
	return 0;
}
