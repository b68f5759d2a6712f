#include "imap-session/name.h"

#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

#include "imap-session/put.h"
#include "maildir/maildir.h"
#include "message/mutf7.h"

enum { PART_MAX = 200, DEPTH_MAX = 32, WIRE_MAX = 4000 };

static const char inbox_prefix[] = "INBOX.";
static bool courier; /* "INBOX.a.b" in place of "a/b" */

void
name_as_courier(void)
{
	courier = true;
}

const char *
name_prefix(void)
{
	return courier ? inbox_prefix : "";
}

char
name_separator(void)
{
	return courier ? '.' : '/';
}

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
	bool alone = is_inbox(name);
	size_t n = 0;

	if (courier && !alone) {
		if (!span_starts(name, inbox_prefix))
			return -1;
		rest = span_from(name, sizeof(inbox_prefix) - 1);
		if (is_inbox(rest)) /* would be INBOX itself */
			return -1;
	}
	while (rest.p != NULL) {
		part = span_cut(&rest, name_separator());
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

	if (wire.len > 0 && wire.p[wire.len - 1] == name_separator())
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
	size_t from;

	if (strcmp(disk, "INBOX") != 0)
		buf_str(b, name_prefix());
	from = b->len;
	if (!utf8 || mutf7_decode(b, span(disk)) == -1)
		buf_str(b, disk);
	for (size_t i = from; i < b->len; i++)
		if (b->p[i] == '.')
			b->p[i] = name_separator();
}

static bool
says_utf8(const struct imap *im)
{
	return imap_enabled(im, E_UTF8) || imap_enabled(im, E_REV2);
}

/* Let a name that is not in normal form C, and that no folder has, be that
 * form of it (RFC 9051 s. 5.1): so folders are made with it. */
static void
normalise(struct imap *im, char disk[NAME_DISK], struct span wire)
{
	struct folder_info info;
	char normal[NAME_DISK];
	uint8_t *p;
	size_t n;

	p = u8_normalize(UNINORM_NFC, (const uint8_t *)wire.p, wire.len, NULL,
	    &n);
	if (p == NULL)
		return;
	if (!span_eq(wire, span_n((const char *)p, n)) &&
	    name_to_disk(normal, span_n((const char *)p, n), true) == 0 &&
	    store_status(im->store, disk, &info) == -1)
		memcpy(disk, normal, NAME_DISK);
	free(p);
}

const struct reply *
name_read_said(struct imap *im, struct parse *p, char disk[NAME_DISK],
    struct span *said)
{
	if (parse_astring(p, said) == -1)
		return &imap_bad;
	if (name_to_disk(disk, *said, says_utf8(im)) == -1)
		return imap_no(im, "[CANNOT] Impossible name");
	if (says_utf8(im))
		normalise(im, disk, *said);
	return NULL;
}

const struct reply *
name_read(struct imap *im, struct parse *p, char disk[NAME_DISK])
{
	struct span said;

	return name_read_said(im, p, disk, &said);
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

void
name_tell(struct imap *im, const char *attributes, const char *disk,
    struct span said, bool always)
{
	struct buf wire;
	bool other;

	if (!imap_enabled(im, E_REV2))
		return;
	if (said.len > 0 && said.p[said.len - 1] == name_separator())
		said.len--;
	buf_init(&wire, 4 * NAME_DISK);
	name_to_wire(&wire, disk, true);
	other = !span_eq(buf_all(&wire), said);
	if (other || always) {
		buf_printf(&im->out, "* LIST (%s) \"%c\" ", attributes,
		    name_separator());
		put_astring(&im->out, buf_all(&wire), true);
		if (other) {
			buf_str(&im->out, " (\"OLDNAME\" (");
			put_string(&im->out, said, true);
			buf_str(&im->out, "))");
		}
		imap_line(im);
	}
	buf_free(&wire);
}

/* The positions of the pattern that can be reached after each octet of the
 * name, as a set: no backtracking, whatever the pattern. */
bool
name_match(struct span pattern, struct span name)
{
	static char at[WIRE_MAX + 2], next[WIRE_MAX + 2];
	bool inbox = name.len >= 5 && is_inbox(span_n(name.p, 5)) &&
	    (name.len == 5 || name.p[5] == name_separator());

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
			if (w == '*' || (w == '%' && c != name_separator()))
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
