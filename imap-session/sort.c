/* SORT (RFC 5256, RFC 5957) and its ESORT form (RFC 5267 s. 3.1). */
#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/progress.h"
#include "imap-session/results.h"
#include "imap-session/search.h"
#include "imap-session/selected.h"
#include "maildir/maildir.h"
#include "maildir/order.h"

static const struct {
	const char *word;
	enum capability needs;
	enum order_by by;
} words[] = {
	{ "ARRIVAL", CAP_SORT, ORDER_ARRIVAL },
	{ "CC", CAP_SORT, ORDER_CC },
	{ "DATE", CAP_SORT, ORDER_DATE },
	{ "FROM", CAP_SORT, ORDER_FROM },
	{ "SIZE", CAP_SORT, ORDER_SIZE },
	{ "SUBJECT", CAP_SORT, ORDER_SUBJECT },
	{ "TO", CAP_SORT, ORDER_TO },
	{ "DISPLAYFROM", CAP_SORT_DISPLAY, ORDER_DISPLAYFROM },
	{ "DISPLAYTO", CAP_SORT_DISPLAY, ORDER_DISPLAYTO },
};

struct order {
	struct order_key key[ORDER_KEYS];
	size_t keys;
};

static int
read_key(struct parse *p, struct order_key *k)
{
	struct span word;

	k->reverse = parse_word(p, "REVERSE");
	if ((k->reverse && parse_space(p) == -1) || parse_atom(p, &word) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_same(word, span(words[i].word)) &&
		    capability_on(words[i].needs)) {
			k->by = words[i].by;
			return 0;
		}
	return parse_fail(p, "Unknown sort key");
}

/* "(REVERSE DATE SUBJECT) ". */
static int
read_order(struct parse *p, struct order *o)
{
	o->keys = 0;
	if (parse_char(p, '(') == -1)
		return -1;
	do {
		if (o->keys == ORDER_KEYS)
			return parse_fail(p, "Too many sort keys");
		if (read_key(p, &o->key[o->keys++]) == -1)
			return -1;
	} while (parse_try(p, ' '));
	return parse_char(p, ')') == -1 || parse_space(p) == -1 ? -1 : 0;
}

static const struct reply *
run(struct imap *im, struct parse *p, struct results *r)
{
	struct progress progress;
	const struct search_watcher watcher = { progress_look, &progress };
	const struct reply *wrong;
	struct span charset;
	struct search_key *k;
	struct order o;

	if (read_order(p, &o) == -1)
		return &imap_bad;
	wrong = search_charset(im, p, &charset);
	if (wrong == NULL)
		wrong = search_read(im, p, charset, &k, &r->modseq);
	if (wrong == NULL && r->modseq)
		selected_condstore(im);
	if (wrong == NULL)
		wrong = search_hits(im, k, &r->number, &r->n);
	if (wrong != NULL)
		return wrong;
	progress_begin(&progress, im);
	if (order_sort(im->folder, o.key, o.keys, &watcher, r->number, r->n) ==
	    -1)
		return imap_failed(im);
	return results_fill(im, r);
}

const struct reply *
sort_sort(struct imap *im, struct parse *p)
{
	const struct reply *wrong;
	struct results r = { 0 };

	if (parse_space(p) == -1)
		return &imap_bad;
	if (capability_on(CAP_ESORT))
		wrong = results_read(im, p, &r);
	else
		wrong = NULL;
	if (wrong == NULL)
		wrong = run(im, p, &r);
	if (wrong != NULL) {
		if ((r.wanted & RETURN_SAVE) != 0 && p->error == NULL)
			selected_save(im, NULL, 0);
		return wrong;
	}
	results_answer(im, &r, "SORT");
	return &imap_done;
}
