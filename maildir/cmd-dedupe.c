/* maildir dedupe: of messages with one Message-ID and one body the first stays,
 * with the flags of all of them. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-brief.h"
#include "maildir/cmd-digest.h"
#include "maildir/cmd-letter.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"

struct copy {
	uint64_t id; /* hash of the Message-ID */
	char digest[DIGEST_SIZE]; /* "": alone, or nobody can say */
	uint32_t number, uid, flags;
	uint32_t same; /* UID of what this is a copy of */
	uint64_t keywords;
};

static uint64_t
hash(struct span s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

static int
compare(const void *a, const void *b)
{
	const struct copy *x = a, *y = b;
	int r = strcmp(x->digest, y->digest);

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return r != 0 ? r : x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* What is noted already: only of two with one id the bodies are read. */
static size_t
read_ids(struct cmd *c, struct copy *copy)
{
	struct brief b;
	size_t n = 0;

	brief_init(&b);
	for (size_t i = 0; i < c->n; i++) {
		struct message m;

		progress("reading", i, c->n);
		if (folder_get(c->folder, c->number[i], &m) == -1 ||
		    brief_get(&b, c->folder, c->number[i]) == -1 ||
		    b.field[BRIEF_ID].len == 0)
			continue;
		copy[n++] = (struct copy){ .id = hash(b.field[BRIEF_ID]),
			.number = c->number[i],
			.uid = m.uid,
			.flags = m.flags,
			.keywords = m.keywords };
	}
	progress("reading", c->n, c->n);
	brief_free(&b);
	return n;
}

static void
read_bodies(struct cmd *c, struct copy *copy, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct letter l;

		progress("comparing", i, n);
		if ((i == 0 || copy[i - 1].id != copy[i].id) &&
		    (i + 1 == n || copy[i + 1].id != copy[i].id))
			continue;
		if (letter_load(&l, c->folder, copy[i].number) == -1 ||
		    !digest_message(copy[i].digest, span_n(l.p, l.len)))
			copy[i].digest[0] = '\0';
		letter_free(&l);
	}
	progress("comparing", n, n);
}

static bool
same(const struct copy *a, const struct copy *b)
{
	return a->digest[0] != '\0' && strcmp(a->digest, b->digest) == 0;
}

/* The first gets what the others have. */
static int
give_flags(struct cmd *c, const struct copy *first, size_t n)
{
	struct change change = { .mode = CHANGE_ADD,
		.unchanged_since = UINT64_MAX };
	const uint32_t wanted = FLAG_STORED - FLAG_DELETED;
	uint8_t result;

	for (size_t i = 0; i < n; i++) {
		change.flags |= first[i].flags & wanted;
		change.keywords |= first[i].keywords;
	}
	return folder_change(c->folder, &first->number, 1, &change, &result);
}

static int
by_number(const void *a, const void *b)
{
	const struct copy *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Those that are something else's copies come to the front, in the order of
 * the folder, and the first of each has its uid in "same".  How many. */
static size_t
find(struct cmd *c, struct copy *copy, size_t n)
{
	size_t found = 0, end;

	for (size_t i = 0; i < n; i = end) {
		struct copy first = copy[i];

		for (end = i + 1; end < n && same(&first, &copy[end]); end++)
			;
		if (end - i > 1 && c->force &&
		    give_flags(c, &copy[i], end - i) == -1) {
			cmd_complain(c, "%u: %s", first.uid, fail_text());
			continue;
		}
		for (size_t k = i + 1; k < end; k++) {
			copy[k].same = first.uid;
			copy[found++] = copy[k];
		}
	}
	qsort(copy, found, sizeof(*copy), by_number);
	return found;
}

static int
expunge(struct cmd *c, const struct copy *copy, size_t n)
{
	uint32_t *number = calloc(n + 1, sizeof(*number));
	int r;

	if (number == NULL)
		return fail("messages");
	for (size_t i = 0; i < n; i++)
		number[i] = copy[i].number;
	r = folder_expunge(c->folder, number, n, true, NULL);
	free(number);
	return r;
}

static void
tell(struct cmd *c, const struct copy *copy)
{
	if (c->json)
		buf_printf(&c->out,
		    "{\"uid\":%u,\"same\":%u,\"done\":\"%s\"}\n", copy->uid,
		    copy->same, c->force ? "delete" : "none");
	else if (c->quiet)
		buf_printf(&c->out, "%u\n", copy->uid);
	else
		buf_printf(&c->out, "%6u is %u again%s\n", copy->uid,
		    copy->same, c->force ? ", deleted" : "");
}

void
cmd_dedupe(struct cmd *c)
{
	struct copy *copy;
	size_t n, found;

	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_ALL);
	copy = calloc(c->n + 1, sizeof(*copy));
	if (copy == NULL)
		err(EX_TEMPFAIL, "messages");
	n = read_ids(c, copy);
	qsort(copy, n, sizeof(*copy), compare);
	read_bodies(c, copy, n);
	qsort(copy, n, sizeof(*copy), compare);
	found = find(c, copy, n);
	if (c->force && expunge(c, copy, found) == -1)
		errx(EX_TEMPFAIL, "%s", fail_text());
	for (size_t i = 0; i < found; i++)
		tell(c, &copy[i]);
	if (!c->quiet && !c->json)
		buf_printf(&c->out, "%zu of %zu messages are there twice%s\n",
		    found, c->n,
		    found > 0 && !c->force ? "; -y deletes them" : "");
	cmd_flush(c);
	free(copy);
}
