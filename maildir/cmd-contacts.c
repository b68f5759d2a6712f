/* maildir contacts: whom one writes to, and who writes; as mutt's query_command
 * wants it. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-brief.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "message/fold.h"

enum { SENT = 10, RECEIVED = 1, TEXT_MAX = 1 << 28 };

struct contact {
	size_t address, name; /* in text; name "" is unknown */
	uint64_t weight;
	int64_t last;
	uint32_t count;
};

struct book {
	struct cmd *c;
	struct buf text;
	struct contact *all;
	size_t n, room;
	uint32_t *slot; /* index + 1; 0: free */
	size_t slots;
	const char *name; /* of the folder */
};

static size_t
hash(struct span s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (uint64_t)tolower((unsigned char)s.p[i])) *
		    1099511628211u;
	return (size_t)(h ^ h >> 32);
}

static uint32_t *
slot(const struct book *b, struct span address)
{
	size_t i = hash(address) & (b->slots - 1);

	while (b->slot[i] != 0 &&
	    !span_same(span(b->text.p + b->all[b->slot[i] - 1].address),
		address))
		i = (i + 1) & (b->slots - 1);
	return &b->slot[i];
}

static void
grow(struct book *b)
{
	size_t room = b->room == 0 ? 512 : b->room * 2;
	struct contact *p = reallocarray(b->all, room, sizeof(*p));
	uint32_t *slots = calloc(room * 2, sizeof(*slots));

	if (p == NULL || slots == NULL)
		err(EX_TEMPFAIL, "contacts");
	free(b->slot);
	b->all = p;
	b->room = room;
	b->slot = slots;
	b->slots = room * 2;
	for (size_t i = 0; i < b->n; i++)
		*slot(b, span(b->text.p + b->all[i].address)) = (uint32_t)i + 1;
}

static size_t
keep(struct book *b, struct span s)
{
	size_t at = b->text.len;

	buf_span(&b->text, s);
	buf_char(&b->text, '\0');
	if (b->text.over)
		errx(EX_TEMPFAIL, "too many contacts");
	return at;
}

/* Robots are nobody's contacts. */
static bool
robot(struct span address)
{
	static const char *const words[] = { "noreply", "no-reply", "no_reply",
		"donotreply", "do-not-reply", "mailer-daemon", "bounce",
		"owner-" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_starts(address, words[i]))
			return true;
	return false;
}

static void
add(struct book *b, struct span name, struct span address, int64_t when,
    uint64_t weight)
{
	struct contact *k;
	uint32_t *at;

	if (address.len == 0 || span_find(address, '@') == address.len ||
	    robot(address))
		return;
	if (b->n * 2 >= b->slots)
		grow(b);
	at = slot(b, address);
	if (*at == 0) {
		k = &b->all[b->n++];
		*k = (struct contact){ .address = keep(b, address) };
		k->name = keep(b, name);
		*at = (uint32_t)b->n;
	}
	k = &b->all[*at - 1];
	if (name.len > 0 && (when >= k->last || b->text.p[k->name] == '\0') &&
	    !span_eq(name, span(b->text.p + k->name)))
		k->name = keep(b, name);
	k->weight += weight;
	k->count++;
	if (when > k->last)
		k->last = when;
}

static void
add_recipients(struct book *b, struct span lines, int64_t when)
{
	while (lines.p != NULL && lines.len > 0) {
		struct span address = span_cut(&lines, '\n');
		struct span name = span_cut(&address, '\t');

		if (address.p != NULL)
			add(b, name, address, when, SENT);
	}
}

static void
add_sender(struct book *b, const struct brief *brief, int64_t when)
{
	struct span name = brief->field[BRIEF_FROM];
	struct span address = brief->field[BRIEF_ADDRESS];

	if (span_eq(name, address))
		name.len = 0;
	add(b, name, address, when, RECEIVED);
}

static void
read_folder(struct book *b, const char *disk)
{
	struct folder *f = cmd_folder(b->c->store, disk, false);
	bool sent = cmd_own_folder(disk);
	struct brief brief;
	struct message m;
	uint32_t count;

	if (f == NULL) {
		cmd_complain(b->c, "%s", fail_text());
		return;
	}
	brief_init(&brief);
	count = folder_count(f);
	for (uint32_t i = 1; i <= count; i++) {
		progress(b->name, i, count);
		if (folder_get(f, i, &m) == -1 || brief_get(&brief, f, i) == -1)
			continue;
		if (sent)
			add_recipients(b, brief.field[BRIEF_RECIPIENTS],
			    m.date);
		else
			add_sender(b, &brief, m.date);
	}
	brief_free(&brief);
	folder_close(f);
}

/* All but those for what nobody wants to see again. */
static void
read_all(struct book *b)
{
	static const char *const out[] = { "Junk", "Spam", "Trash", "Drafts",
		"Deleted", NULL };
	struct folder_name *list = NULL;
	ptrdiff_t n = store_list(b->c->store, &list);

	for (ptrdiff_t i = 0; i < n; i++) {
		bool wanted = list[i].exists;

		for (size_t k = 0; out[k] != NULL; k++)
			wanted &= !span_starts(span(list[i].name), out[k]);
		b->name = list[i].name;
		if (wanted)
			read_folder(b, list[i].name);
	}
	free(list);
}

static int
heaviest(const void *a, const void *b)
{
	const struct contact *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->last > y->last ? -1 : x->last < y->last;
}

/* Every word is part of the name or the address. */
static bool
wanted(const struct book *b, const struct contact *k)
{
	struct buf line, word;
	bool yes = true;

	buf_init(&line, 1 << 20);
	buf_init(&word, 1 << 20);
	fold_text(&line, span(b->text.p + k->name));
	buf_char(&line, ' ');
	fold_text(&line, span(b->text.p + k->address));
	for (int i = 0; i < b->c->argc && yes; i++) {
		buf_reset(&word);
		fold_text(&word, span(b->c->argv[i]));
		yes = memmem(line.p, line.len, word.p, word.len) != NULL;
	}
	buf_free(&line);
	buf_free(&word);
	return yes;
}

static void
put(struct book *b, const struct contact *k)
{
	struct buf *out = &b->c->out;
	struct span address = span(b->text.p + k->address);
	struct span name = span(b->text.p + k->name);

	if (b->c->json) {
		buf_str(out, "{\"address\":");
		json_string(out, address);
		buf_str(out, ",\"name\":");
		json_string(out, name);
		buf_printf(out, ",\"count\":%u,\"last\":%jd}\n", k->count,
		    (intmax_t)k->last);
		return;
	}
	term_safe(out, address, false);
	if (!b->c->quiet) {
		buf_char(out, '\t');
		term_safe(out, name, false);
		buf_printf(out, "\t%u", k->count);
	}
	buf_char(out, '\n');
}

void
cmd_contacts(struct cmd *c)
{
	struct book b = { .c = c, .name = c->folder_said };
	size_t found = 0;

	buf_init(&b.text, TEXT_MAX);
	grow(&b);
	if (c->chosen)
		read_folder(&b, c->folder_name);
	else
		read_all(&b);
	qsort(b.all, b.n, sizeof(*b.all), heaviest);
	for (size_t i = 0; i < b.n; i++) {
		if (!wanted(&b, &b.all[i]))
			continue;
		/* mutt(1) does not read the first line */
		if (found++ == 0 && !c->json && !c->quiet)
			buf_str(&c->out, "address\tname\tmessages\n");
		put(&b, &b.all[i]);
		if (c->most > 0 && found == c->most)
			break;
	}
	cmd_flush(c);
	if (found == 0)
		c->status = 1;
	buf_free(&b.text);
	free(b.all);
	free(b.slot);
}
