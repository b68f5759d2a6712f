#include "imap-session/qresync.h"

#include "imap-session/capability.h"
#include "imap-session/put.h"
#include "imap-session/selected.h"

/* "(VALIDITY MODSEQ [UIDS] [(NUMBERS UIDS)])" behind QRESYNC.  The pairs at its
 * end only tell a server that forgets what vanished; ours reads past them. */
static int
read_state(struct imap *im, struct parse *p, struct qresync *q)
{
	struct set skip;

	if (!imap_enabled(im, E_QRESYNC))
		return parse_fail(p, "QRESYNC is not enabled");
	q->wanted = true;
	if (parse_space(p) == -1 || parse_char(p, '(') == -1 ||
	    parse_nz(p, &q->uidvalidity) == -1 || parse_space(p) == -1 ||
	    parse_number(p, INT64_MAX, &q->modseq) == -1)
		return -1;
	if (q->modseq == 0)
		return parse_fail(p, "Number may not be 0");
	if (parse_try(p, ' ') && !parse_next(p, '(')) {
		q->known = true;
		if (parse_set(p, &q->uids) == -1)
			return -1;
		if (q->uids.saved)
			return parse_fail(p, "Syntax error");
		(void)parse_try(p, ' ');
	}
	if (parse_try(p, '(') &&
	    (parse_set(p, &skip) == -1 || parse_space(p) == -1 ||
		parse_set(p, &skip) == -1 || parse_char(p, ')') == -1))
		return -1;
	return parse_char(p, ')');
}

int
qresync_read(struct imap *im, struct parse *p, struct qresync *q)
{
	*q = (struct qresync){ 0 };
	if (!parse_try(p, ' '))
		return 0;
	if (parse_char(p, '(') == -1)
		return -1;
	do {
		if (parse_word(p, "QRESYNC")) {
			if (read_state(im, p, q) == -1)
				return -1;
		} else if (!capability_on(CAP_CONDSTORE) ||
		    !parse_word(p, "CONDSTORE"))
			return parse_fail(p, "Unknown parameter");
	} while (parse_try(p, ' '));
	im->enabled |= E_CONDSTORE;
	return parse_char(p, ')');
}

/* Append what both have. */
static void
put_common(struct buf *b, const struct set *s, const uint32_t *pair, size_t n)
{
	const char *gap = "";

	for (size_t i = 0, k = 0; i < s->ranges && k < n;) {
		uint32_t low = s->range[i].low, high = s->range[i].high;

		if (pair[2 * k] > low)
			low = pair[2 * k];
		if (pair[2 * k + 1] < high)
			high = pair[2 * k + 1];
		if (low <= high) {
			buf_printf(b, "%s%u", gap, low);
			if (high > low)
				buf_printf(b, ":%u", high);
			gap = ",";
		}
		if (s->range[i].high < pair[2 * k + 1])
			i++;
		else
			k++;
	}
}

void
qresync_vanished(struct imap *im, struct set *uids, uint64_t modseq)
{
	struct folder_info info;
	const uint32_t *pair;
	size_t n, before;

	folder_info(im->folder, &info);
	set_resolve(uids, info.uidnext - 1);
	if (folder_vanished(im->folder, modseq, &pair, &n) == -1)
		return;
	buf_str(&im->out, "* VANISHED (EARLIER) ");
	before = im->out.len;
	put_common(&im->out, uids, pair, n);
	if (im->out.len > before)
		imap_line(im);
	buf_reset(&im->out);
}

void
qresync_answer(struct imap *im, struct qresync *q)
{
	struct range all = { 1, SET_STAR };
	struct folder_info info;
	struct message m;

	folder_info(im->folder, &info);
	if (!q->wanted || q->uidvalidity != info.uidvalidity)
		return;
	if (!q->known)
		q->uids = (struct set){ .range = &all, .ranges = 1 };
	qresync_vanished(im, &q->uids, q->modseq);
	for (uint32_t i = 1; i <= folder_count(im->folder); i++) {
		if (folder_glance(im->folder, i, &m) == -1 ||
		    m.modseq <= q->modseq || !set_has(&q->uids, m.uid))
			continue;
		selected_put_change(im, i);
	}
}
