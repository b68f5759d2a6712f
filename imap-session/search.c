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
};

static const struct {
	const char *word;
	unsigned bit;
} options[] = {
	{ "MIN", RETURN_MIN },
	{ "MAX", RETURN_MAX },
	{ "ALL", RETURN_ALL },
	{ "COUNT", RETURN_COUNT },
};

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
			for (size_t i = 0; i < 4; i++)
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

/* The numbers or UIDs that match, in the arena; NULL or the reply. */
static const struct reply *
run(struct imap *im, const struct key *k, uint32_t **hit, size_t *n)
{
	uint32_t count = folder_count(im->folder);
	struct match *m = match_new(im);
	const struct reply *r = NULL;
	struct message g;
	int found;

	*n = 0;
	*hit = arena_take(&im->arena, count * sizeof(**hit) + 1);
	if (m == NULL || *hit == NULL)
		return &imap_temp;
	for (uint32_t i = 1; i <= count; i++) {
		found = match_key(m, k, i);
		if (found == -1 && errno != ENOENT) {
			r = imap_failed(im);
			break;
		}
		if (found != 1)
			continue;
		(*hit)[*n] = i;
		if (im->uid && folder_get(im->folder, i, &g) == 0)
			(*hit)[*n] = g.uid;
		(*n)++;
	}
	match_free(m);
	return r;
}

static void
put_extended(struct imap *im, unsigned wanted, const uint32_t *hit, size_t n)
{
	struct buf *b = &im->out;

	buf_str(b, "* ESEARCH (TAG ");
	put_string(b, im->tag, false);
	buf_str(b, im->uid ? ") UID" : ")");
	if ((wanted & RETURN_MIN) != 0 && n > 0)
		buf_printf(b, " MIN %u", hit[0]);
	if ((wanted & RETURN_MAX) != 0 && n > 0)
		buf_printf(b, " MAX %u", hit[n - 1]);
	if ((wanted & RETURN_ALL) != 0 && n > 0) {
		buf_str(b, " ALL ");
		uids_put(b, hit, n);
	}
	if ((wanted & RETURN_COUNT) != 0)
		buf_printf(b, " COUNT %zu", n);
	imap_line(im);
}

const struct reply *
search_search(struct imap *im, struct parse *p)
{
	const struct reply *r;
	unsigned wanted = 0;
	struct key *k;
	uint32_t *hit;
	bool extended;
	size_t n;

	if (parse_space(p) == -1)
		return &imap_bad;
	r = read_options(im, p, &extended, &wanted);
	if (r == NULL)
		r = search_read(im, p, &k);
	if (r == NULL)
		r = run(im, k, &hit, &n);
	if (r != NULL)
		return r;
	if (extended) {
		put_extended(im, wanted, hit, n);
		return &imap_done;
	}
	buf_str(&im->out, "* SEARCH");
	for (size_t i = 0; i < n; i++) {
		buf_char(&im->out, ' ');
		put_number(&im->out, hit[i]);
	}
	imap_line(im);
	return &imap_done;
}
