#include "maildir/cmd-digest.h"

#include <sha2.h>

#include "message/header.h"

/* The body without CR before LF, and without the line ends at its end. */
static void
add_body(SHA2_CTX *x, struct span s)
{
	size_t n;

	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
		s.len--;
	for (; s.len > 0; s = span_from(s, n)) {
		n = span_find(s, '\r');
		SHA256Update(x, (const uint8_t *)s.p, n);
		if (n == s.len)
			break;
		if (n + 1 == s.len || s.p[n + 1] != '\n')
			SHA256Update(x, (const uint8_t *)"\r", 1);
		n++;
	}
}

bool
digest_message(char out[DIGEST_SIZE], struct span message)
{
	struct span body = message, id;
	struct field f;
	SHA2_CTX x;

	if (!header_find(message, "Message-ID", &f))
		return false;
	id = span_trim(f.value);
	if (id.len == 0)
		return false;
	while (header_next(&body, &f) == 1)
		;
	SHA256Init(&x);
	SHA256Update(&x, (const uint8_t *)id.p, id.len);
	SHA256Update(&x, (const uint8_t *)"", 1);
	add_body(&x, body);
	(void)SHA256End(&x, out);
	return true;
}
