/* QUOTA (RFC 9208): the limits of maildirsize, where that has any.  They are
 * set on the machine, not over IMAP. */
#include <string.h>

#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/put.h"
#include "maildir/maildir.h"

#define ROOT "User" /* else the name of a shared folder */

enum { UNIT = 1024 };

static bool
limited(const struct quota *q)
{
	return q->octets_max > 0 || q->messages_max > 0;
}

/* The quota root of a folder: that of the user, or of the shared Maildir that
 * it is in. */
static struct span
root_of(const struct imap *im, const char *disk)
{
	size_t n = sizeof(STORE_SHARED);

	if (!store_is_shared(im->store, disk))
		return span(ROOT);
	return span_n(disk, n + strcspn(disk + n, "."));
}

static void
put_quota(struct imap *im, struct span root, const struct quota *q)
{
	struct buf *b = &im->out;
	uint64_t used = (q->octets + UNIT - 1) / UNIT;

	buf_str(b, "* QUOTA ");
	put_string(b, root, true);
	buf_str(b, " (");
	if (q->octets_max > 0)
		buf_printf(b, "STORAGE %llu %llu", (unsigned long long)used,
		    (unsigned long long)(q->octets_max / UNIT));
	if (q->octets_max > 0 && q->messages_max > 0)
		buf_char(b, ' ');
	if (q->messages_max > 0)
		buf_printf(b, "MESSAGE %llu %llu",
		    (unsigned long long)q->messages,
		    (unsigned long long)q->messages_max);
	buf_char(b, ')');
	imap_line(im);
}

const struct reply *
quota_get(struct imap *im, struct parse *p)
{
	char disk[NAME_DISK];
	struct span root;
	struct quota q;

	if (parse_space(p) == -1 || parse_astring(p, &root) == -1 ||
	    parse_end(p) == -1)
		return &imap_bad;
	if (!span_copy(root, disk, sizeof(disk)) ||
	    store_quota_of(im->store, disk, &q) == -1 || !limited(&q) ||
	    !span_eq(root, root_of(im, disk)))
		return imap_no(im, "[NONEXISTENT] No such quota root");
	put_quota(im, root, &q);
	return &imap_done;
}

const struct reply *
quota_get_root(struct imap *im, struct parse *p)
{
	struct folder_info info;
	const struct reply *wrong;
	char disk[NAME_DISK];
	struct quota q;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = name_read(im, p, disk);
	if (wrong != NULL)
		return wrong;
	if (parse_end(p) == -1)
		return &imap_bad;
	if (store_status(im->store, disk, &info) == -1 ||
	    store_quota_of(im->store, disk, &q) == -1)
		return imap_failed(im);
	buf_str(&im->out, "* QUOTAROOT ");
	name_put(im, disk);
	if (limited(&q)) {
		buf_char(&im->out, ' ');
		put_string(&im->out, root_of(im, disk), true);
	}
	imap_line(im);
	if (limited(&q))
		put_quota(im, root_of(im, disk), &q);
	return &imap_done;
}

const struct reply *
quota_set(struct imap *im, struct parse *p)
{
	struct span root, name;
	uint64_t limit;

	if (parse_space(p) == -1 || parse_astring(p, &root) == -1 ||
	    parse_space(p) == -1 || parse_char(p, '(') == -1)
		return &imap_bad;
	while (!parse_try(p, ')')) {
		if (parse_atom(p, &name) == -1 || parse_space(p) == -1 ||
		    parse_number(p, INT64_MAX, &limit) == -1)
			return &imap_bad;
		(void)parse_try(p, ' ');
	}
	if (parse_end(p) == -1)
		return &imap_bad;
	return imap_no(im, "[NOPERM] Limits are set on the server");
}
