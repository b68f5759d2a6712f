#include "imap-session/sources.h"

#include <string.h>

#include "imap-session/name.h"
#include "maildir/maildir.h"

enum { NAMES = 100 };

static const struct {
	const char *word;
	enum source_kind kind;
	bool named;
} kinds[] = {
	{ "SELECTED", SOURCE_SELECTED, false },
	{ "SELECTED-DELAYED", SOURCE_DELAYED, false },
	{ "INBOXES", SOURCE_INBOXES, false },
	{ "PERSONAL", SOURCE_PERSONAL, false },
	{ "SUBSCRIBED", SOURCE_SUBSCRIBED, false },
	{ "SUBTREE", SOURCE_SUBTREE, true },
	{ "SUBTREE-ONE", SOURCE_SUBTREE_ONE, true },
	{ "MAILBOXES", SOURCE_MAILBOXES, true },
};

/* One name or several in parentheses. */
static const struct reply *
read_names(struct imap *im, struct parse *p, struct source *s)
{
	bool list = parse_try(p, '(');

	s->name = arena_take(&im->arena, NAMES * sizeof(*s->name));
	if (s->name == NULL)
		return imap_no(im, "[LIMIT] Too many mailboxes");
	do {
		char disk[NAME_DISK];
		const struct reply *wrong = name_read(im, p, disk);
		char *copy;

		if (wrong != NULL)
			return wrong;
		copy = arena_take(&im->arena, strlen(disk) + 1);
		if (copy == NULL || s->names == NAMES)
			return imap_no(im, "[LIMIT] Too many mailboxes");
		memcpy(copy, disk, strlen(disk));
		s->name[s->names++] = copy;
	} while (list && parse_try(p, ' '));
	return list && parse_char(p, ')') == -1 ? &imap_bad : NULL;
}

const struct reply *
source_read(struct imap *im, struct parse *p, struct source *s)
{
	struct span word;

	*s = (struct source){ .kind = SOURCE_SELECTED, .store = im->store };
	if (parse_atom(p, &word) == -1)
		return &imap_bad;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!span_same(word, span(kinds[i].word)))
			continue;
		s->kind = kinds[i].kind;
		if (!kinds[i].named)
			return NULL;
		return parse_space(p) == -1 ? &imap_bad : read_names(im, p, s);
	}
	(void)parse_fail(p, "Unknown set of mailboxes");
	return &imap_bad;
}

/* How many levels "disk" is below "top": 0 it is that; -1 it is elsewhere. */
static int
below(const char *top, const char *disk)
{
	bool all = strcmp(top, "INBOX") == 0 && *name_prefix() != '\0' &&
	    strcmp(disk, top) != 0; /* then all are below INBOX */
	size_t n = all ? 0 : strlen(top);
	int levels = all;

	if (!all &&
	    (strncmp(top, disk, n) != 0 || (disk[n] != '\0' && disk[n] != '.')))
		return -1;
	for (const char *p = disk + n; *p != '\0'; p++)
		levels += *p == '.';
	return levels;
}

bool
source_has(const struct source *s, const char *disk, bool subscribed)
{
	int most = s->kind == SOURCE_SUBTREE ? 1000 :
	    s->kind == SOURCE_SUBTREE_ONE    ? 1 :
					       0;

	if (s->kind == SOURCE_INBOXES)
		return strcmp(disk, "INBOX") == 0;
	if (s->kind == SOURCE_PERSONAL)
		return !store_is_shared(s->store, disk);
	if (s->kind == SOURCE_SUBSCRIBED)
		return subscribed;
	for (size_t i = 0; i < s->names; i++) {
		int levels = below(s->name[i], disk);

		if (levels >= 0 && levels <= most)
			return true;
	}
	return false;
}
