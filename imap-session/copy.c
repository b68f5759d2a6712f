/* COPY and MOVE (RFC 9051 s. 6.4.7, 6.4.8) with COPYUID. */
#include <errno.h>

#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/put.h"
#include "imap-session/selected.h"
#include "imap-session/uids.h"

static const struct reply *
copy(struct imap *im, struct parse *p, bool move)
{
	const struct reply *r;
	struct copied done = { 0 };
	char disk[NAME_DISK];
	uint32_t *number;
	struct set set;
	size_t n;

	if (parse_space(p) == -1 || parse_set(p, &set) == -1 ||
	    parse_space(p) == -1)
		return &imap_bad;
	r = name_read(im, p, disk);
	if (r != NULL)
		return r;
	if (parse_end(p) == -1)
		return &imap_bad;
	if (move && im->read_only)
		return imap_no(im, "[READ-ONLY] Mailbox is read-only");
	r = selected_numbers(im, &set, im->uid, &number, &n);
	if (r != NULL || n == 0)
		return r != NULL ? r : &imap_done;
	selected_expect(im, disk);
	if (folder_copy(im->folder, number, n, disk, move, &done) == -1)
		r = errno == ENOENT ?
		    imap_no(im, "[TRYCREATE] No such mailbox") :
		    imap_failed(im);
	else if (done.n == 0)
		r = imap_no(im, "[EXPUNGEISSUED] All are gone");
	else
		r = &imap_done;
	if (done.n > 0 && capability_on(CAP_UIDPLUS)) {
		/* Before the EXPUNGEs, so that the client knows where they
		 * went (RFC 6851 s. 4.3); a copy says it in its OK. */
		buf_str(&im->out, move ? "* OK [COPYUID " : "[COPYUID ");
		uids_put_copied(&im->out, &done);
		buf_str(&im->out, move ? "] Moved" : "] Copied");
		if (move)
			imap_line(im);
		else if (r == &imap_done) {
			r = imap_long(im);
		}
	}
	buf_reset(&im->out);
	copied_free(&done);
	return r;
}

const struct reply *
copy_copy(struct imap *im, struct parse *p)
{
	return copy(im, p, false);
}

const struct reply *
copy_move(struct imap *im, struct parse *p)
{
	return copy(im, p, true);
}
