/* GETMETADATA and SETMETADATA (RFC 5464): private entries of mailboxes and of
 * the server, which each user has his own of. */
#include <errno.h>
#include <string.h>

#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/notify.h"
#include "imap-session/put.h"
#include "maildir/annotations.h"
#include "maildir/maildir.h"

enum { MANY = 64 /* in one command */, INFINITE = 100 };

#define PRIVATE "/private/"

struct asked {
	struct span entry[MANY];
	size_t entries;
	unsigned depth;
	uint64_t longest; /* MAXSIZE */
};

/* A name of a mailbox; "" is the server: *folder is NULL then. */
static const struct reply *
read_place(struct imap *im, struct parse *p, char disk[NAME_DISK],
    const char **folder)
{
	struct folder_info info;
	const struct reply *wrong;

	*folder = NULL;
	if (p->rest.len >= 2 && memcmp(p->rest.p, "\"\"", 2) == 0) {
		p->rest = span_from(p->rest, 2);
		return NULL;
	}
	wrong = name_read(im, p, disk);
	if (wrong != NULL)
		return wrong;
	*folder = disk;
	return store_status(im->store, disk, &info) == -1 ? imap_failed(im) :
							    NULL;
}

/* An entry, in lower case: "/private/..." or "/shared/...", or one of these
 * alone, as a place to look below; without wild cards, doubled or last slashes. */
static int
read_entry(struct parse *p, struct span *entry)
{
	struct span s;
	char *copy;

	if (parse_astring(p, &s) == -1)
		return -1;
	copy = arena_take(p->arena, s.len + 1);
	if (copy == NULL)
		return parse_fail(p, "Command is too large");
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || c == '*' || c == '%' ||
		    (c == '/' && (i + 1 == s.len || s.p[i + 1] == '/')))
			return parse_fail(p, "Invalid entry name");
		copy[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	*entry = span_n(copy, s.len);
	if (!span_starts(*entry, PRIVATE) && !span_starts(*entry, "/shared/") &&
	    !span_eq(*entry, span("/private")) &&
	    !span_eq(*entry, span("/shared")))
		return parse_fail(p, "Invalid entry name");
	return s.len > ANNOTATION_NAME ?
	    parse_fail(p, "Entry name is too long") :
	    0;
}

/* "(MAXSIZE 10 DEPTH 1) ", which the first drafts had behind the mailbox. */
static int
read_options(struct parse *p, struct asked *a)
{
	do {
		if (parse_word(p, "MAXSIZE")) {
			if (parse_space(p) == -1 ||
			    parse_number(p, UINT32_MAX, &a->longest) == -1)
				return -1;
			continue;
		}
		if (!parse_word(p, "DEPTH") || parse_space(p) == -1)
			return parse_fail(p, "Unknown option");
		if (parse_word(p, "INFINITY"))
			a->depth = INFINITE;
		else if (parse_try(p, '0'))
			a->depth = 0;
		else if (parse_try(p, '1'))
			a->depth = 1;
		else
			return parse_fail(p, "Unknown depth");
	} while (parse_try(p, ' '));
	return parse_char(p, ')') == -1 || parse_space(p) == -1 ? -1 : 0;
}

static int
read_entries(struct parse *p, struct asked *a)
{
	bool list = parse_try(p, '(');

	do {
		if (a->entries == MANY)
			return parse_fail(p, "Too many entries");
		if (read_entry(p, &a->entry[a->entries++]) == -1)
			return -1;
	} while (list && parse_try(p, ' '));
	return list && parse_char(p, ')') == -1 ? -1 : parse_end(p);
}

/* Is the entry the one that was asked for, or as far below it as was said? */
static bool
wanted(const struct asked *a, struct span asked, struct span entry)
{
	unsigned levels = 0;

	if (entry.len < asked.len || memcmp(entry.p, asked.p, asked.len) != 0)
		return false;
	if (entry.len == asked.len)
		return true;
	if (entry.p[asked.len] != '/')
		return false;
	for (size_t i = asked.len; i < entry.len; i++)
		levels += entry.p[i] == '/';
	return levels <= a->depth;
}

static bool
any_wanted(const struct asked *a, struct span entry)
{
	for (size_t i = 0; i < a->entries; i++)
		if (wanted(a, a->entry[i], entry))
			return true;
	return false;
}

static void
put_value(struct buf *b, struct span value)
{
	if (span_find(value, '\0') < value.len) {
		buf_char(b, '~');
		put_literal(b, value);
	} else
		put_string(b, value, false);
}

/* The response, or nothing where nothing is known; *over: octets of the
 * longest value that was left out. */
static void
put_entries(struct imap *im, const struct asked *a, struct span all,
    const char *folder, size_t *over)
{
	struct span entry, value;
	bool any = false;

	*over = 0;
	buf_str(&im->out, "* METADATA ");
	if (folder == NULL)
		buf_str(&im->out, "\"\"");
	else
		name_put(im, folder);
	buf_str(&im->out, " (");
	while (annotations_next(&all, &entry, &value)) {
		if (!any_wanted(a, entry))
			continue;
		if (value.len > a->longest) {
			*over = value.len > *over ? value.len : *over;
			continue;
		}
		buf_str(&im->out, any ? " " : "");
		buf_span(&im->out, entry);
		buf_char(&im->out, ' ');
		put_value(&im->out, value);
		any = true;
	}
	buf_char(&im->out, ')');
	if (any)
		imap_line(im);
	else
		buf_reset(&im->out);
}

const struct reply *
metadata_get(struct imap *im, struct parse *p)
{
	struct asked a = { .longest = UINT32_MAX };
	const struct reply *wrong;
	char disk[NAME_DISK];
	const char *folder;
	struct buf all;
	size_t over = 0;

	if (parse_space(p) == -1)
		return &imap_bad;
	if (parse_try(p, '(') && read_options(p, &a) == -1)
		return &imap_bad;
	wrong = read_place(im, p, disk, &folder);
	if (wrong != NULL)
		return wrong;
	if (parse_space(p) == -1 || read_entries(p, &a) == -1)
		return &imap_bad;
	buf_init(&all, 16 << 20);
	if (annotations_read(im->store, folder, &all) == -1)
		wrong = imap_failed(im);
	else
		put_entries(im, &a, buf_all(&all), folder, &over);
	buf_free(&all);
	if (wrong != NULL)
		return wrong;
	return over > 0 ? imap_ok(im, "[METADATA LONGENTRIES %zu] Done", over) :
			  &imap_done;
}

/* "(entry value ...)". */
static int
read_values(struct parse *p, struct annotation *a, size_t *n)
{
	bool binary;

	if (parse_char(p, '(') == -1)
		return -1;
	do {
		if (*n == MANY)
			return parse_fail(p, "Too many entries");
		if (read_entry(p, &a[*n].entry) == -1 || parse_space(p) == -1)
			return -1;
		if (parse_word(p, "NIL"))
			a[*n].value = (struct span){ NULL, 0 };
		else if (parse_string(p, &a[*n].value, &binary) == -1)
			return -1;
		++*n;
	} while (parse_try(p, ' '));
	return parse_char(p, ')') == -1 ? -1 : parse_end(p);
}

const struct reply *
metadata_set(struct imap *im, struct parse *p)
{
	struct annotation a[MANY] = { 0 };
	const struct reply *wrong;
	char disk[NAME_DISK];
	const char *folder;
	size_t n = 0;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = read_place(im, p, disk, &folder);
	if (wrong != NULL)
		return wrong;
	if (parse_space(p) == -1 || read_values(p, a, &n) == -1)
		return &imap_bad;
	for (size_t i = 0; i < n; i++) {
		if (!span_starts(a[i].entry, PRIVATE))
			return imap_no(im, "[NOPERM] Only private entries");
		if (a[i].value.len > ANNOTATION_VALUE)
			return imap_no(im, "[METADATA MAXSIZE %d] Too long",
			    ANNOTATION_VALUE);
	}
	if (annotations_set(im->store, folder, a, n) == 0) {
		notify_metadata(im, folder, false);
		return &imap_done;
	}
	return errno == E2BIG ? imap_no(im, "[METADATA TOOMANY] Too many") :
				imap_failed(im);
}
