#include "message/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "message/charset-table.h"
#include "message/utf8.h"

enum {
	NAME_MAX_CHARSET = 40,
	REPLACEMENT = 0xfffd,
	ELSEWHERE_MAX = 192 << 20, /* octets that are sent away at once */
};

static charset_converter *elsewhere;

/* Only these are asked of iconv, by its own names: it has modules for
 * hundreds of sets that no mail uses, and none of them for our sake. */
static const struct {
	const char *name;
	const char *iconv;
} others[] = {
	// clang-format off
	{ "utf16", "UTF-16" },
	{ "utf16be", "UTF-16BE" },
	{ "utf16le", "UTF-16LE" },
	{ "utf32", "UTF-32" },
	{ "utf32be", "UTF-32BE" },
	{ "utf32le", "UTF-32LE" },
	{ "utf7", "UTF-7" },
	{ "unicode11utf7", "UTF-7" },
	{ "gb2312", "GB18030" },
	{ "gbk", "GB18030" },
	{ "cp936", "GB18030" },
	{ "gb18030", "GB18030" },
	{ "big5", "BIG5-HKSCS" },
	{ "big5hkscs", "BIG5-HKSCS" },
	{ "cp950", "CP950" },
	{ "euctw", "EUC-TW" },
	{ "euckr", "CP949" },
	{ "ksc56011987", "CP949" },
	{ "ksc5601", "CP949" },
	{ "cp949", "CP949" },
	{ "iso2022kr", "ISO-2022-KR" },
	{ "johab", "JOHAB" },
	{ "shiftjis", "CP932" },
	{ "sjis", "CP932" },
	{ "xsjis", "CP932" },
	{ "windows31j", "CP932" },
	{ "cp932", "CP932" },
	{ "eucjp", "EUC-JP-MS" },
	{ "eucjpms", "EUC-JP-MS" },
	{ "iso2022jp", "ISO-2022-JP-3" },
	{ "iso2022jp1", "ISO-2022-JP-3" },
	{ "iso2022jp2", "ISO-2022-JP-2" },
	{ "iso2022jp3", "ISO-2022-JP-3" },
	{ "viscii", "VISCII" },
	{ "tcvn", "TCVN" },
	{ "armscii8", "ARMSCII-8" },
	{ "koi8t", "KOI8-T" },
	// clang-format on
};

/* Lower case letters and digits only: nobody agrees on the rest. */
static struct span
fold(char *out, struct span name)
{
	size_t i, n = 0;
	char c;

	for (i = 0; i < name.len && n < NAME_MAX_CHARSET; i++) {
		c = name.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
	}
	return span_n(out, n);
}

static bool
one_of(struct span name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (span_eq(name, span(*list)))
			return true;
	return false;
}

void
charset_elsewhere(charset_converter *convert)
{
	elsewhere = convert;
}

/* Gather what is to be sent away.  0; -1 no memory. */
static int
begin_elsewhere(struct charset *c, const char *name)
{
	c->all = malloc(sizeof(*c->all));
	if (c->all == NULL)
		return -1;
	buf_init(c->all, ELSEWHERE_MAX);
	c->kind = CHARSET_ELSEWHERE;
	c->name = name;
	return 0;
}

int
charset_begin(struct charset *c, struct span raw)
{
	char text[NAME_MAX_CHARSET];
	struct span name = fold(text, raw);
	iconv_t cd;
	size_t i;

	memset(c, 0, sizeof *c);
	c->kind = CHARSET_UTF8;
	if (one_of(name,
		(const char *const[]){ "", "usascii", "ascii", "ansix341968",
		    "iso646us", "utf8", "unknown8bit", "unknown", NULL }))
		return 0;
	c->table = charset_table(name);
	if (c->table != NULL) {
		c->kind = CHARSET_TABLE;
		return 0;
	}
	for (i = 0; i < sizeof others / sizeof *others; i++) {
		if (!span_eq(name, span(others[i].name)))
			continue;
		if (elsewhere != NULL)
			return begin_elsewhere(c, others[i].iconv);
		cd = iconv_open("UTF-8", others[i].iconv);
		if (cd == (iconv_t)-1)
			break;
		c->kind = CHARSET_ICONV;
		c->iconv = cd;
		return 0;
	}
	return -1;
}

/* A module stays loaded while a descriptor of it is open: these are never
 * closed. */
void
charset_load(void)
{
	static iconv_t kept[sizeof others / sizeof *others];
	size_t i;

	if (kept[0] != NULL)
		return;
	for (i = 0; i < sizeof others / sizeof *others; i++)
		if (i == 0 || strcmp(others[i].iconv, others[i - 1].iconv) != 0)
			kept[i] = iconv_open("UTF-8", others[i].iconv);
}

/* How many octets of "s" are US-ASCII. */
static size_t
ascii(struct span s)
{
	size_t n = 0;
	uint64_t eight;

	for (; n + sizeof eight <= s.len; n += sizeof eight) {
		memcpy(&eight, s.p + n, sizeof eight);
		if ((eight & 0x8080808080808080) != 0)
			break;
	}
	while (n < s.len && (unsigned char)s.p[n] < 0x80)
		n++;
	return n;
}

static void
put_table(struct charset *c, struct buf *out, struct span in)
{
	size_t n;

	while (in.len > 0) {
		n = ascii(in);
		buf_add(out, in.p, n);
		in = span_from(in, n);
		if (in.len == 0)
			break;
		utf8_put(out, c->table[(unsigned char)in.p[0] - 0x80]);
		in = span_from(in, 1);
	}
}

/* Whether "s", which is no character, can become one with more octets. */
static bool
begins_character(struct span s)
{
	static const char *const rests[] = { "\x80", "\xbf", "\x80\x80",
		"\xbf\x80", "\x80\x80\x80", "\xbf\x80\x80" };
	char text[8];
	uint32_t code;
	size_t i, n;

	if (s.len == 0 || s.len > 3)
		return false;
	for (i = 0; i < sizeof rests / sizeof *rests; i++) {
		n = strlen(rests[i]);
		memcpy(text, s.p, s.len);
		memcpy(text + s.len, rests[i], n);
		if (utf8_get(span_n(text, s.len + n), &code) == s.len + n)
			return true;
	}
	return false;
}

/* Copies runs of good octets at once.  What remains undone is the beginning
 * of a character at the very end; returned. */
static struct span
put_utf8(struct buf *out, struct span in)
{
	struct span good = { in.p, 0 };
	uint32_t code;
	size_t n;

	while (in.len > 0) {
		n = ascii(in);
		if (n == 0)
			n = utf8_get(in, &code);
		if (n > 0) {
			good.len += n;
			in = span_from(in, n);
			continue;
		}
		buf_span(out, good);
		if (begins_character(in))
			return in;
		utf8_put(out, REPLACEMENT);
		in = span_from(in, 1);
		good = span_n(in.p, 0);
	}
	buf_span(out, good);
	return in;
}

/* The same with iconv. */
static struct span
put_iconv(struct charset *c, struct buf *out, struct span in)
{
	char text[1024];
	char *from, *to;
	size_t left = in.len, room, r;
	int error;

	/* iconv wants a pointer to char, but changes nothing behind it. */
	memcpy(&from, &in.p, sizeof from);
	while (left > 0) {
		to = text;
		room = sizeof text;
		errno = 0;
		r = iconv(c->iconv, &from, &left, &to, &room);
		error = errno;
		buf_add(out, text, sizeof text - room);
		if (r != (size_t)-1 || error == E2BIG)
			continue;
		if (error == EINVAL && left < sizeof c->held)
			break;
		utf8_put(out, REPLACEMENT);
		from++;
		left--;
	}
	return span_n(from, left);
}

static struct span
put_some(struct charset *c, struct buf *out, struct span in)
{
	if (c->kind == CHARSET_ICONV)
		return put_iconv(c, out, in);
	return put_utf8(out, in);
}

void
charset_put(struct charset *c, struct buf *out, struct span in)
{
	struct span rest;

	if (c->kind == CHARSET_ELSEWHERE) {
		buf_span(c->all, in);
		return;
	}
	if (c->kind == CHARSET_TABLE) {
		put_table(c, out, in);
		return;
	}
	/* Give what is held one octet after the other until it is done. */
	while (c->have > 0 && in.len > 0) {
		c->held[c->have++] = in.p[0];
		in = span_from(in, 1);
		rest = put_some(c, out, span_n(c->held, c->have));
		memmove(c->held, rest.p, rest.len);
		c->have = rest.len;
	}
	if (in.len == 0)
		return;
	rest = put_some(c, out, in);
	memcpy(c->held, rest.p, rest.len);
	c->have = rest.len;
}

/* What nobody can convert is read as UTF-8. */
static void
end_elsewhere(struct charset *c, struct buf *out)
{
	if (c->all->over)
		out->over = true;
	if (elsewhere(out, c->name, buf_all(c->all)) == -1)
		(void)put_utf8(out, buf_all(c->all));
	buf_free(c->all);
	free(c->all);
	c->all = NULL;
}

void
charset_end(struct charset *c, struct buf *out)
{
	if (c->kind == CHARSET_ELSEWHERE)
		end_elsewhere(c, out);
	for (; c->have > 0; c->have--)
		utf8_put(out, REPLACEMENT);
	if (c->kind == CHARSET_ICONV)
		(void)iconv_close(c->iconv);
	c->kind = CHARSET_UTF8;
}

int
charset_text(struct buf *out, struct span name, struct span in)
{
	struct charset c;
	int r = charset_begin(&c, name);

	charset_put(&c, out, in);
	charset_end(&c, out);
	return r;
}
