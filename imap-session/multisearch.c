/* ESEARCH: one search of many mailboxes (RFC 7377). */
#include <stdlib.h>
#include <string.h>

#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/put.h"
#include "imap-session/results.h"
#include "imap-session/search.h"
#include "imap-session/sources.h"
#include "maildir/maildir.h"

enum { SOURCES = 32 };

struct multisearch {
	struct source source[SOURCES];
	size_t sources;
	bool selected; /* the selected one is among them */
	struct results wanted;
	struct span charset;
};

/* "IN (mailboxes ...) " if it stands there. */
static const struct reply *
read_sources(struct imap *im, struct parse *p, struct multisearch *m)
{
	const struct reply *wrong;

	m->selected = !parse_word(p, "IN");
	if (m->selected)
		return NULL;
	if (parse_space(p) == -1 || parse_char(p, '(') == -1)
		return &imap_bad;
	do {
		if (m->sources == SOURCES)
			return imap_no(im, "[LIMIT] Too many mailboxes");
		wrong = source_read(im, p, &m->source[m->sources]);
		if (wrong != NULL)
			return wrong;
		if (m->source[m->sources].kind == SOURCE_DELAYED) {
			(void)parse_fail(p, "Unknown set of mailboxes");
			return &imap_bad;
		}
		m->selected |= m->source[m->sources++].kind == SOURCE_SELECTED;
	} while (parse_try(p, ' ') && !parse_next(p, '('));
	if (parse_next(p, '(')) { /* no scope options are defined */
		(void)parse_fail(p, "Unknown option");
		return &imap_bad;
	}
	return parse_char(p, ')') == -1 || parse_space(p) == -1 ? &imap_bad :
								  NULL;
}

static const struct reply *
read_all(struct imap *im, struct parse *p, struct multisearch *m)
{
	const struct reply *wrong;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = read_sources(im, p, m);
	if (wrong == NULL)
		wrong = results_read(im, p, &m->wanted);
	if (wrong != NULL)
		return wrong;
	if ((m->wanted.wanted & RETURN_SAVE) != 0) {
		(void)parse_fail(p, "SAVE is of one mailbox");
		return &imap_bad;
	}
	if (m->wanted.wanted == 0)
		m->wanted.wanted = RETURN_ALL;
	m->charset = span("UTF-8");
	if (!parse_word(p, "CHARSET"))
		return NULL;
	return parse_space(p) == -1 ? &imap_bad :
				      search_charset(im, p, &m->charset);
}

static void
put_hits(struct imap *im, const char *disk, const struct results *r)
{
	struct folder_info info;

	folder_info(im->folder, &info);
	buf_str(&im->out, "* ESEARCH (TAG ");
	put_string(&im->out, im->tag, false);
	buf_str(&im->out, " MAILBOX ");
	name_put(im, disk);
	buf_printf(&im->out, " UIDVALIDITY %u) UID", info.uidvalidity);
	results_put(im, r, true);
	imap_line(im);
}

/* The keys are read again for each folder, since keywords and "*" mean
 * something else there. */
static const struct reply *
search_one(struct imap *im, struct parse *p, const struct multisearch *m,
    const char *disk)
{
	struct results r = m->wanted;
	const struct reply *wrong;
	struct parse copy = *p;
	struct search_key *k;
	size_t used = im->arena.used;

	r.uids = true;
	wrong = search_read(im, &copy, m->charset, &k, &r.modseq);
	p->error = copy.error;
	if (wrong == NULL)
		wrong = search_hits(im, k, &r.number, &r.n);
	if (wrong == NULL)
		wrong = results_fill(im, &r);
	if (wrong == NULL && r.n > 0)
		put_hits(im, disk, &r);
	im->arena.used = used;
	return wrong;
}

/* In a view of its own; a folder that has just gone has no hits. */
static const struct reply *
search_other(struct imap *im, struct parse *p, const struct multisearch *m,
    const char *disk)
{
	struct folder *f = folder_open(im->store, disk, false);
	struct folder *selected = im->folder;
	const struct reply *wrong;

	if (f == NULL)
		return NULL;
	im->folder = f;
	wrong = search_one(im, p, m, disk);
	im->folder = selected;
	folder_close(f);
	return wrong;
}

static bool
is_source(const struct multisearch *m, const struct folder_name *f)
{
	for (size_t i = 0; i < m->sources; i++)
		if (source_has(&m->source[i], f->name, f->subscribed))
			return true;
	return false;
}

static const struct reply *
run(struct imap *im, struct parse *p, const struct multisearch *m)
{
	struct folder_name *list = NULL;
	const struct reply *wrong = NULL;
	ptrdiff_t n = store_list(im->store, &list);

	if (n == -1)
		return imap_failed(im);
	for (ptrdiff_t i = 0; i < n && wrong == NULL; i++) {
		bool here = im->state == S_BOX &&
		    strcmp(list[i].name, im->selected) == 0;

		if (!list[i].exists ||
		    (!is_source(m, &list[i]) && !(here && m->selected)))
			continue;
		if (here)
			wrong = search_one(im, p, m, list[i].name);
		else
			wrong = search_other(im, p, m, list[i].name);
	}
	free(list);
	return wrong;
}

const struct reply *
multisearch_esearch(struct imap *im, struct parse *p)
{
	struct multisearch m = { 0 };
	const struct reply *wrong;

	wrong = read_all(im, p, &m);
	if (wrong != NULL)
		return wrong;
	if (m.selected && im->state != S_BOX) {
		(void)parse_fail(p, "No mailbox is selected");
		return &imap_bad;
	}
	wrong = run(im, p, &m);
	return wrong != NULL ? wrong : &imap_done;
}
