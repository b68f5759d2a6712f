/* CAPABILITY, ID, ENABLE, NAMESPACE: what there is. */
#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/selected.h"
#include "maildir/maildir.h"

const struct reply *
announce_capability(struct imap *im, struct parse *p)
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
announce_id(struct imap *im, struct parse *p)
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
announce_enable(struct imap *im, struct parse *p)
{
	static const struct {
		const char *name;
		enum capability needs;
		unsigned bits;
	} known[] = {
		{ "IMAP4rev2", CAP_REV2, E_REV2 },
		{ "UTF8=ACCEPT", CAP_UTF8, E_UTF8 },
		{ "CONDSTORE", CAP_CONDSTORE, E_CONDSTORE },
		{ "QRESYNC", CAP_QRESYNC, E_QRESYNC | E_CONDSTORE },
	};
	unsigned bits = 0;
	struct span name;

	buf_str(&im->out, "* ENABLED");
	do {
		if (parse_space(p) == -1 || parse_atom(p, &name) == -1)
			break;
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
			if (!span_same(name, span(known[i].name)) ||
			    !capability_on(known[i].needs) ||
			    ((im->enabled | bits) & known[i].bits) ==
				known[i].bits)
				continue;
			bits |= known[i].bits;
			buf_printf(&im->out, " %s", known[i].name);
		}
	} while (p->rest.len > 0);
	if (p->error != NULL) {
		buf_reset(&im->out);
		return &imap_bad;
	}
	imap_line(im);
	if ((bits & E_CONDSTORE) != 0)
		selected_condstore(im);
	im->enabled |= bits;
	return &imap_done;
}

/* RFC 2342: one personal namespace, nobody else's, and one that is shared. */
const struct reply *
announce_namespace(struct imap *im, struct parse *p)
{
	if (parse_end(p) == -1)
		return &imap_bad;
	buf_printf(&im->out, "* NAMESPACE ((\"%s\" \"%c\")) NIL ",
	    name_prefix(), name_separator());
	if (store_shares(im->store))
		buf_printf(&im->out, "((\"%s" STORE_SHARED "%c\" \"%c\"))",
		    name_prefix(), name_separator(), name_separator());
	else
		buf_str(&im->out, "NIL");
	imap_line(im);
	return &imap_done;
}
