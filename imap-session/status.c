/* STATUS (RFC 9051 s. 6.3.11), also as LIST returns it (RFC 5819). */
#include "imap-session/status.h"

#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/put.h"
#include "imap-session/selected.h"
#include "maildir/maildir.h"

enum status_item {
	MESSAGES = 1 << 0,
	RECENT = 1 << 1,
	UIDNEXT = 1 << 2,
	UIDVALIDITY = 1 << 3,
	UNSEEN = 1 << 4,
	DELETED = 1 << 5,
	SIZE = 1 << 6, /* RFC 8438 */
	HIGHESTMODSEQ = 1 << 7,
	MAILBOXID = 1 << 8, /* RFC 8474 */
	APPENDLIMIT = 1 << 9, /* RFC 7889 */
	DELETED_STORAGE = 1 << 10, /* RFC 9208 s. 4.1.4 */
};

static const struct {
	const char *name;
	enum status_item item;
	enum capability needs;
} items[] = {
	{ "MESSAGES", MESSAGES, CAP_REV1 },
	{ "RECENT", RECENT, CAP_REV1 },
	{ "UIDNEXT", UIDNEXT, CAP_REV1 },
	{ "UIDVALIDITY", UIDVALIDITY, CAP_REV1 },
	{ "UNSEEN", UNSEEN, CAP_REV1 },
	{ "DELETED", DELETED, CAP_REV1 },
	{ "DELETED-STORAGE", DELETED_STORAGE, CAP_QUOTA_STORAGE },
	{ "SIZE", SIZE, CAP_STATUS_SIZE },
	{ "HIGHESTMODSEQ", HIGHESTMODSEQ, CAP_CONDSTORE },
	{ "MAILBOXID", MAILBOXID, CAP_OBJECTID },
	{ "APPENDLIMIT", APPENDLIMIT, CAP_APPENDLIMIT },
};

int
status_items(struct parse *p, unsigned *wanted)
{
	struct span name;

	*wanted = 0;
	if (parse_char(p, '(') == -1)
		return -1;
	do {
		unsigned item = 0;

		if (parse_atom(p, &name) == -1)
			return -1;
		for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++)
			if (span_same(name, span(items[i].name)) &&
			    capability_on(items[i].needs))
				item = items[i].item;
		if (item == 0)
			return parse_fail(p, "Unknown status item");
		*wanted |= item;
	} while (parse_try(p, ' '));
	return parse_char(p, ')');
}

static uint64_t
value(const struct imap *im, const struct folder_info *info,
    enum status_item item)
{
	switch (item) {
	case MESSAGES:
		return info->messages;
	case RECENT:
		return info->recent;
	case UIDNEXT:
		return info->uidnext;
	case UIDVALIDITY:
		return info->uidvalidity;
	case UNSEEN:
		return info->unseen;
	case DELETED:
		return info->deleted;
	case SIZE:
		return info->octets;
	case HIGHESTMODSEQ:
		return info->modseq;
	case APPENDLIMIT:
		return im->append_limit;
	case DELETED_STORAGE:
	case MAILBOXID:
		break;
	}
	return 0;
}

/* Octets that EXPUNGE would give back.  No counter of the index has them, and
 * they are asked for seldom. */
static uint64_t
deleted_octets(const struct imap *im, const char *disk,
    const struct folder_info *info)
{
	struct folder *f =
	    info->deleted == 0 ? NULL : folder_open(im->store, disk, false);
	uint64_t sum = 0;
	struct message m;

	for (uint32_t i = 1; f != NULL && i <= folder_count(f); i++)
		if (folder_get(f, i, &m) == 0 && (m.flags & FLAG_DELETED) != 0)
			sum += m.size;
	folder_close(f);
	return sum;
}

void
status_begin(struct imap *im, unsigned wanted)
{
	if ((wanted & HIGHESTMODSEQ) != 0)
		selected_condstore(im);
}

int
status_put(struct imap *im, const char *disk, unsigned wanted)
{
	struct folder_info info;
	const char *gap = "";

	if (store_status(im->store, disk, &info) == -1 ||
	    ((wanted & SIZE) != 0 &&
		store_octets(im->store, disk, &info) == -1))
		return -1;
	buf_str(&im->out, "* STATUS ");
	name_put(im, disk);
	buf_str(&im->out, " (");
	for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++) {
		if ((wanted & items[i].item) == 0 ||
		    (items[i].item == RECENT && imap_enabled(im, E_REV2)))
			continue;
		buf_printf(&im->out, "%s%s ", gap, items[i].name);
		if (items[i].item == MAILBOXID)
			buf_printf(&im->out, "(%s)", info.id);
		else if (items[i].item == DELETED_STORAGE)
			put_number(&im->out, deleted_octets(im, disk, &info));
		else
			put_number(&im->out, value(im, &info, items[i].item));
		gap = " ";
	}
	buf_char(&im->out, ')');
	imap_line(im);
	return 0;
}

const struct reply *
status_status(struct imap *im, struct parse *p)
{
	const struct reply *wrong;
	char disk[NAME_DISK];
	unsigned wanted;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = name_read(im, p, disk);
	if (wrong != NULL)
		return wrong;
	if (parse_space(p) == -1 || status_items(p, &wanted) == -1 ||
	    parse_end(p) == -1)
		return &imap_bad;
	status_begin(im, wanted);
	return status_put(im, disk, wanted) == 0 ? &imap_done : imap_failed(im);
}
