/* LIST and LSUB (RFC 9051 s. 6.3.9, RFC 3501 s. 6.3.9, RFC 5258, RFC 5819,
 * RFC 6154, RFC 8440): the names of folders, their parents even where these are
 * no folders, and what is known of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imap-session/acl.h"
#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/put.h"
#include "imap-session/status.h"
#include "imap-session/uses.h"
#include "maildir/maildir.h"
#include "message/fail.h"

struct entry {
	const char *disk;
	struct span wire;
	bool exists;
	bool subscribed;
	bool children;
	bool below; /* something below it is subscribed */
	const char *use; /* once it was asked for */
};

struct wanted {
	bool lsub;
	bool subscribed, recursive, special; /* selection options */
	bool say_subscribed; /* return options */
	bool rights;
	unsigned status;
	struct span pattern[32];
	size_t patterns;
	bool percent; /* the last of them ends so */
	bool xlist;
	bool given; /* some folders were given a use */
};

/* ---- the folders */

/* INBOX stands before all. */
static int
by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = strcmp(x->disk, y->disk);

	if (r != 0 && strcmp(x->disk, "INBOX") == 0)
		return -1;
	if (r != 0 && strcmp(y->disk, "INBOX") == 0)
		return 1;
	return r != 0 ? r : y->exists - x->exists;
}

/* The parents of each name, as entries of their own; how many with them. */
static size_t
add_parents(struct imap *im, struct entry *e, size_t n, size_t most)
{
	size_t total = n;

	for (size_t i = 0; i < n; i++)
		for (const char *p = e[i].disk; (p = strchr(p, '.')) != NULL;
		     p++) {
			size_t len = (size_t)(p - e[i].disk);
			char *parent = arena_take(&im->arena, len + 1);

			if (parent == NULL || total == most)
				return 0;
			memcpy(parent, e[i].disk, len);
			e[total++] = (struct entry){ .disk = parent };
		}
	return total;
}

/* One entry for each name: what exists comes first of its equals. */
static size_t
make_unique(struct entry *e, size_t n)
{
	size_t kept = 0;

	qsort(e, n, sizeof(*e), by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && strcmp(e[kept - 1].disk, e[i].disk) == 0)
			e[kept - 1].subscribed |= e[i].subscribed;
		else
			e[kept++] = e[i];
	}
	return kept;
}

/* Tell the ancestors of each what there is below them. */
static void
mark_parents(struct entry *e, size_t n)
{
	char name[NAME_DISK];

	for (size_t i = 0; i < n; i++) {
		(void)strncpy(name, e[i].disk, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		for (char *dot; (dot = strrchr(name, '.')) != NULL;) {
			struct entry key = { .disk = name }, *up;

			*dot = '\0';
			key.exists = true; /* equal names: first */
			up = bsearch(&key, e, n, sizeof(*e), by_name);
			if (up == NULL) {
				key.exists = false;
				up = bsearch(&key, e, n, sizeof(*e), by_name);
			}
			if (up == NULL)
				continue;
			up->children |= e[i].exists;
			up->below |= e[i].subscribed;
		}
		if (i > 0 && *name_prefix() != '\0') { /* all of INBOX */
			e[0].children |= e[i].exists;
			e[0].below |= e[i].subscribed;
		}
	}
}

/* The names of the store into the arena.  0; -1: it is used up. */
static int
copy_names(struct imap *im, struct entry *e, const struct folder_name *name,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(name[i].name) + 1;
		char *disk = arena_take(&im->arena, len);

		if (disk == NULL)
			return -1;
		memcpy(disk, name[i].name, len);
		e[i] = (struct entry){
			.disk = disk,
			.exists = name[i].exists,
			.subscribed = name[i].subscribed,
		};
	}
	return 0;
}

/* All names of the store with their parents; how many; -1. */
static ptrdiff_t
entries(struct imap *im, struct entry **out)
{
	struct folder_name *name;
	ptrdiff_t n = store_list(im->store, &name);
	size_t most = 1, total;
	struct entry *e;
	int r = -1;

	if (n == -1)
		return -1;
	for (ptrdiff_t i = 0; i < n; i++) {
		const char *p = name[i].name;

		do
			most++;
		while ((p = strchr(p + 1, '.')) != NULL);
	}
	e = arena_take(&im->arena, most * sizeof(*e));
	if (e != NULL)
		r = copy_names(im, e, name, (size_t)n);
	free(name);
	if (r == -1) {
		(void)fail_as(ENOMEM, "too many folders");
		return -1;
	}
	*out = e;
	total = add_parents(im, e, (size_t)n, most);
	total = make_unique(e, total);
	mark_parents(e, total);
	return (ptrdiff_t)total;
}

/* ---- the answer */

static void
put_attribute(struct buf *b, size_t open, const char *name)
{
	if (name != NULL)
		buf_printf(b, "%s%s", b->len > open ? " " : "", name);
}

/* XLIST has a name of its own for Junk, and one for INBOX. */
static void
put_use(struct buf *b, size_t open, const struct wanted *w,
    const struct entry *e)
{
	if (w->xlist && strcmp(e->disk, "INBOX") == 0)
		put_attribute(b, open, "\\Inbox");
	if (w->xlist && e->use != NULL && strcmp(e->use, "\\Junk") == 0)
		put_attribute(b, open, "\\Spam");
	else
		put_attribute(b, open, e->use);
}

static void
put_entry(struct imap *im, const struct wanted *w, const struct entry *e,
    bool subscribed)
{
	struct buf *b = &im->out;
	size_t open;

	buf_str(b, w->lsub ? "* LSUB (" : w->xlist ? "* XLIST (" : "* LIST (");
	open = b->len;
	if (!e->exists)
		put_attribute(b, open,
		    imap_enabled(im, E_REV2) || w->subscribed ?
			"\\NonExistent" :
			"\\Noselect");
	if (capability_on(CAP_CHILDREN))
		put_attribute(b, open,
		    e->children ? "\\HasChildren" : "\\HasNoChildren");
	if (subscribed && !w->lsub)
		put_attribute(b, open, "\\Subscribed");
	put_use(b, open, w, e);
	buf_printf(b, ") \"%c\" ", name_separator());
	name_put(im, e->disk);
	if (w->recursive && e->below)
		buf_str(b, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	imap_line(im);
}

static bool
matches(const struct wanted *w, const struct entry *e)
{
	for (size_t i = 0; i < w->patterns; i++)
		if (name_match(w->pattern[i], e->wire))
			return true;
	return false;
}

static void
answer(struct imap *im, const struct wanted *w, struct entry *e)
{
	bool only = w->lsub || w->subscribed;
	char text[STORE_USE];

	if (!matches(w, e))
		return;
	if (e->exists)
		e->use = uses_of(im, e->disk, w->given, text);
	if (w->special && e->use == NULL)
		return;
	if (only ? !e->subscribed : !e->exists && !e->children) {
		/* a parent of something that the pattern does not reach */
		if (!e->below || !(w->lsub ? w->percent : w->recursive))
			return;
		if (w->lsub && e->exists) {
			struct entry up = *e;

			up.exists = false;
			put_entry(im, w, &up, false);
			return;
		}
	}
	put_entry(im, w, e,
	    e->subscribed && (w->subscribed || w->say_subscribed));
	if (w->rights && e->exists)
		acl_put_mine(im, e->disk);
	if (w->status != 0 && e->exists &&
	    status_put(im, e->disk, w->status) == -1)
		buf_reset(&im->out);
}

static const struct reply *
answer_all(struct imap *im, struct wanted *w)
{
	struct entry *e;
	ptrdiff_t n = entries(im, &e);
	bool utf8 = imap_enabled(im, E_UTF8) || imap_enabled(im, E_REV2);
	struct buf wire;

	if (n == -1)
		return imap_failed(im);
	w->given = store_gives_uses(im->store);
	buf_init(&wire, 4 * NAME_DISK);
	for (ptrdiff_t i = 0; i < n; i++) {
		buf_reset(&wire);
		name_to_wire(&wire, e[i].disk, utf8);
		e[i].wire = buf_all(&wire);
		answer(im, w, &e[i]);
	}
	buf_free(&wire);
	return &imap_done;
}

/* ---- the command */

/* Reference and pattern in one. */
static int
add_pattern(struct parse *p, struct wanted *w, struct span reference)
{
	struct span s;
	char *whole;

	if (parse_pattern(p, &s) == -1)
		return -1;
	if (w->patterns == sizeof(w->pattern) / sizeof(*w->pattern) ||
	    s.len + reference.len > 1000)
		return parse_fail(p, "Too many or too long patterns");
	whole = arena_take(p->arena, reference.len + s.len + 1);
	if (whole == NULL)
		return parse_fail(p, "Command is too large");
	memcpy(whole, reference.p, reference.len);
	memcpy(whole + reference.len, s.p, s.len);
	w->percent = s.len > 0 && s.p[s.len - 1] == '%';
	w->pattern[w->patterns++] = span_n(whole, reference.len + s.len);
	return 0;
}

static int
patterns(struct parse *p, struct wanted *w, struct span reference)
{
	if (!parse_try(p, '('))
		return add_pattern(p, w, reference);
	do
		if (add_pattern(p, w, reference) == -1)
			return -1;
	while (parse_try(p, ' '));
	return parse_char(p, ')');
}

/* "(SUBSCRIBED RECURSIVEMATCH)" before the reference. */
static int
selection(struct parse *p, struct wanted *w)
{
	if (!capability_on(CAP_LIST_EXTENDED) || !parse_try(p, '('))
		return 0;
	while (!parse_try(p, ')')) {
		if (parse_word(p, "SUBSCRIBED"))
			w->subscribed = true;
		else if (parse_word(p, "RECURSIVEMATCH"))
			w->recursive = true;
		else if (capability_on(CAP_SPECIAL_USE) &&
		    parse_word(p, "SPECIAL-USE"))
			w->special = true;
		else if (!parse_word(p, "REMOTE"))
			return parse_fail(p, "Unknown option");
		(void)parse_try(p, ' ');
	}
	if (w->recursive && !w->subscribed)
		return parse_fail(p, "RECURSIVEMATCH alone means nothing");
	return parse_space(p);
}

/* " RETURN (CHILDREN STATUS (MESSAGES))" at the end. */
static int
returns(struct parse *p, struct wanted *w)
{
	if (!capability_on(CAP_LIST_EXTENDED) || !parse_try(p, ' '))
		return 0;
	if (!parse_word(p, "RETURN") || !parse_try(p, ' ') ||
	    !parse_try(p, '('))
		return parse_fail(p, "RETURN (...) expected");
	while (!parse_try(p, ')')) {
		if (parse_word(p, "SUBSCRIBED"))
			w->say_subscribed = true;
		else if (capability_on(CAP_LIST_MYRIGHTS) &&
		    parse_word(p, "MYRIGHTS"))
			w->rights = true;
		else if (capability_on(CAP_LIST_STATUS) &&
		    parse_word(p, "STATUS")) {
			if (parse_space(p) == -1 ||
			    status_items(p, &w->status) == -1)
				return -1;
		} else if (!parse_word(p, "CHILDREN") &&
		    !parse_word(p, "SPECIAL-USE"))
			return parse_fail(p, "Unknown option");
		(void)parse_try(p, ' ');
	}
	return 0;
}

const struct reply *
list_list(struct imap *im, struct parse *p)
{
	struct wanted w = { 0 };
	struct span reference;

	if (parse_space(p) == -1 || selection(p, &w) == -1 ||
	    parse_astring(p, &reference) == -1 || parse_space(p) == -1 ||
	    patterns(p, &w, reference) == -1 || returns(p, &w) == -1 ||
	    parse_end(p) == -1)
		return &imap_bad;
	if (w.patterns == 1 && w.pattern[0].len == reference.len &&
	    !w.subscribed) { /* only the separator is asked for */
		buf_printf(&im->out, "* LIST (\\Noselect) \"%c\" \"\"",
		    name_separator());
		imap_line(im);
		return &imap_done;
	}
	status_begin(im, w.status);
	return answer_all(im, &w);
}

/* LSUB or XLIST. */
static const struct reply *
list_old(struct imap *im, struct parse *p, struct wanted w)
{
	struct span reference;

	if (parse_space(p) == -1 || parse_astring(p, &reference) == -1 ||
	    parse_space(p) == -1 || add_pattern(p, &w, reference) == -1 ||
	    parse_end(p) == -1)
		return &imap_bad;
	return answer_all(im, &w);
}

const struct reply *
list_lsub(struct imap *im, struct parse *p)
{
	return list_old(im, p, (struct wanted){ .lsub = true });
}

/* As Gmail and old Outlook have it: LIST with special uses. */
const struct reply *
list_xlist(struct imap *im, struct parse *p)
{
	return list_old(im, p, (struct wanted){ .xlist = true });
}
