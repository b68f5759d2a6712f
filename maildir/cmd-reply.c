/* maildir reply: to whom an answer goes, and what it answers. */
#include <err.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-draft.h"
#include "maildir/cmd-letter.h"
#include "maildir/cmd-people.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"

static void
put_thread(struct buf *out, const struct letter *l)
{
	struct buf id, references;

	buf_init(&id, 64 * 1024);
	buf_init(&references, 256 * 1024);
	letter_field(&id, l, "Message-ID");
	letter_field(&references, l, "References");
	if (references.len == 0)
		letter_field(&references, l, "In-Reply-To");
	if (id.len > 0)
		buf_printf(out, "In-Reply-To: %s\nReferences: %s%s%s\n", id.p,
		    references.p, references.len > 0 ? " " : "", id.p);
	buf_free(&id);
	buf_free(&references);
}

/* ---- to whom */

/* RFC 2369 s. 3.4: "<mailto:dev@example.org>, <https://...>". */
static struct span
list_address(const struct letter *l)
{
	static const char scheme[] = "<mailto:";
	struct span s = letter_value(l, "List-Post");

	while (s.len > 0 && !span_starts(s, scheme))
		s = span_from(s, 1);
	if (s.len == 0)
		errx(EX_DATAERR, "it has no List-Post: it came over no list");
	s = span_from(s, strlen(scheme));
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '>' || s.p[i] == '?')
			s.len = i;
	return s;
}

/* Is it the user who is answered?  Then it is for whom it was for. */
static bool
is_own(const struct letter *l, const struct people *own)
{
	struct people from = { .n = 0 };
	bool yes;

	(void)people_add(&from, letter_value(l, "From"));
	yes = from.n == 1 && people_have(own, span(from.address[0]));
	people_free(&from);
	return yes;
}

/* Who gets it.  "known" has the user; cc, which may stay empty, is for all
 * others. */
static void
choose(struct cmd *c, const struct letter *l, struct people *known,
    struct buf *to, struct buf *cc)
{
	if (c->to != NULL)
		buf_str(to, c->to);
	else if (c->list) {
		people_put(to, list_address(l), NULL);
		if (to->len == 0)
			errx(EX_DATAERR, "its List-Post has no address");
	} else if (c->all) {
		people_put(to, letter_value(l, "Mail-Followup-To"), known);
		if (to->len > 0)
			return;
	}
	if (to->len == 0 && is_own(l, known))
		people_put(to, letter_value(l, "To"), known);
	if (to->len == 0)
		people_put(to, letter_value(l, "Reply-To"), NULL);
	if (to->len == 0)
		people_put(to, letter_value(l, "From"), NULL);
	(void)people_add(known, buf_all(to));
	if (c->all) {
		people_put(cc, letter_value(l, "To"), known);
		people_put(cc, letter_value(l, "Cc"), known);
	}
}

static void
put_people(struct cmd *c, struct buf *out, const struct letter *l)
{
	struct people known = { .n = 0 };
	struct buf to, cc;

	buf_init(&to, 512 * 1024);
	buf_init(&cc, 512 * 1024);
	people_self(c, l, &known);
	choose(c, l, &known, &to, &cc);
	if (c->cc != NULL)
		buf_printf(&cc, "%s%s", cc.len > 0 ? ", " : "", c->cc);
	draft_field(out, "To", to.p);
	draft_field(out, "Cc", cc.p);
	out->over |= to.over || cc.over;
	people_free(&known);
	buf_free(&to);
	buf_free(&cc);
}

void
cmd_reply(struct cmd *c)
{
	struct buf draft, from;
	struct letter l;
	uint32_t uid = draft_original(c, &l, c->argv, c->argc);

	buf_init(&draft, DRAFT_MAX);
	buf_init(&from, 256 * 1024);
	draft_from(c, &draft, &l);
	put_people(c, &draft, &l);
	draft_subject(c, &draft, &l, "Re:");
	put_thread(&draft, &l);
	draft_files(c, &draft);
	buf_printf(&draft, "Original: answered %u %s\n\n", uid, c->folder_name);
	if (c->no_edit)
		draft_input(&draft);
	else {
		letter_field(&from, &l, "From");
		buf_printf(&draft, "%s wrote:\n", from.p);
		draft_quote(&draft, &l);
		draft_signature(&draft);
	}
	draft_finish(c, &draft, c->attaches > 0);
	letter_free(&l);
	buf_free(&draft);
	buf_free(&from);
}
