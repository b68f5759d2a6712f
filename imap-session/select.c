/* SELECT, EXAMINE, CHECK, CLOSE, UNSELECT, EXPUNGE (RFC 9051 s. 6.3, 6.4). */
#include <stdio.h>

#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/qresync.h"
#include "imap-session/selected.h"

/* What the client must know at first. */
static void
put_mailbox(struct imap *im)
{
	struct folder_info info;

	folder_info(im->folder, &info);
	buf_str(&im->out, "* FLAGS (");
	selected_put_known(im, &im->out);
	buf_char(&im->out, ')');
	imap_line(im);
	buf_str(&im->out, "* OK [PERMANENTFLAGS (");
	if (!im->read_only) {
		selected_put_known(im, &im->out);
		buf_str(&im->out, " \\*");
	}
	buf_str(&im->out, ")] Flags");
	imap_line(im);
	im->told = info.messages;
	im->told_recent = info.recent;
	conn_printf(im->conn, "* %u EXISTS\r\n", info.messages);
	if (!imap_enabled(im, E_REV2)) {
		conn_printf(im->conn, "* %u RECENT\r\n", info.recent);
		if (info.first_unseen > 0)
			conn_printf(im->conn, "* OK [UNSEEN %u] First\r\n",
			    info.first_unseen);
	}
	conn_printf(im->conn,
	    "* OK [UIDVALIDITY %u] Validity\r\n* OK [UIDNEXT %u] Next\r\n",
	    info.uidvalidity, info.uidnext);
	if (capability_on(CAP_OBJECTID))
		conn_printf(im->conn, "* OK [MAILBOXID (%s)] Id\r\n", info.id);
	if (capability_on(CAP_CONDSTORE))
		conn_printf(im->conn, "* OK [HIGHESTMODSEQ %llu] Changes\r\n",
		    (unsigned long long)info.modseq);
}

static const struct reply *
open_folder(struct imap *im, struct parse *p, bool write)
{
	struct folder_info info;
	char disk[NAME_DISK];
	const struct reply *wrong;
	struct span said;
	struct qresync q;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = name_read_said(im, p, disk, &said);
	if (wrong != NULL)
		return wrong;
	if (qresync_read(im, p, &q) == -1)
		return &imap_bad;
	if (parse_end(p) == -1)
		return &imap_bad;
	if (im->state == S_BOX &&
	    (imap_enabled(im, E_QRESYNC) || imap_enabled(im, E_REV2)))
		conn_printf(im->conn, "* OK [CLOSED] Another is selected\r\n");
	selected_leave(im);
	im->folder = folder_open_late(im->store, disk, write);
	if (im->folder == NULL)
		return imap_failed(im);
	if (im->conn->olen > 0) /* the client has others to take before ours */
		(void)folder_listed(im->folder);
	im->state = S_BOX;
	(void)snprintf(im->selected, sizeof(im->selected), "%s", disk);
	folder_info(im->folder, &info);
	im->read_only = !write || !info.write;
	put_mailbox(im);
	name_tell(im, "", disk, said, true);
	qresync_answer(im, &q);
	return imap_ok(im, "[READ-%s] Selected",
	    im->read_only ? "ONLY" : "WRITE");
}

const struct reply *
select_select(struct imap *im, struct parse *p)
{
	return open_folder(im, p, true);
}

const struct reply *
select_examine(struct imap *im, struct parse *p)
{
	return open_folder(im, p, false);
}

const struct reply *
select_check(struct imap *im, struct parse *p)
{
	(void)im;
	return parse_end(p) == 0 ? &imap_done : &imap_bad;
}

/* Those of "number" that are marked as deleted, in the same room. */
static size_t
deleted_ones(struct imap *im, uint32_t *number, size_t n)
{
	struct folder_info info;
	struct message m;
	size_t kept = 0;

	folder_info(im->folder, &info);
	for (size_t i = 0; i < n && kept < info.deleted; i++)
		if (folder_glance(im->folder, number[i], &m) == 0 &&
		    (m.flags & FLAG_DELETED) != 0)
			number[kept++] = number[i];
	return kept;
}

/* All of them.  NULL: no memory. */
static uint32_t *
all(struct imap *im, size_t *n)
{
	uint32_t *number;

	*n = folder_count(im->folder);
	number = arena_take(&im->arena, *n * sizeof(*number) + 1);
	for (size_t i = 0; number != NULL && i < *n; i++)
		number[i] = (uint32_t)i + 1;
	return number;
}

const struct reply *
select_expunge(struct imap *im, struct parse *p)
{
	const struct reply *wrong;
	struct folder_info info;
	uint32_t *number;
	size_t n;

	if (im->uid) { /* RFC 4315 */
		if (!capability_on(CAP_UIDPLUS))
			(void)parse_fail(p, "Unknown command");
		if (parse_space(p) == -1)
			return &imap_bad;
		wrong = selected_set(im, p, &number, &n);
		if (wrong != NULL)
			return wrong;
	} else
		number = all(im, &n);
	if (parse_end(p) == -1)
		return &imap_bad;
	if (number == NULL)
		return imap_no(im, "[LIMIT] Too many messages");
	if (im->read_only)
		return imap_no(im, "[READ-ONLY] Mailbox is read-only");
	n = deleted_ones(im, number, n);
	if (n > 0 && folder_expunge(im->folder, number, n, false, NULL) == -1)
		return imap_failed(im);
	if (n == 0 || !imap_enabled(im, E_CONDSTORE))
		return &imap_done;
	selected_announce(im, true);
	folder_info(im->folder, &info);
	return imap_ok(im, "[HIGHESTMODSEQ %llu] Done",
	    (unsigned long long)info.modseq);
}

/* CLOSE removes what is marked, and tells nobody here. */
const struct reply *
select_close(struct imap *im, struct parse *p)
{
	const struct reply *r = &imap_done;
	uint32_t *number;
	size_t n;

	if (parse_end(p) == -1)
		return &imap_bad;
	number = all(im, &n);
	if (number != NULL && !im->read_only) {
		n = deleted_ones(im, number, n);
		if (n > 0 &&
		    folder_expunge(im->folder, number, n, false, NULL) == -1)
			r = imap_failed(im);
	}
	selected_leave(im);
	im->lost = false;
	return r;
}

const struct reply *
select_unselect(struct imap *im, struct parse *p)
{
	if (parse_end(p) == -1)
		return &imap_bad;
	selected_leave(im);
	return &imap_done;
}
