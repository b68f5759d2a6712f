#include "imap-session/name.h"

#include <string.h>

#include "imap-session/mutf7.h"
#include "imap-session/put.h"

enum { PART_MAX = 200, DEPTH_MAX = 32, WIRE_MAX = 4000 };

static bool
is_inbox(struct span s)
{
	return span_same(s, span("INBOX"));
}

/* A part between separators: not empty, no "." (the separator on disk; that
 * also keeps "." and ".." out) and short enough to be a name on disk. */
static bool
part_ok(struct span s)
{
	return s.len > 0 && s.len <= PART_MAX && span_find(s, '.') == s.len;
}

/* A name in modified UTF-7. */
static int
parts_to_disk(char disk[NAME_DISK], struct span name)
{
	struct span rest = name, part;
	unsigned depth = 0;
	size_t n = 0;

	while (rest.p != NULL) {
		part = span_cut(&rest, '/');
		if (!part_ok(part) || ++depth > DEPTH_MAX ||
		    n + part.len + 2 > NAME_DISK)
			return -1;
		if (depth == 1 && is_inbox(part))
			part = span("INBOX");
		if (depth > 1)
			disk[n++] = '.';
		memcpy(disk + n, part.p, part.len);
		n += part.len;
	}
	disk[n] = '\0';
	return 0;
}

int
name_to_disk(char disk[NAME_DISK], struct span wire, bool utf8)
{
	struct buf other;
	int r;

	if (wire.len > 0 && wire.p[wire.len - 1] == '/')
		wire.len--;
	if (wire.len == 0 || wire.len > WIRE_MAX)
		return -1;
	buf_init(&other, 4 * WIRE_MAX);
	if (utf8) {
		r = mutf7_encode(&other, wire);
		if (r == 0)
			r = parts_to_disk(disk, buf_all(&other));
	} else {
		r = mutf7_decode(&other, wire);
		if (r == 0)
			r = parts_to_disk(disk, wire);
	}
	if (other.over)
		r = -1;
	buf_free(&other);
	return r;
}

void
name_to_wire(struct buf *b, const char *disk, bool utf8)
{
	size_t from = b->len;

	if (!utf8 || mutf7_decode(b, span(disk)) == -1)
		buf_str(b, disk);
	for (size_t i = from; i < b->len; i++)
		if (b->p[i] == '.')
			b->p[i] = '/';
}

static bool
says_utf8(const struct imap *im)
{
	return imap_enabled(im, E_UTF8) || imap_enabled(im, E_REV2);
}

const struct reply *
name_read(struct imap *im, struct parse *p, char disk[NAME_DISK])
{
	struct span wire;

	if (parse_astring(p, &wire) == -1)
		return &imap_bad;
	if (name_to_disk(disk, wire, says_utf8(im)) == -1)
		return imap_no(im, "[CANNOT] Impossible name");
	return NULL;
}

void
name_put(struct imap *im, const char *disk)
{
	struct buf wire;

	buf_init(&wire, 4 * NAME_DISK);
	name_to_wire(&wire, disk, says_utf8(im));
	put_astring(&im->out, buf_all(&wire), says_utf8(im));
	buf_free(&wire);
}

/* The positions of the pattern that can be reached after each octet of the
 * name, as a set: no backtracking, whatever the pattern. */
bool
name_match(struct span pattern, struct span name)
{
	static char at[WIRE_MAX + 2], next[WIRE_MAX + 2];
	bool inbox = name.len >= 5 && is_inbox(span_n(name.p, 5)) &&
	    (name.len == 5 || name.p[5] == '/');

	if (pattern.len > WIRE_MAX)
		return false;
	memset(at, 0, pattern.len + 1);
	at[0] = 1;
	for (size_t i = 0; i <= name.len; i++) {
		/* a wildcard may stand for nothing */
		for (size_t k = 0; k < pattern.len; k++)
			if (at[k] && strchr("*%", pattern.p[k]) != NULL)
				at[k + 1] = 1;
		if (i == name.len)
			break;
		memset(next, 0, pattern.len + 1);
		for (size_t k = 0; k < pattern.len; k++) {
			char c = name.p[i], w = pattern.p[k];

			if (!at[k])
				continue;
			if (w == '*' || (w == '%' && c != '/'))
				next[k] = 1;
			else if (w == c ||
			    (inbox && i < 5 &&
				span_same(span_n(&w, 1), span_n(&c, 1))))
				next[k + 1] = 1;
		}
		memcpy(at, next, pattern.len + 1);
	}
	return at[pattern.len] != 0;
}
