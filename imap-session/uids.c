#include "imap-session/uids.h"

#include "imap-session/put.h"

void
uids_put(struct buf *b, const uint32_t *uid, size_t n)
{
	for (size_t i = 0, k; i < n; i = k + 1) {
		for (k = i; k + 1 < n && uid[k + 1] == uid[k] + 1;)
			k++;
		if (i > 0)
			put_next(b, ',', uid[i]);
		else
			put_number(b, uid[i]);
		if (k > i)
			put_next(b, ':', uid[k]);
	}
}

void
uids_put_appended(struct buf *b, const struct copied *c)
{
	put_number(b, c->uidvalidity);
	buf_char(b, ' ');
	uids_put(b, c->to, c->n);
}

void
uids_put_copied(struct buf *b, const struct copied *c)
{
	put_number(b, c->uidvalidity);
	buf_char(b, ' ');
	uids_put(b, c->from, c->n);
	buf_char(b, ' ');
	uids_put(b, c->to, c->n);
}
