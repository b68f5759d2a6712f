#include "imap-session/uses.h"

#include <bsd/string.h>
#include <string.h>

#include "imap-session/capability.h"

static const char *const known[] = { "\\Archive", "\\Drafts", "\\Junk",
	"\\Sent", "\\Trash" };
enum { KNOWN = sizeof(known) / sizeof(*known) };

/* The names that are in use for them. */
static const struct {
	const char *disk;
	const char *use;
} special[] = {
	{ "Archive", "\\Archive" },
	{ "Archives", "\\Archive" },
	{ "Drafts", "\\Drafts" },
	{ "Junk", "\\Junk" },
	{ "Spam", "\\Junk" },
	{ "Sent", "\\Sent" },
	{ "Sent Items", "\\Sent" },
	{ "Sent Messages", "\\Sent" },
	{ "Trash", "\\Trash" },
	{ "Deleted Items", "\\Trash" },
	{ "Deleted Messages", "\\Trash" },
};

static const char *
find(struct span word)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (span_same(word, span(known[i])))
			return known[i];
	return NULL;
}

static void
add(char text[STORE_USE], const char *use)
{
	if (strstr(text, use) != NULL)
		return;
	if (text[0] != '\0')
		(void)strlcat(text, " ", STORE_USE);
	(void)strlcat(text, use, STORE_USE); /* each once: there is room */
}

const char *
uses_of(struct imap *im, const char *disk, bool given, char text[STORE_USE])
{
	char stored[STORE_USE];
	struct span rest, word;
	const char *use;

	if (!capability_on(CAP_SPECIAL_USE))
		return NULL;
	if (given) {
		store_use(im->store, disk, stored);
		text[0] = '\0';
		rest = span(stored);
		while ((word = span_word(&rest)).len > 0)
			if ((use = find(word)) != NULL)
				add(text, use);
		if (text[0] != '\0')
			return text;
	}
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (span_same(span(disk), span(special[i].disk)))
			return special[i].use;
	return NULL;
}

int
uses_read(struct parse *p, char text[STORE_USE])
{
	struct span word;
	const char *use;
	int r = 0;

	text[0] = '\0';
	if (parse_char(p, '(') == -1)
		return -1;
	do {
		if (parse_flag(p, &word) == -1)
			return -1;
		use = find(word);
		if (use != NULL)
			add(text, use);
		else
			r = 1;
	} while (parse_try(p, ' '));
	return parse_char(p, ')') == -1 ? -1 : r;
}
