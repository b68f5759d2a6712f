#include "imap-session/results.h"

#include <stdlib.h>

#include "imap-session/capability.h"
#include "imap-session/put.h"
#include "imap-session/selected.h"
#include "imap-session/uids.h"

static const struct {
	const char *word;
	enum capability needs;
	unsigned bit;
} options[] = {
	{ "MIN", CAP_ESEARCH, RETURN_MIN },
	{ "MAX", CAP_ESEARCH, RETURN_MAX },
	{ "ALL", CAP_ESEARCH, RETURN_ALL },
	{ "COUNT", CAP_ESEARCH, RETURN_COUNT },
	{ "SAVE", CAP_SEARCHRES, RETURN_SAVE },
	{ "PARTIAL", CAP_PARTIAL, RETURN_PARTIAL },
};

enum { OPTIONS = sizeof(options) / sizeof(*options) };

static int
read_option(struct parse *p, struct results *r)
{
	struct span word;

	if (parse_atom(p, &word) == -1)
		return -1;
	for (size_t i = 0; i < OPTIONS; i++)
		if (span_same(word, span(options[i].word)) &&
		    capability_on(options[i].needs)) {
			r->wanted |= options[i].bit;
			if (options[i].bit != RETURN_PARTIAL)
				return 0;
			return parse_space(p) == -1 ?
			    -1 :
			    partial_read(p, &r->partial);
		}
	return parse_fail(p, "Unknown option");
}

const struct reply *
results_read(struct imap *im, struct parse *p, struct results *r)
{
	(void)im;
	*r = (struct results){ 0 };
	if (!capability_on(CAP_ESEARCH) || !parse_word(p, "RETURN"))
		return NULL;
	r->extended = true;
	if (parse_space(p) == -1 || parse_char(p, '(') == -1)
		return &imap_bad;
	while (!parse_try(p, ')')) {
		if (read_option(p, r) == -1)
			return &imap_bad;
		(void)parse_try(p, ' ');
	}
	if (parse_space(p) == -1)
		return &imap_bad;
	if (r->wanted == 0)
		r->wanted = RETURN_ALL;
	if ((r->wanted & RETURN_ALL) != 0 &&
	    (r->wanted & RETURN_PARTIAL) != 0) {
		(void)parse_fail(p, "ALL and PARTIAL exclude each other");
		return &imap_bad;
	}
	return NULL;
}

/* Its modseq counts: with MIN and MAX alone only theirs do (RFC 4731 s. 3.2). */
static bool
counts(const struct results *r, size_t i)
{
	const unsigned ends = RETURN_MIN | RETURN_MAX;

	if ((r->wanted & ends) == 0 || (r->wanted & ~(ends | RETURN_SAVE)) != 0)
		return true;
	return (i == 0 && (r->wanted & RETURN_MIN) != 0) ||
	    (i + 1 == r->n && (r->wanted & RETURN_MAX) != 0);
}

const struct reply *
results_fill(struct imap *im, struct results *r)
{
	struct message m;

	if (!im->uid && !r->modseq && (r->wanted & RETURN_SAVE) == 0 &&
	    !r->uids)
		return NULL;
	r->uid = arena_take(&im->arena, r->n * sizeof(*r->uid) + 1);
	if (r->uid == NULL)
		return imap_no(im, "[LIMIT] Too many messages");
	for (size_t i = 0; i < r->n; i++) {
		if (folder_glance(im->folder, r->number[i], &m) == -1)
			return imap_failed(im);
		r->uid[i] = m.uid;
		if (m.modseq > r->highest && counts(r, i))
			r->highest = m.modseq;
	}
	return NULL;
}

void
results_put(struct imap *im, const struct results *r, bool uids)
{
	const uint32_t *hit = uids ? r->uid : r->number;
	struct buf *b = &im->out;
	size_t first, count;

	if ((r->wanted & RETURN_MIN) != 0 && r->n > 0)
		buf_printf(b, " MIN %u", hit[0]);
	if ((r->wanted & RETURN_MAX) != 0 && r->n > 0)
		buf_printf(b, " MAX %u", hit[r->n - 1]);
	if ((r->wanted & RETURN_ALL) != 0 && r->n > 0) {
		buf_str(b, " ALL ");
		uids_put(b, hit, r->n);
	}
	if ((r->wanted & RETURN_PARTIAL) != 0) {
		first = partial_of(&r->partial, r->n, &count);
		buf_str(b, " PARTIAL (");
		partial_put(b, &r->partial);
		buf_char(b, ' ');
		if (count > 0)
			uids_put(b, hit + first, count);
		else
			buf_str(b, "NIL");
		buf_char(b, ')');
	}
	if ((r->wanted & RETURN_COUNT) != 0)
		buf_printf(b, " COUNT %zu", r->n);
	if (r->modseq && r->n > 0)
		buf_printf(b, " MODSEQ %llu", (unsigned long long)r->highest);
}

static void
put_plain(struct imap *im, const struct results *r, const char *verb)
{
	const uint32_t *hit = im->uid ? r->uid : r->number;

	buf_str(&im->out, "* ");
	buf_str(&im->out, verb);
	for (size_t i = 0; i < r->n; i++) {
		put_next(&im->out, ' ', hit[i]);
		imap_part(im);
	}
	if (r->modseq && r->n > 0) /* RFC 7162 s. 3.1.5 */
		buf_printf(&im->out, " (MODSEQ %llu)",
		    (unsigned long long)r->highest);
	imap_line(im);
}

static int
ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* RFC 5182 s. 2.1, 2.4: with MIN and MAX alone only these are kept; of PARTIAL
 * what is told (RFC 9394 s. 3.1). */
static void
save(struct imap *im, const struct results *r)
{
	const unsigned all = RETURN_ALL | RETURN_COUNT;
	const unsigned some = RETURN_MIN | RETURN_MAX;
	uint32_t ends[2];
	size_t n = 0, first;

	if ((r->wanted & (RETURN_PARTIAL | RETURN_COUNT)) == RETURN_PARTIAL) {
		first = partial_of(&r->partial, r->n, &n);
		selected_save(im, r->uid + first, n);
	} else if ((r->wanted & all) != 0 || (r->wanted & some) == 0 ||
	    r->n == 0)
		selected_save(im, r->uid, r->n);
	else {
		if ((r->wanted & RETURN_MIN) != 0)
			ends[n++] = r->uid[0];
		if ((r->wanted & RETURN_MAX) != 0 && (n == 0 || r->n > 1))
			ends[n++] = r->uid[r->n - 1];
		selected_save(im, ends, n);
	}
	if (im->saves > 1)
		qsort(im->saved, im->saves, sizeof(*im->saved), ascending);
}

void
results_answer(struct imap *im, const struct results *r, const char *verb)
{
	if ((r->wanted & RETURN_SAVE) != 0)
		save(im, r);
	if (!r->extended) {
		put_plain(im, r, verb);
		return;
	}
	if (r->wanted == RETURN_SAVE)
		return;
	buf_str(&im->out, "* ESEARCH (TAG ");
	put_string(&im->out, im->tag, false);
	buf_str(&im->out, im->uid ? ") UID" : ")");
	results_put(im, r, im->uid);
	imap_line(im);
}
