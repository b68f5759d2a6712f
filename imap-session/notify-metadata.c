/* What NOTIFY says of metadata (RFC 5465 s. 5.6, 5.7): the names of the entries
 * that changed, for which a digest of each is kept, "/private/comment 1f2e..."
 * in a line. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imap-session/name.h"
#include "imap-session/notify.h"
#include "maildir/annotations.h"
#include "message/fail.h"

enum {
	DIGEST_MAX = ANNOTATIONS_MANY * (ANNOTATION_NAME + 20),
	TEXT_MAX = ANNOTATIONS_MANY * (ANNOTATION_VALUE + ANNOTATION_NAME + 20),
};

struct known {
	char *folder; /* "": the server */
	struct buf digest;
};

/* FNV-1a: what differs is to be noticed, and all of it is the user's own. */
static uint64_t
mix(struct span s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3;
	return h;
}

/* 0; -1: there is no such folder any more. */
static int
digest(struct imap *im, const char *folder, struct buf *out)
{
	struct span rest, entry, value;
	struct buf text;
	int r;

	buf_init(&text, TEXT_MAX);
	r = annotations_read(im->store, folder, &text);
	rest = buf_all(&text);
	while (r == 0 && annotations_next(&rest, &entry, &value)) {
		buf_span(out, entry);
		buf_printf(out, " %016" PRIx64 "\n", mix(value));
	}
	buf_free(&text);
	return r;
}

/* The digest of an entry; empty: it has none. */
static struct span
of_entry(struct span lines, struct span entry)
{
	struct span line;

	while ((line = span_cut(&lines, '\n')).len > 0)
		if (span_eq(span_cut(&line, ' '), entry))
			return line;
	return span("");
}

/* Append the entries of "from" that "to" has otherwise, or not at all. */
static void
put_others(struct buf *b, struct span from, struct span to, bool missing)
{
	struct span line, entry, other;

	while ((line = span_cut(&from, '\n')).len > 0) {
		entry = span_cut(&line, ' ');
		other = of_entry(to, entry);
		if (missing ? other.len > 0 : span_eq(other, line))
			continue;
		buf_char(b, ' ');
		buf_span(b, entry);
	}
}

static void
tell_changes(struct imap *im, const char *folder, struct span was,
    struct span is)
{
	struct buf *b = &im->out;
	size_t begun;

	buf_str(b, "* METADATA ");
	if (*folder == '\0')
		buf_str(b, "\"\"");
	else
		name_put(im, folder);
	begun = b->len;
	put_others(b, is, was, false);
	put_others(b, was, is, true);
	if (b->len > begun)
		imap_line(im);
	buf_reset(b);
}

/* What is known of a folder, or room for it; NULL: no memory. */
static struct known *
find(struct notify *n, const char *folder)
{
	struct known *k;

	for (size_t i = 0; i < n->knowns; i++)
		if (strcmp(n->known[i].folder, folder) == 0)
			return &n->known[i];
	k = reallocarray(n->known, n->knowns + 1, sizeof(*k));
	if (k == NULL)
		return NULL;
	n->known = k;
	k += n->knowns;
	k->folder = strdup(folder);
	buf_init(&k->digest, DIGEST_MAX);
	n->knowns += k->folder != NULL;
	return k->folder != NULL ? k : NULL;
}

void
notify_metadata(struct imap *im, const char *folder, bool tell)
{
	const char *name = folder != NULL ? folder : "";
	struct buf now;
	struct known *k;

	if (im->notify == NULL || (k = find(im->notify, name)) == NULL)
		return;
	buf_init(&now, DIGEST_MAX);
	if (digest(im, folder, &now) == 0) {
		if (tell)
			tell_changes(im, name, buf_all(&k->digest),
			    buf_all(&now));
		buf_reset(&k->digest);
		buf_span(&k->digest, buf_all(&now));
	}
	buf_free(&now);
}

void
notify_forget_metadata(struct notify *n)
{
	for (size_t i = 0; i < n->knowns; i++) {
		free(n->known[i].folder);
		buf_free(&n->known[i].digest);
	}
	free(n->known);
	n->known = NULL;
	n->knowns = 0;
}
