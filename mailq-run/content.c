#include "mailq-run/content.h"

/* Octets before the next CR or LF. */
static size_t
plain(struct span s)
{
	const char *lf = memchr(s.p, '\n', s.len);
	size_t n = lf == NULL ? s.len : (size_t)(lf - s.p);
	const char *cr = memchr(s.p, '\r', n);

	return cr == NULL ? n : (size_t)(cr - s.p);
}

size_t
content_put(struct content *c, struct span in, char *out)
{
	char *at = out;
	size_t n;

	while (in.len > 0) {
		if (c->cr && *in.p != '\n') {
			*at++ = ' ';
			c->inside = true;
		}
		c->cr = *in.p == '\r';
		if (*in.p == '\n') {
			*at++ = '\r';
			*at++ = '\n';
			c->inside = false;
		}
		if (*in.p == '\n' || *in.p == '\r') {
			in = span_from(in, 1);
			continue;
		}
		if (!c->inside && *in.p == '.')
			*at++ = '.';
		n = plain(in);
		memcpy(at, in.p, n);
		at += n;
		in = span_from(in, n);
		c->inside = true;
	}
	return (size_t)(at - out);
}

size_t
content_end(struct content *c, char *out)
{
	char *at = out;

	if (c->cr)
		*at++ = ' ';
	if (c->inside || c->cr) {
		*at++ = '\r';
		*at++ = '\n';
	}
	memcpy(at, ".\r\n", 3);
	*c = (struct content){ .inside = false };
	return (size_t)(at + 3 - out);
}
