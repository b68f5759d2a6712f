/* List and listing brought together.  First by whole base, so that of two
 * files with one stem each keeps its own line; what is left then by stem, for
 * files that another program has given a ",U=" or ",S=" since. */
#include "maildir/uidlist.h"

static void
pair(struct uidlist *l, size_t entry, struct scan *s, size_t name)
{
	l->entry[entry].found = (uint32_t)name + 1;
	s->name[name].entry = (uint32_t)entry + 1;
}

int
uidlist_match(struct uidlist *l, struct scan *s)
{
	struct names table;
	size_t left = 0;

	for (size_t i = 0; i < s->names; i++)
		s->name[i].entry = 0;
	if (l->entries == 0)
		return 0;
	if (names_index(&table, l->text, l->entry, sizeof(*l->entry),
		l->entries) == -1)
		return -1;
	for (size_t i = 0; i < l->entries; i++)
		l->entry[i].found = 0;
	for (size_t i = 0; i < s->names; i++) {
		ptrdiff_t e = names_find(&table, scan_text(s, i));

		if (e != -1 && l->entry[e].found == 0)
			pair(l, (size_t)e, s, i);
		else
			left++;
	}
	for (size_t i = 0; i < s->names && left > 0; i++) {
		size_t at = 0;
		ptrdiff_t e;

		if (s->name[i].entry != 0)
			continue;
		left--;
		while ((e = names_like(&table, scan_text(s, i), &at)) != -1)
			if (l->entry[e].found == 0) {
				pair(l, (size_t)e, s, i);
				break;
			}
	}
	names_free(&table);
	return 0;
}
