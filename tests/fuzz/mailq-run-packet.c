#include "mailq-run/packet.h"

#include "tests/fuzz/fuzz.h"

/* The first octet chooses the type, the rest is a packet that comes for the
 * question "x.example".  What is believed of it has its bounds and ends. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum dns_type types[] = { DNS_A, DNS_CNAME, DNS_PTR,
		DNS_MX, DNS_TXT, DNS_AAAA, DNS_TLSA };
	struct dns_answer a;
	enum packet_got got;
	char *p;
	size_t i;
	uint16_t id;

	if (len < 3)
		return 0;
	p = exact(data + 1, len - 1);
	id = (uint16_t)(data[1] << 8 | data[2]);
	memset(&a, 0xff, sizeof a);
	got = packet_read(&a, (unsigned char *)p, len - 1, id, "x.example",
	    types[data[0] % 7]);
	free(p);
	if (got == PACKET_ALIAS)
		PROMISE(strnlen(a.name, sizeof a.name) < sizeof a.name);
	if (got == PACKET_REFUSED)
		PROMISE(strnlen(a.why, sizeof a.why) < sizeof a.why);
	if (got != PACKET_ANSWER)
		return 0;
	PROMISE(a.count <= DNS_RRS);
	PROMISE((a.status == DNS_OK) == (a.count > 0));
	PROMISE(strnlen(a.name, sizeof a.name) < sizeof a.name);
	for (i = 0; i < a.count; i++) {
		PROMISE(a.rr[i].len <= DNS_DATA);
		if (types[data[0] % 7] == DNS_MX) {
			PROMISE(memchr(a.rr[i].data, '\0', DNS_NAME) != NULL);
			PROMISE(i == 0 ||
			    a.rr[i - 1].preference <= a.rr[i].preference);
		}
	}
	return 0;
}
