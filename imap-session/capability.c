/* CAPABILITY, ID, ENABLE, NAMESPACE: what there is. */
#include "imap-session/handlers.h"

#include "imap-session/login.h"
#include "session/sasl.h"

#define BEFORE "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE"
#define AFTER                                                                \
	BEFORE " NAMESPACE UNSELECT UIDPLUS MOVE MULTIAPPEND IDLE CHILDREN"  \
	       " SPECIAL-USE LIST-EXTENDED LIST-STATUS STATUS=SIZE ESEARCH " \
	       "SEARCHRES"                                                   \
	       " WITHIN CONDSTORE QRESYNC UTF8=ACCEPT SAVEDATE"              \
	       " APPENDLIMIT=52428800"

void
capability_put(struct buf *b, const struct imap *im)
{
	struct span rest, name;
	struct buf names;

	if (im->state != S_START) {
		buf_str(b, AFTER);
		return;
	}
	buf_str(b, BEFORE);
	if (login_offered(im) == 0)
		buf_str(b, " LOGINDISABLED");
	buf_init(&names, 200);
	sasl_names(&names, login_offered(im));
	rest = buf_all(&names);
	while ((name = span_word(&rest)).len > 0) {
		buf_str(b, " AUTH=");
		buf_span(b, name);
	}
	buf_free(&names);
}

const struct reply *
capability_capability(struct imap *im, struct parse *p)
{
	if (parse_end(p) == -1)
		return &imap_bad;
	buf_str(&im->out, "* CAPABILITY ");
	capability_put(&im->out, im);
	imap_line(im);
	return &imap_done;
}

/* RFC 2971.  What the client says of itself is checked and forgotten. */
const struct reply *
capability_id(struct imap *im, struct parse *p)
{
	struct span name, value;

	if (parse_space(p) == -1)
		return &imap_bad;
	if (!parse_word(p, "NIL")) {
		if (parse_char(p, '(') == -1)
			return &imap_bad;
		while (!parse_try(p, ')'))
			if (parse_string(p, &name, NULL) == -1 ||
			    parse_space(p) == -1 ||
			    parse_nstring(p, &value) == -1 ||
			    (!parse_next(p, ')') && parse_space(p) == -1))
				return &imap_bad;
	}
	if (parse_end(p) == -1)
		return &imap_bad;
	buf_str(&im->out, "* ID (\"name\" \"mailroom\")");
	imap_line(im);
	return &imap_done;
}

/* RFC 5161: what is unknown is passed over; ENABLED names what is new. */
const struct reply *
capability_enable(struct imap *im, struct parse *p)
{
	static const struct {
		const char *name;
		unsigned bits;
	} known[] = {
		{ "UTF8=ACCEPT", E_UTF8 },
		{ "CONDSTORE", E_CONDSTORE },
		{ "QRESYNC", E_QRESYNC | E_CONDSTORE },
	};
	struct span name;

	buf_str(&im->out, "* ENABLED");
	do {
		if (parse_space(p) == -1 || parse_atom(p, &name) == -1)
			break;
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
			if (!span_same(name, span(known[i].name)) ||
			    (im->enabled & known[i].bits) == known[i].bits)
				continue;
			im->enabled |= known[i].bits;
			buf_printf(&im->out, " %s", known[i].name);
		}
	} while (p->rest.len > 0);
	if (p->error != NULL) {
		buf_reset(&im->out);
		return &imap_bad;
	}
	imap_line(im);
	return &imap_done;
}

/* RFC 2342: one personal namespace without a prefix. */
const struct reply *
capability_namespace(struct imap *im, struct parse *p)
{
	if (parse_end(p) == -1)
		return &imap_bad;
	buf_str(&im->out, "* NAMESPACE ((\"\" \"/\")) NIL NIL");
	imap_line(im);
	return &imap_done;
}
