#include "smtp-session/envelope.h"

#include "tests/fuzz/fuzz.h"

static void
clean(const char *s, size_t size)
{
	size_t i, len = strnlen(s, size);

	PROMISE(len < size);
	for (i = 0; i < len; i++)
		PROMISE((unsigned char)s[i] >= ' ' && s[i] != 0x7f);
}

/* What MAIL and RCPT take has no control octet in any field, and its xtext is
 * xtext. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len }, orcpt;
	struct envelope e;
	struct recipient r;

	if (envelope_mail(&e, all) == ENVELOPE_OK) {
		clean(e.from, sizeof e.from);
		clean(e.envid, sizeof e.envid);
		PROMISE(xtext_ok(span(e.envid)));
		PROMISE(!e.sender.utf8 || e.utf8);
	}
	if (envelope_rcpt(&r, all, len % 2 == 0) == ENVELOPE_OK) {
		clean(r.text, sizeof r.text);
		clean(r.orcpt, sizeof r.orcpt);
		PROMISE(!addr_null(&r.addr));
		PROMISE(!r.addr.utf8 || len % 2 == 0);
		orcpt = span(r.orcpt);
		PROMISE(orcpt.len == 0 || span_find(orcpt, ';') < orcpt.len);
	}
	if (envelope_path(&r, all) == ENVELOPE_OK)
		clean(r.text, sizeof r.text);
	free((void *)(uintptr_t)all.p);
	return 0;
}
