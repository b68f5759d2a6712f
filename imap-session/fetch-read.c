/* The words of FETCH. */
#include <string.h>

#include "imap-session/capability.h"
#include "imap-session/fetch.h"

static const struct {
	const char *word;
	enum item_kind kind;
	enum capability needs;
} words[] = {
	{ "FLAGS", ITEM_FLAGS, CAP_REV1 },
	{ "UID", ITEM_UID, CAP_REV1 },
	{ "INTERNALDATE", ITEM_DATE, CAP_REV1 },
	{ "SAVEDATE", ITEM_SAVED, CAP_SAVEDATE },
	{ "RFC822.SIZE", ITEM_SIZE, CAP_REV1 },
	{ "MODSEQ", ITEM_MODSEQ, CAP_CONDSTORE },
	{ "EMAILID", ITEM_EMAILID, CAP_OBJECTID },
	{ "THREADID", ITEM_THREADID, CAP_OBJECTID },
	{ "ENVELOPE", ITEM_ENVELOPE, CAP_REV1 },
	{ "BODYSTRUCTURE", ITEM_STRUCTURE, CAP_REV1 },
};

static const struct {
	const char *word;
	enum section_kind kind;
	bool seen;
} old_words[] = {
	/* RFC 3501 s. 6.4.5 */
	{ "RFC822", SECTION_ALL, true },
	{ "RFC822.HEADER", SECTION_HEADER, false },
	{ "RFC822.TEXT", SECTION_TEXT, true },
};

static const struct {
	const char *word;
	enum item_kind kind[6];
	size_t kinds;
} macros[] = {
	{ "ALL", { ITEM_FLAGS, ITEM_DATE, ITEM_SIZE, ITEM_ENVELOPE }, 4 },
	{ "FAST", { ITEM_FLAGS, ITEM_DATE, ITEM_SIZE }, 3 },
	{ "FULL",
	    { ITEM_FLAGS, ITEM_DATE, ITEM_SIZE, ITEM_ENVELOPE, ITEM_BODY }, 5 },
};

/* Room for one more; asked twice is answered once. */
static struct item *
add(struct parse *p, struct wanted *w, enum item_kind kind)
{
	if (kind < ITEM_SECTION && w->has[kind])
		return &w->item[0];
	if (w->items == FETCH_ITEMS) {
		(void)parse_fail(p, "Too many items");
		return NULL;
	}
	w->has[kind] = true;
	w->item[w->items] = (struct item){ .kind = kind };
	return &w->item[w->items++];
}

/* "BODY", "BODY[...]" or "BODY.PEEK[...]", whose brackets end no atom. */
static int
read_body(struct parse *p, struct wanted *w, size_t word, bool seen)
{
	struct item *item;

	p->rest = span_from(p->rest, word);
	if (!parse_next(p, '['))
		return !seen ? parse_fail(p, "Section expected") :
		    add(p, w, ITEM_BODY) != NULL ? 0 :
						   -1;
	item = add(p, w, ITEM_SECTION);
	if (item == NULL || section_read(p, &item->section) == -1)
		return -1;
	w->seen |= seen;
	return 0;
}

/* "BINARY[1]<0.100>", "BINARY.PEEK[1]" or "BINARY.SIZE[1]". */
static int
read_binary(struct parse *p, struct wanted *w)
{
	bool size = span_starts(p->rest, "BINARY.SIZE");
	bool peek = span_starts(p->rest, "BINARY.PEEK");
	struct item *item;

	p->rest = span_from(p->rest,
	    size || peek ? strlen("BINARY.SIZE") : strlen("BINARY"));
	item = add(p, w, size ? ITEM_BINARY_SIZE : ITEM_BINARY);
	if (item == NULL || section_read_binary(p, &item->section, !size) == -1)
		return -1;
	w->seen |= !size && !peek;
	return 0;
}

/* "PREVIEW" or "PREVIEW (LAZY)" (RFC 8970 s. 3.1). */
static int
read_preview(struct parse *p, struct wanted *w)
{
	struct item *item;

	p->rest = span_from(p->rest, strlen("PREVIEW"));
	item = add(p, w, ITEM_PREVIEW);
	if (item == NULL)
		return -1;
	if (p->rest.len < 2 || p->rest.p[0] != ' ' || p->rest.p[1] != '(')
		return 0;
	p->rest = span_from(p->rest, 2);
	item->lazy = parse_word(p, "LAZY");
	return item->lazy ? parse_char(p, ')') :
			    parse_fail(p, "Unknown modifier");
}

static int
read_item(struct parse *p, struct wanted *w)
{
	struct item *item;
	struct span word;

	if (capability_on(CAP_BINARY) && span_starts(p->rest, "BINARY"))
		return read_binary(p, w);
	if (capability_on(CAP_PREVIEW) && span_starts(p->rest, "PREVIEW"))
		return read_preview(p, w);
	if (span_starts(p->rest, "BODY.PEEK"))
		return read_body(p, w, strlen("BODY.PEEK"), false);
	if (span_starts(p->rest, "BODY") &&
	    !span_starts(p->rest, "BODYSTRUCTURE"))
		return read_body(p, w, strlen("BODY"), true);
	if (parse_atom(p, &word) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_same(word, span(words[i].word)) &&
		    capability_on(words[i].needs))
			return add(p, w, words[i].kind) != NULL ? 0 : -1;
	for (size_t i = 0; i < sizeof(old_words) / sizeof(*old_words); i++) {
		if (!span_same(word, span(old_words[i].word)))
			continue;
		item = add(p, w, ITEM_SECTION);
		if (item == NULL)
			return -1;
		item->label = old_words[i].word;
		item->section.kind = old_words[i].kind;
		w->seen |= old_words[i].seen;
		return 0;
	}
	return parse_fail(p, "Unknown item");
}

static int
read_macro(struct parse *p, struct wanted *w)
{
	for (size_t i = 0; i < sizeof(macros) / sizeof(*macros); i++) {
		if (!parse_word(p, macros[i].word))
			continue;
		for (size_t k = 0; k < macros[i].kinds; k++)
			if (add(p, w, macros[i].kind[k]) == NULL)
				return -1;
		return 1;
	}
	return 0;
}

static int
read_items(struct parse *p, struct wanted *w)
{
	int r;

	if (!parse_try(p, '(')) {
		r = read_macro(p, w);
		return r != 0 ? r : read_item(p, w);
	}
	do
		if (read_item(p, w) == -1)
			return -1;
	while (parse_try(p, ' '));
	return parse_char(p, ')');
}

/* One of "CHANGEDSINCE 7", "VANISHED" and "PARTIAL 1:100" (RFC 7162
 * s. 3.1.4.1, 3.2.6; RFC 9394). */
static int
read_modifier(struct parse *p, struct wanted *w, bool uid, bool qresync)
{
	if (capability_on(CAP_CONDSTORE) && parse_word(p, "CHANGEDSINCE")) {
		w->condstore = true;
		return parse_space(p) == -1 ||
			parse_number(p, INT64_MAX, &w->since) == -1 ||
			add(p, w, ITEM_MODSEQ) == NULL ?
		    -1 :
		    0;
	}
	if (qresync && parse_word(p, "VANISHED")) {
		w->vanished = true;
		return 0;
	}
	if (uid && capability_on(CAP_PARTIAL) && parse_word(p, "PARTIAL"))
		return parse_space(p) == -1 ? -1 : partial_read(p, &w->partial);
	return parse_fail(p, "Unknown modifier");
}

static int
read_modifiers(struct parse *p, struct wanted *w, bool uid, bool qresync)
{
	if (!parse_try(p, ' '))
		return 0;
	if (parse_char(p, '(') == -1)
		return -1;
	do
		if (read_modifier(p, w, uid, qresync) == -1)
			return -1;
	while (parse_try(p, ' '));
	if (w->vanished && !w->condstore)
		return parse_fail(p, "VANISHED needs CHANGEDSINCE");
	return parse_char(p, ')');
}

int
fetch_read(struct parse *p, struct wanted *w, bool uid, bool qresync)
{
	if (uid && add(p, w, ITEM_UID) == NULL)
		return -1;
	if (read_items(p, w) == -1 || read_modifiers(p, w, uid, qresync) == -1)
		return -1;
	return parse_end(p);
}
