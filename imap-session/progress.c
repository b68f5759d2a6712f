#include "imap-session/progress.h"

#include "imap-session/capability.h"
#include "imap-session/imap.h"
#include "imap-session/put.h"

enum { EVERY = 5 }; /* seconds */

static time_t
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

void
progress_begin(struct progress *p, struct imap *im)
{
	*p = (struct progress){ .im = im, .next = seconds() + EVERY };
}

void
progress_look(void *ctx, uint32_t done, uint32_t all)
{
	struct progress *p = ctx;
	struct buf line;

	if (seconds() < p->next)
		return;
	p->next = seconds() + EVERY;
	buf_init(&line, 1000);
	if (capability_on(CAP_INPROGRESS)) {
		buf_str(&line, "* OK [INPROGRESS (");
		put_string(&line, p->im->tag, false);
		buf_printf(&line, " %u %u)] Still at it\r\n", done, all);
	} else
		buf_str(&line, "* OK Still at it\r\n");
	conn_put(p->im->conn, line.p, line.len);
	buf_free(&line);
	(void)conn_flush(p->im->conn);
}
