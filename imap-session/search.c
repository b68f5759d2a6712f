/* SEARCH (RFC 9051 s. 6.4.4, RFC 3501 s. 6.4.4, RFC 4731). */
#include "imap-session/search.h"

#include <errno.h>

#include "imap-session/handlers.h"
#include "imap-session/match.h"
#include "imap-session/put.h"
#include "imap-session/selected.h"
#include "imap-session/uids.h"

enum {
	RETURN_MIN = 1 << 0,
	RETURN_MAX = 1 << 1,
	RETURN_ALL = 1 << 2,
	RETURN_COUNT = 1 << 3,
	RETURN_SAVE = 1 << 4, /* RFC 5182 */
};

static const struct {
	const char *word;
	unsigned bit;
} options[] = {
	{ "MIN", RETURN_MIN },
	{ "MAX", RETURN_MAX },
	{ "ALL", RETURN_ALL },
	{ "COUNT", RETURN_COUNT },
	{ "SAVE", RETURN_SAVE },
};

enum { OPTIONS = sizeof(options) / sizeof(*options) };

/* "RETURN (MIN COUNT) " and "CHARSET UTF-8 ". */
static const struct reply *
read_options(struct imap *im, struct parse *p, bool *extended, unsigned *wanted)
{
	struct span word;

	*extended = parse_word(p, "RETURN");
	if (*extended) {
		if (parse_space(p) == -1 || parse_char(p, '(') == -1)
			return &imap_bad;
		while (!parse_try(p, ')')) {
			unsigned bit = 0;

			if (parse_atom(p, &word) == -1)
				return &imap_bad;
			for (size_t i = 0; i < OPTIONS; i++)
				if (span_same(word, span(options[i].word)))
					bit = options[i].bit;
			if (bit == 0) {
				(void)parse_fail(p, "Unknown option");
				return &imap_bad;
			}
			*wanted |= bit;
			(void)parse_try(p, ' ');
		}
		if (parse_space(p) == -1)
			return &imap_bad;
		if (*wanted == 0)
			*wanted = RETURN_ALL;
	}
	if (!parse_word(p, "CHARSET"))
		return NULL;
	if (parse_space(p) == -1 || parse_astring(p, &word) == -1 ||
	    parse_space(p) == -1)
		return &imap_bad;
	if (!span_same(word, span("UTF-8")) &&
	    !span_same(word, span("US-ASCII")))
		return imap_no(im, "[BADCHARSET (US-ASCII UTF-8)] Unknown");
	return NULL;
}

/* What matches. */
struct hits {
	uint32_t *number; /* or UIDs: what the client is told */
	uint32_t *uid;
	size_t n;
	uint64_t modseq; /* the highest of them */
};

/* NULL or the reply. */
static const struct reply *
run(struct imap *im, const struct key *k, struct hits *h)
{
	uint32_t count = folder_count(im->folder);
	struct match *m = match_new(im);
	const struct reply *r = NULL;
	struct message g;
	int found;

	*h = (struct hits){ 0 };
	h->number = arena_take(&im->arena, count * sizeof(uint32_t) + 1);
	h->uid = arena_take(&im->arena, count * sizeof(uint32_t) + 1);
	if (m == NULL || h->number == NULL || h->uid == NULL)
		return &imap_temp;
	for (uint32_t i = 1; i <= count; i++) {
		found = match_key(m, k, i);
		if (found == -1 && errno != ENOENT) {
			r = imap_failed(im);
			break;
		}
		if (found != 1 || folder_get(im->folder, i, &g) == -1)
			continue;
		h->number[h->n] = im->uid ? g.uid : i;
		h->uid[h->n++] = g.uid;
		if (g.modseq > h->modseq)
			h->modseq = g.modseq;
	}
	match_free(m);
	return r;
}

static void
put_extended(struct imap *im, unsigned wanted, const struct hits *h,
    bool modseq)
{
	struct buf *b = &im->out;
	size_t n = h->n;

	buf_str(b, "* ESEARCH (TAG ");
	put_string(b, im->tag, false);
	buf_str(b, im->uid ? ") UID" : ")");
	if ((wanted & RETURN_MIN) != 0 && n > 0)
		buf_printf(b, " MIN %u", h->number[0]);
	if ((wanted & RETURN_MAX) != 0 && n > 0)
		buf_printf(b, " MAX %u", h->number[n - 1]);
	if ((wanted & RETURN_ALL) != 0 && n > 0) {
		buf_str(b, " ALL ");
		uids_put(b, h->number, n);
	}
	if ((wanted & RETURN_COUNT) != 0)
		buf_printf(b, " COUNT %zu", n);
	if (modseq && n > 0)
		buf_printf(b, " MODSEQ %llu", (unsigned long long)h->modseq);
	imap_line(im);
}

static void
put_plain(struct imap *im, const struct hits *h, bool modseq)
{
	buf_str(&im->out, "* SEARCH");
	for (size_t i = 0; i < h->n; i++) {
		buf_char(&im->out, ' ');
		put_number(&im->out, h->number[i]);
	}
	if (modseq && h->n > 0) /* RFC 7162 s. 3.1.5 */
		buf_printf(&im->out, " (MODSEQ %llu)",
		    (unsigned long long)h->modseq);
	imap_line(im);
}

/* RFC 5182 s. 2.1, 2.4: with MIN and MAX alone only these are kept. */
static void
save(struct imap *im, unsigned wanted, const struct hits *h)
{
	uint32_t ends[2];
	size_t n = 0;

	if ((wanted & (RETURN_ALL | RETURN_COUNT)) != 0 ||
	    (wanted & (RETURN_MIN | RETURN_MAX)) == 0 || h->n == 0) {
		selected_save(im, h->uid, h->n);
		return;
	}
	if ((wanted & RETURN_MIN) != 0)
		ends[n++] = h->uid[0];
	if ((wanted & RETURN_MAX) != 0 && (n == 0 || h->n > 1))
		ends[n++] = h->uid[h->n - 1];
	selected_save(im, ends, n);
}

const struct reply *
search_search(struct imap *im, struct parse *p)
{
	const struct reply *r;
	bool extended, modseq = false;
	unsigned wanted = 0;
	struct hits h;
	struct key *k;

	if (parse_space(p) == -1)
		return &imap_bad;
	r = read_options(im, p, &extended, &wanted);
	if (!extended && imap_enabled(im, E_REV2)) { /* RFC 9051 s. 6.4.4 */
		extended = true;
		wanted = RETURN_ALL;
	}
	if (r == NULL)
		r = search_read(im, p, &k, &modseq);
	if (r == NULL && modseq)
		im->enabled |= E_CONDSTORE;
	if (r == NULL)
		r = run(im, k, &h);
	if (r != NULL) {
		if ((wanted & RETURN_SAVE) != 0 && p->error == NULL)
			selected_save(im, NULL, 0);
		return r;
	}
	if ((wanted & RETURN_SAVE) != 0)
		save(im, wanted, &h);
	if (!extended)
		put_plain(im, &h, modseq);
	else if (wanted != RETURN_SAVE)
		put_extended(im, wanted, &h, modseq);
	return &imap_done;
}
