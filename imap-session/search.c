/* SEARCH (RFC 9051 s. 6.4.4, RFC 3501 s. 6.4.4). */
#include "imap-session/search.h"

#include "imap-session/handlers.h"
#include "imap-session/progress.h"
#include "imap-session/results.h"
#include "imap-session/selected.h"
#include "message/charset.h"

const struct reply *
search_charset(struct imap *im, struct parse *p, struct span *charset)
{
	struct charset c;
	struct buf none;
	int r;

	if (parse_astring(p, charset) == -1 || parse_space(p) == -1)
		return &imap_bad;
	r = charset->len == 0 ? -1 : charset_begin(&c, *charset);
	if (r == -1)
		return imap_no(im, "[BADCHARSET (US-ASCII UTF-8)] Unknown");
	buf_init(&none, 0);
	charset_end(&c, &none);
	return NULL;
}

const struct reply *
search_hits(struct imap *im, struct search_key *k, uint32_t **number, size_t *n)
{
	uint32_t count = folder_count(im->folder);
	struct progress progress;
	const struct search_watcher watcher = { progress_look, &progress };
	struct search *s;
	ptrdiff_t hits;

	*n = 0;
	*number = arena_take(&im->arena, count * sizeof(**number) + 1);
	if (*number == NULL)
		return imap_no(im, "[LIMIT] Too many messages");
	s = search_new(im->folder, k);
	if (s == NULL)
		return &imap_temp;
	progress_begin(&progress, im);
	hits = search_run(s, &watcher, *number);
	search_free(s);
	if (hits == -1)
		return imap_failed(im);
	*n = (size_t)hits;
	return NULL;
}

static const struct reply *
read_all(struct imap *im, struct parse *p, struct results *r,
    struct search_key **k)
{
	struct span charset = span("UTF-8");
	const struct reply *wrong;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = results_read(im, p, r);
	if (!r->extended && imap_enabled(im, E_REV2)) { /* RFC 9051 s. 6.4.4 */
		r->extended = true;
		r->wanted = RETURN_ALL;
	}
	if (wrong == NULL && parse_word(p, "CHARSET")) {
		if (imap_enabled(im, E_UTF8)) /* RFC 9755 s. 3 */
			(void)parse_fail(p, "All strings are UTF-8");
		wrong = p->error != NULL || parse_space(p) == -1 ?
		    &imap_bad :
		    search_charset(im, p, &charset);
	}
	if (wrong == NULL)
		wrong = search_read(im, p, charset, k, &r->modseq);
	return wrong;
}

const struct reply *
search_search(struct imap *im, struct parse *p)
{
	const struct reply *wrong;
	struct search_key *k;
	struct results r = { 0 };

	wrong = read_all(im, p, &r, &k);
	if (wrong == NULL && r.modseq)
		selected_condstore(im);
	if (wrong == NULL)
		wrong = search_hits(im, k, &r.number, &r.n);
	if (wrong == NULL)
		wrong = results_fill(im, &r);
	if (wrong != NULL) {
		if ((r.wanted & RETURN_SAVE) != 0 && p->error == NULL)
			selected_save(im, NULL, 0);
		return wrong;
	}
	results_answer(im, &r, "SEARCH");
	return &imap_done;
}
