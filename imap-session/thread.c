/* THREAD (RFC 5256). */
#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/progress.h"
#include "imap-session/put.h"
#include "imap-session/search.h"
#include "maildir/maildir.h"
#include "maildir/order.h"

static const struct {
	const char *word;
	enum capability needs;
	enum thread_algorithm how;
} algorithms[] = {
	{ "REFERENCES", CAP_THREAD_REFERENCES, THREAD_REFERENCES },
	{ "ORDEREDSUBJECT", CAP_THREAD_ORDEREDSUBJECT, THREAD_ORDEREDSUBJECT },
	{ "REFS", CAP_THREAD_REFS, THREAD_REFS },
};

static int
read_algorithm(struct parse *p, enum thread_algorithm *how)
{
	struct span word;

	if (parse_atom(p, &word) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (span_same(word, span(algorithms[i].word)) &&
		    capability_on(algorithms[i].needs)) {
			*how = algorithms[i].how;
			return parse_space(p);
		}
	return parse_fail(p, "Unknown algorithm");
}

/* What stands before a node: a blank in a chain, a parenthesis where its
 * parent has several children, and around roots. */
static void
put_front(struct buf *b, const struct threads *t, uint32_t n)
{
	uint32_t parent = t->node[n].parent;
	bool first;

	if (parent == THREAD_NONE) {
		buf_char(b, '(');
		return;
	}
	first = t->node[parent].child == n;
	if (first && t->node[parent].message != THREAD_NONE)
		buf_char(b, ' ');
	if (!first || t->node[n].next != THREAD_NONE)
		buf_char(b, '(');
}

/* Close what ends with this node, which has no children. */
static void
put_back(struct buf *b, const struct threads *t, uint32_t n)
{
	while (n != THREAD_NONE) {
		uint32_t parent = t->node[n].parent;
		bool last = t->node[n].next == THREAD_NONE;
		bool only =
		    parent != THREAD_NONE && last && t->node[parent].child == n;

		if (!only)
			buf_char(b, ')');
		if (!last || parent == THREAD_NONE)
			return;
		n = parent;
	}
}

static void
put_threads(struct imap *im, const struct threads *t, const uint32_t *hit)
{
	struct buf *b = &im->out;
	uint32_t depth = 0;

	buf_str(b, "* THREAD ");
	if (t->first == THREAD_NONE)
		buf_cut(b, b->len - 1);
	for (uint32_t n = t->first; n != THREAD_NONE;
	     n = threads_next(t, n, &depth)) {
		put_front(b, t, n);
		if (t->node[n].message != THREAD_NONE)
			put_number(b, hit[t->node[n].message]);
		if (t->node[n].child == THREAD_NONE)
			put_back(b, t, n);
		imap_part(im);
	}
	imap_line(im);
}

static const struct reply *
answer(struct imap *im, enum thread_algorithm how, uint32_t *number, size_t n)
{
	struct progress progress;
	const struct search_watcher watcher = { progress_look, &progress };
	struct threads t;
	struct message m;

	progress_begin(&progress, im);
	if (order_threads(im->folder, how, &watcher, number, n, &t) == -1) {
		threads_free(&t);
		return imap_failed(im);
	}
	for (size_t i = 0; im->uid && i < n; i++)
		if (folder_glance(im->folder, number[i], &m) == 0)
			number[i] = m.uid;
	put_threads(im, &t, number);
	threads_free(&t);
	return &imap_done;
}

const struct reply *
thread_thread(struct imap *im, struct parse *p)
{
	enum thread_algorithm how = THREAD_REFERENCES;
	const struct reply *wrong;
	struct search_key *k;
	struct span charset;
	bool modseq;
	uint32_t *number = NULL;
	size_t n = 0;

	if (parse_space(p) == -1 || read_algorithm(p, &how) == -1)
		return &imap_bad;
	wrong = search_charset(im, p, &charset);
	if (wrong == NULL)
		wrong = search_read(im, p, charset, &k, &modseq);
	if (wrong == NULL)
		wrong = search_hits(im, k, &number, &n);
	return wrong != NULL ? wrong : answer(im, how, number, n);
}
