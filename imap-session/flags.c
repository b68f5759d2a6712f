/* STORE (RFC 9051 s. 6.4.6, RFC 7162 s. 3.1.3). */
#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/put.h"
#include "imap-session/selected.h"

enum { WORDS = 200 };

struct wish {
	struct change change;
	bool silent;
	bool conditional; /* UNCHANGEDSINCE */
	struct span *word;
	size_t words;
};

/* " (UNCHANGEDSINCE 7)" behind the set. */
static int
read_modifier(struct parse *p, struct wish *w)
{
	w->change.unchanged_since = UINT64_MAX;
	if (!parse_try(p, '('))
		return 0;
	w->conditional = true;
	if (!capability_on(CAP_CONDSTORE) || !parse_word(p, "UNCHANGEDSINCE") ||
	    parse_space(p) == -1 ||
	    parse_number(p, INT64_MAX, &w->change.unchanged_since) == -1 ||
	    parse_char(p, ')') == -1)
		return parse_fail(p, "Unknown modifier");
	return parse_space(p);
}

/* "+FLAGS.SILENT" */
static int
read_mode(struct parse *p, struct wish *w)
{
	w->change.mode = CHANGE_REPLACE;
	if (parse_try(p, '+'))
		w->change.mode = CHANGE_ADD;
	else if (parse_try(p, '-'))
		w->change.mode = CHANGE_REMOVE;
	w->silent = parse_word(p, "FLAGS.SILENT");
	if (!w->silent && !parse_word(p, "FLAGS"))
		return parse_fail(p, "FLAGS expected");
	return parse_space(p);
}

static int
read_words(struct parse *p, struct wish *w)
{
	bool list = parse_try(p, '(');

	w->word = arena_take(p->arena, WORDS * sizeof(*w->word));
	if (w->word == NULL)
		return parse_fail(p, "Command is too large");
	if (list && parse_try(p, ')'))
		return 0;
	do {
		if (w->words == WORDS)
			return parse_fail(p, "Too many flags");
		if (parse_flag(p, &w->word[w->words++]) == -1)
			return -1;
	} while (parse_try(p, ' '));
	return list ? parse_char(p, ')') : 0;
}

/* What the client hears of message "number" in any case: its flags, and with
 * CONDSTORE its modseq, also when it asked for silence. */
static void
put_result(struct imap *im, uint32_t number, bool silent)
{
	bool modseq = imap_enabled(im, E_CONDSTORE);
	struct buf *b = &im->out;
	struct message m;
	const char *gap = "";

	if ((silent && !modseq) || folder_glance(im->folder, number, &m) == -1)
		return;
	buf_printf(b, "* %u FETCH (", number);
	if (im->uid || modseq) {
		buf_printf(b, "UID %u", m.uid);
		gap = " ";
	}
	if (modseq)
		buf_printf(b, "%sMODSEQ (%llu)", gap,
		    (unsigned long long)m.modseq);
	if (!silent) {
		buf_printf(b, "%sFLAGS ", gap);
		selected_put_flags(im, b, &m);
	}
	buf_char(b, ')');
	imap_line(im);
}

static const struct reply *
answer(struct imap *im, const struct wish *w, const uint32_t *number, size_t n,
    const uint8_t *result)
{
	struct set modified = { 0 };
	const struct reply *r = &imap_done;
	struct message m;
	bool gone = false;

	modified.range = arena_take(&im->arena, n * sizeof(struct range) + 1);
	if (modified.range == NULL)
		return imap_no(im, "[LIMIT] Too many messages");
	for (size_t i = 0; i < n; i++) {
		if (result[i] == 0)
			put_result(im, number[i], w->silent);
		gone |= result[i] == 2;
		if (result[i] != 1 ||
		    folder_glance(im->folder, number[i], &m) == -1)
			continue;
		modified.range[modified.ranges].low =
		    im->uid ? m.uid : number[i];
		modified.range[modified.ranges].high =
		    modified.range[modified.ranges].low;
		modified.ranges++;
	}
	if (modified.ranges > 0) {
		set_resolve(&modified, 0);
		buf_str(&im->out, "[MODIFIED ");
		set_put(&im->out, &modified);
		buf_str(&im->out, "] Done but for some");
		r = imap_long(im);
	} else if (gone)
		r = imap_no(im, "[EXPUNGEISSUED] Some are gone");
	return r;
}

static const struct reply *
carry_out(struct imap *im, struct wish *w, const uint32_t *number, size_t n)
{
	uint8_t *result = arena_take(&im->arena, n + 1);
	int bit;

	if (result == NULL)
		return imap_no(im, "[LIMIT] Too many messages");
	for (size_t i = 0; i < w->words; i++)
		if (selected_flag(im, w->word[i],
			w->change.mode != CHANGE_REMOVE, &w->change.flags,
			&w->change.keywords) == -1)
			return imap_no(im, "[LIMIT] No such flag");
	/* Others wrote it as a keyword. */
	bit = folder_keyword(im->folder, "$Forwarded", false);
	if (bit != -1 && w->change.mode == CHANGE_REMOVE &&
	    (w->change.flags & FLAG_FORWARDED) != 0)
		w->change.keywords |= (uint64_t)1 << bit;
	if (n > 0 &&
	    folder_change(im->folder, number, n, &w->change, result) == -1)
		return imap_failed(im);
	return answer(im, w, number, n, result);
}

const struct reply *
flags_store(struct imap *im, struct parse *p)
{
	struct wish w = { 0 };
	const struct reply *r;
	uint32_t *number;
	struct set set;
	size_t n;

	if (parse_space(p) == -1 || parse_set(p, &set) == -1 ||
	    parse_space(p) == -1 || read_modifier(p, &w) == -1 ||
	    read_mode(p, &w) == -1 || read_words(p, &w) == -1 ||
	    parse_end(p) == -1)
		return &imap_bad;
	if (w.conditional)
		selected_condstore(im);
	if (im->read_only)
		return imap_no(im, "[READ-ONLY] Mailbox is read-only");
	r = selected_numbers(im, &set, im->uid, &number, &n);
	return r != NULL ? r : carry_out(im, &w, number, n);
}
