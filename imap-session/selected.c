#include "imap-session/selected.h"

#include <stdlib.h>
#include <string.h>

#include "imap-session/notify.h"
#include "imap-session/put.h"
#include "imap-session/uids.h"
#include "maildir/keywords.h"
#include "message/fail.h"

/* In the order of the answer to SELECT. */
static const struct {
	const char *name;
	uint32_t flag;
} system_flags[] = {
	{ "\\Answered", FLAG_ANSWERED },
	{ "\\Flagged", FLAG_FLAGGED },
	{ "\\Deleted", FLAG_DELETED },
	{ "\\Seen", FLAG_SEEN },
	{ "\\Draft", FLAG_DRAFT },
	{ "$Forwarded", FLAG_FORWARDED },
};
enum { SYSTEM_FLAGS = sizeof(system_flags) / sizeof(*system_flags) };

/* The keyword that FLAG_FORWARDED stands for; others wrote it as one. */
static bool
doubled(const char *keyword)
{
	return span_same(span(keyword), span("$Forwarded"));
}

void
selected_leave(struct imap *im)
{
	if (im->folder != NULL)
		folder_close(im->folder);
	im->folder = NULL;
	if (im->notify != NULL)
		im->notify->folder = NULL; /* another may get its address */
	im->state = S_IN;
	selected_save(im, NULL, 0);
}

void
selected_save(struct imap *im, const uint32_t *uid, size_t n)
{
	free(im->saved);
	im->saves = 0;
	im->saved = n == 0 ? NULL : malloc(n * sizeof(*uid));
	if (im->saved == NULL)
		return;
	memcpy(im->saved, uid, n * sizeof(*uid));
	im->saves = n;
}

/* Called for each message of a large mailbox: no printf here. */
void
selected_put_flags(struct imap *im, struct buf *b, const struct message *m)
{
	const char *const *keyword = folder_keywords(im->folder);
	size_t open = b->len;

	buf_char(b, '(');
	for (size_t i = 0; i < SYSTEM_FLAGS; i++)
		if ((m->flags & system_flags[i].flag) != 0) {
			buf_str(b, system_flags[i].name);
			buf_char(b, ' ');
		}
	if ((m->flags & FLAG_RECENT) != 0 && !imap_enabled(im, E_REV2))
		buf_str(b, "\\Recent ");
	for (size_t i = 0; i < KEYWORDS && m->keywords >> i != 0; i++)
		if ((m->keywords >> i & 1) != 0 && keyword[i] != NULL &&
		    !((m->flags & FLAG_FORWARDED) != 0 &&
			doubled(keyword[i]))) {
			buf_str(b, keyword[i]);
			buf_char(b, ' ');
		}
	if (b->len > open + 1) /* the last blank */
		buf_cut(b, b->len - 1);
	buf_char(b, ')');
}

uint32_t
selected_system_flag(struct span word)
{
	for (size_t i = 0; i < SYSTEM_FLAGS; i++)
		if (span_same(word, span(system_flags[i].name)))
			return system_flags[i].flag;
	return 0;
}

int
selected_flag(struct imap *im, struct span word, bool make, uint32_t *flags,
    uint64_t *keywords)
{
	uint32_t flag = selected_system_flag(word);
	char name[256];
	int bit;

	*flags |= flag;
	if (flag != 0)
		return 0;
	if (word.len == 0 || word.p[0] == '\\' || word.len >= sizeof(name))
		return -1;
	memcpy(name, word.p, word.len);
	name[word.len] = '\0';
	bit = folder_keyword(im->folder, name, make);
	if (bit == -1)
		return make ? -1 : 0;
	*keywords |= (uint64_t)1 << bit;
	return 0;
}

/* ---- news */

static bool
has(const char *const *keyword, const char *name)
{
	for (size_t i = 0; i < KEYWORDS; i++)
		if (keyword[i] != NULL && strcasecmp(keyword[i], name) == 0)
			return true;
	return false;
}

void
selected_put_known(struct imap *im, struct buf *b)
{
	const char *const *keyword = folder_keywords(im->folder);

	for (size_t i = 0; i < SYSTEM_FLAGS; i++)
		buf_printf(b, "%s%s", i > 0 ? " " : "", system_flags[i].name);
	for (size_t i = 0; i < KEYWORDS; i++)
		if (keyword[i] != NULL && !doubled(keyword[i]))
			buf_printf(b, " %s", keyword[i]);
	for (size_t i = 0; i < KEYWORDS_STANDARD; i++)
		if (!doubled(keywords_standard[i]) &&
		    !has(keyword, keywords_standard[i]))
			buf_printf(b, " %s", keywords_standard[i]);
}

void
selected_condstore(struct imap *im)
{
	struct folder_info info;

	if (imap_enabled(im, E_CONDSTORE))
		return;
	im->enabled |= E_CONDSTORE;
	if (im->state != S_BOX)
		return;
	folder_info(im->folder, &info);
	conn_printf(im->conn, "* OK [HIGHESTMODSEQ %llu] Changes\r\n",
	    (unsigned long long)info.modseq);
}

void
selected_put_change(struct imap *im, uint32_t number)
{
	struct message m;

	if (folder_glance(im->folder, number, &m) == -1)
		return;
	buf_printf(&im->out, "* %u FETCH (", number);
	if (im->uid || imap_enabled(im, E_CONDSTORE))
		buf_printf(&im->out, "UID %u ", m.uid);
	if (imap_enabled(im, E_CONDSTORE))
		buf_printf(&im->out, "MODSEQ (%llu) ",
		    (unsigned long long)m.modseq);
	buf_str(&im->out, "FLAGS ");
	selected_put_flags(im, &im->out, &m);
	buf_char(&im->out, ')');
	imap_line(im);
}

/* How many, and how many of them are recent, when the client knows less. */
static void
put_count(struct imap *im, uint32_t count)
{
	struct folder_info info;

	if (count != im->told)
		conn_printf(im->conn, "* %u EXISTS\r\n", count);
	im->told = count;
	folder_info(im->folder, &info);
	if (info.recent != im->told_recent && !imap_enabled(im, E_REV2))
		conn_printf(im->conn, "* %u RECENT\r\n", info.recent);
	im->told_recent = info.recent;
}

/* By UID to those who can do with that (RFC 7162 s. 3.2.10). */
static void
put_gone(struct imap *im, const struct folder_news *news)
{
	size_t n = news->gones;
	uint32_t *uid;

	if (!imap_enabled(im, E_QRESYNC) ||
	    (uid = arena_take(&im->arena, n * sizeof(*uid))) == NULL) {
		for (size_t i = 0; i < n; i++)
			conn_printf(im->conn, "* %u EXPUNGE\r\n",
			    news->gone[i]);
		return;
	}
	for (size_t i = 0; i < n; i++)
		uid[i] = news->gone_uid[n - 1 - i];
	buf_str(&im->out, "* VANISHED ");
	uids_put(&im->out, uid, n);
	imap_line(im);
}

void
selected_announce(struct imap *im, bool expunges)
{
	struct folder_news news;
	int r = folder_sync(im->folder, expunges, &news);

	if (r == -1) {
		(void)imap_failed(im);
		return;
	}
	if (r == 0)
		return;
	if (news.gones > 0)
		put_gone(im, &news);
	im->told -= (uint32_t)news.gones;
	put_count(im, news.count);
	if (news.keywords) {
		buf_str(&im->out, "* FLAGS (");
		selected_put_known(im, &im->out);
		buf_char(&im->out, ')');
		imap_line(im);
	}
	for (size_t i = 0; i < news.changes; i++)
		selected_put_change(im, news.changed[i]);
}

void
selected_expect(struct imap *im, const char *disk)
{
	if (im->state != S_BOX || strcmp(im->selected, disk) != 0)
		return;
	(void)folder_wait(im->folder);
	selected_announce(im, false);
}

/* ---- sets */

/* Room for what the set can name at most. */
static uint32_t *
room(struct imap *im, const struct set *s)
{
	uint64_t n = set_count(s), count = folder_count(im->folder);

	return arena_take(&im->arena,
	    (size_t)(n < count ? n : count) * sizeof(uint32_t) + 1);
}

static void
by_uid(struct imap *im, const struct set *s, uint32_t *number, size_t *n)
{
	uint32_t count = folder_count(im->folder);
	struct message m;

	for (size_t i = 0; i < s->ranges; i++) {
		uint32_t k = folder_number(im->folder, s->range[i].low);

		for (; k <= count && folder_glance(im->folder, k, &m) == 0 &&
		     m.uid <= s->range[i].high;
		     k++)
			number[(*n)++] = k;
	}
}

/* Those of "$" that are still there. */
static const struct reply *
saved_numbers(struct imap *im, uint32_t **number, size_t *n)
{
	uint32_t count = folder_count(im->folder);
	struct message m;

	*n = 0;
	*number = arena_take(&im->arena, im->saves * sizeof(**number) + 1);
	if (*number == NULL)
		return imap_no(im, "[LIMIT] Too many messages");
	for (size_t i = 0; i < im->saves; i++) {
		uint32_t k = folder_number(im->folder, im->saved[i]);

		if (k <= count && folder_glance(im->folder, k, &m) == 0 &&
		    m.uid == im->saved[i])
			(*number)[(*n)++] = k;
	}
	return NULL;
}

const struct reply *
selected_numbers(struct imap *im, struct set *s, bool uids, uint32_t **number,
    size_t *n)
{
	static const struct reply none = {
		SAY_BAD,
		"There is no message of that number",
	};
	uint32_t count = folder_count(im->folder), star = count;
	struct message m = { 0 };

	if (s->saved)
		return saved_numbers(im, number, n);
	*n = 0;
	if (uids && count > 0 && folder_glance(im->folder, count, &m) == 0)
		star = m.uid;
	set_resolve(s, star);
	if (!uids && s->ranges > 0 &&
	    (s->range[0].low == 0 || s->range[s->ranges - 1].high > count))
		return &none;
	*number = room(im, s);
	if (*number == NULL)
		return imap_no(im, "[LIMIT] Too many messages");
	if (uids)
		by_uid(im, s, *number, n);
	else
		for (size_t i = 0; i < s->ranges; i++)
			for (uint32_t k = s->range[i].low;
			     k <= s->range[i].high; k++)
				(*number)[(*n)++] = k;
	return NULL;
}

const struct reply *
selected_set(struct imap *im, struct parse *p, uint32_t **number, size_t *n)
{
	struct set s;

	if (parse_set(p, &s) == -1)
		return &imap_bad;
	return selected_numbers(im, &s, im->uid, number, n);
}
