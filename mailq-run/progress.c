/* What mailq-run -v shows. */
#include "mailq-run/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mailq-run/dest.h"
#include "mailq-run/peer.h"
#include "mailq-run/show.h"
#include "message/buf.h"

enum { WIDTH = 80, LINE = 4096, PLACES = 32 /* destinations looked at */ };

void
progress_begin(struct run *r)
{
	struct scan s;
	struct scan_name n;

	if (!r->verbose ||
	    scan_open(&s, r->spool, SPOOL_NEW | SPOOL_DUE, run_time(r)) == -1)
		return;
	while (scan_next(&s, &n) == 1)
		r->due++;
	scan_close(&s);
}

/* The terminal's line, to be overwritten by the next. */
static void
draw(struct buf *b)
{
	struct winsize w;
	size_t width = WIDTH;

	if (ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 1)
		width = w.ws_col;
	if (b->len >= width)
		buf_cut(b, width - 1);
	(void)fprintf(stderr, "%s\033[K\r", b->p);
}

static void
put_totals(struct buf *b, const struct run *r)
{
	size_t left = r->due > r->ended ? r->due - r->ended : 0;

	if (left < r->mails)
		left = r->mails;
	buf_printf(b, "%zu done, %zu left: %zu sent, %zu deferred, %zu failed",
	    r->ended, left, r->sent, r->deferred, r->failed);
}

/* "host 5": connections by destination, as far as the line goes. */
static void
put_places(struct buf *b, const struct run *r)
{
	const struct dest *seen[PLACES] = { NULL };
	size_t n = 0;
	char host[400];

	for (size_t i = 0; i < RUN_PEERS && n < PLACES; i++) {
		const struct peer *p = &r->peer[i];
		size_t k = 0;

		while (k < n && seen[k] != p->dest)
			k++;
		if (p->state == PEER_FREE || p->dest == NULL || k < n)
			continue;
		seen[n++] = p->dest;
		(void)dest_remote(p->dest, p->address, host);
		host[strcspn(host, "[")] = '\0';
		buf_str(b, n == 1 ? "; " : ", ");
		show_text(b, span(host));
		buf_printf(b, " %zu", p->dest->connections);
	}
}

void
progress_show(struct run *r)
{
	struct buf b;

	if (!r->verbose || !isatty(2))
		return;
	buf_init(&b, LINE);
	put_totals(&b, r);
	put_places(&b, r);
	draw(&b);
	buf_free(&b);
}

void
progress_outcome(struct run *r, const char *format, ...)
{
	struct buf text, b;
	va_list ap;

	if (!r->verbose)
		return;
	buf_init(&text, LINE);
	buf_init(&b, 4 * (size_t)LINE);
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	show_text(&b, buf_all(&text));
	(void)fprintf(stderr, "%s%s\n", b.p, isatty(2) ? "\033[K" : "");
	buf_free(&text);
	buf_free(&b);
}

void
progress_end(struct run *r)
{
	struct buf b;

	if (!r->verbose)
		return;
	buf_init(&b, LINE);
	buf_printf(&b, "%zu sent, %zu deferred, %zu failed", r->sent,
	    r->deferred, r->failed);
	(void)fprintf(stderr, "%s%s\n", b.p, isatty(2) ? "\033[K" : "");
	buf_free(&b);
}
