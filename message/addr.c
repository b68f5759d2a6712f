/* One path of MAIL or RCPT, read left to right over a shrinking span.
 *
 * Lenient where real clients err (brackets, blanks, dots), strict in what can
 * come out: printable ASCII or valid UTF-8 without controls, within the sizes
 * of RFC 5321 s. 4.5.3.1, one address only. */
#include "message/addr.h"

#include "message/utf8.h"

static bool
take(struct span *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

static void
skip_blanks(struct span *s)
{
	while (take(s, ' ') || take(s, '\t'))
		;
}

/* atext of RFC 5322 s. 3.2.3; UTF-8 is judged apart. */
static bool
atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Move one character, 1 to 4 octets, from *s to the end of "out".
 * -1: control, broken UTF-8 or no room. */
static int
move(struct span *s, char *out, size_t *len, size_t max, bool *utf8)
{
	uint32_t code;
	size_t n = utf8_get(*s, &code);

	if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	    n > max - *len)
		return -1;
	memcpy(out + *len, s->p, n);
	*len += n;
	out[*len] = '\0';
	*utf8 |= n > 1;
	*s = span_from(*s, n);
	return 0;
}

static bool
beyond_ascii(char c)
{
	return (unsigned char)c > 0x7f;
}

/* What stands in a local part without quotes. */
static bool
local_text(char c)
{
	return atext(c) || c == '.' || beyond_ascii(c);
}

/* Letter, digit, hyphen, dot; underscores are in use. */
static bool
domain_text(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    beyond_ascii(c);
}

/* Dots anywhere, quoted strings anywhere, a backslash before anything
 * (RFC 821 had it outside of quotes too). */
static int
read_local(struct span *s, struct addr *a)
{
	bool quoted = false;
	size_t len = 0;

	for (;;) {
		if (take(s, '"')) {
			quoted = !quoted;
			continue;
		}
		if (take(s, '\\')) {
			if (s->len == 0)
				return -1;
		} else if (!quoted && (s->len == 0 || !local_text(s->p[0])))
			break;
		if (move(s, a->local, &len, ADDR_LOCAL_MAX, &a->utf8) == -1)
			return -1;
	}
	return len == 0 ? -1 : 0;
}

/* "[" dtext "]" as it is: which address it means, domain_literal tells. */
static int
read_literal(struct span *s, struct addr *a)
{
	bool utf8 = false;
	size_t len = 0;

	do {
		if (s->len == 0 || s->p[0] == ' ' || s->p[0] == '\\' ||
		    (s->p[0] == '[' && len > 0) ||
		    move(s, a->domain, &len, ADDR_DOMAIN_MAX, &utf8) == -1)
			return -1;
	} while (a->domain[len - 1] != ']');
	return utf8 || len == 2 ? -1 : 0;
}

static int
read_domain(struct span *s, struct addr *a)
{
	size_t len = 0;
	char last = '.';

	if (s->len > 0 && s->p[0] == '[')
		return read_literal(s, a);
	while (s->len > 0 && domain_text(s->p[0])) {
		if (s->p[0] == '.' && last == '.')
			return -1;
		last = s->p[0];
		if (move(s, a->domain, &len, ADDR_DOMAIN_MAX, &a->utf8) == -1)
			return -1;
	}
	if (len > 0 && last == '.')
		a->domain[--len] = '\0';
	return len == 0 ? -1 : 0;
}

/* "@a,@b:" (RFC 5321 s. 4.1.1.3: to be ignored). */
static int
skip_route(struct span *s)
{
	struct addr hop;

	while (take(s, '@')) {
		memset(&hop, 0, sizeof hop);
		if (read_domain(s, &hop) == -1)
			return -1;
		if (take(s, ':'))
			return 0;
		if (!take(s, ','))
			return -1;
		(void)take(s, ' ');
	}
	return -1;
}

int
addr_path(struct span *rest, struct addr *a)
{
	struct span s = *rest;
	bool bracket;

	memset(a, 0, sizeof *a);
	skip_blanks(&s);
	bracket = take(&s, '<');
	if (bracket && take(&s, '>'))
		goto end;
	if (bracket)
		skip_blanks(&s);
	if (s.len > 0 && s.p[0] == '@' && skip_route(&s) == -1)
		return -1;
	if (read_local(&s, a) == -1)
		return -1;
	if (take(&s, '@') && read_domain(&s, a) == -1)
		return -1;
	if (bracket) {
		skip_blanks(&s);
		if (!take(&s, '>'))
			return -1;
	}
end:
	if (s.len > 0 && s.p[0] != ' ' && s.p[0] != '\t')
		return -1;
	*rest = span_trim(s);
	return 0;
}

static bool
dot_string(const char *s)
{
	char last = '.';

	for (; *s != '\0'; last = *s++)
		if (*s == '.' ? last == '.' :
				(unsigned char)*s < 0x80 && !atext(*s))
			return false;
	return last != '.';
}

void
addr_put(struct buf *b, const struct addr *a)
{
	const char *s;

	if (addr_null(a))
		return;
	if (dot_string(a->local))
		buf_str(b, a->local);
	else {
		buf_char(b, '"');
		for (s = a->local; *s != '\0'; s++) {
			if (*s == '"' || *s == '\\')
				buf_char(b, '\\');
			buf_char(b, *s);
		}
		buf_char(b, '"');
	}
	if (a->domain[0] != '\0') {
		buf_char(b, '@');
		buf_str(b, a->domain);
	}
}

bool
addr_same(const struct addr *a, const struct addr *b)
{
	return strcmp(a->local, b->local) == 0 &&
	    span_same(span(a->domain), span(b->domain));
}

void
xtext_put(struct buf *b, struct span s)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c;
	size_t i;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (c > ' ' && c < 0x7f && c != '+' && c != '=')
			buf_char(b, s.p[i]);
		else
			buf_add(b, (char[]){ '+', hex[c >> 4], hex[c & 15] },
			    3);
	}
}

/* One octet off the front of *s; -1: malformed. */
static int
xtext_octet(struct span *s)
{
	unsigned char c = (unsigned char)s->p[0];
	int high, low;

	*s = span_from(*s, 1);
	if (c <= ' ' || c >= 0x7f || c == '=')
		return -1;
	if (c != '+')
		return c;
	if (s->len < 2 || (high = span_hex(s->p[0])) == -1 ||
	    (low = span_hex(s->p[1])) == -1)
		return -1;
	*s = span_from(*s, 2);
	return high << 4 | low;
}

bool
xtext_ok(struct span s)
{
	while (s.len > 0)
		if (xtext_octet(&s) == -1)
			return false;
	return true;
}

int
xtext_decode(struct buf *b, struct span s)
{
	if (!xtext_ok(s))
		return -1;
	while (s.len > 0)
		buf_char(b, (char)xtext_octet(&s));
	return 0;
}
