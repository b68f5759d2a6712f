/* How many recipients wait, by destination and by reason. */
#include "mailq-run/counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailq-run/show.h"
#include "message/fail.h"

void
counts_init(struct counts *c)
{
	*c = (struct counts){ 0 };
}

void
counts_free(struct counts *c)
{
	free(c->destination.row);
	free(c->reason.row);
	counts_init(c);
}

static struct count *
slot(const struct table *t, const char *key)
{
	size_t h = 5381;

	for (const char *p = key; *p != '\0'; p++)
		h = h * 33 ^ (unsigned char)*p;
	h &= t->size - 1;
	while (t->row[h].n > 0 && strcmp(t->row[h].key, key) != 0)
		h = (h + 1) & (t->size - 1);
	return &t->row[h];
}

static int
grow(struct table *t)
{
	struct table more = { .size = t->size == 0 ? 256 : 2 * t->size };

	more.row = calloc(more.size, sizeof(*more.row));
	if (more.row == NULL)
		return fail("counts");
	for (size_t i = 0; i < t->size; i++)
		if (t->row[i].n > 0)
			*slot(&more, t->row[i].key) = t->row[i];
	more.used = t->used;
	free(t->row);
	*t = more;
	return 0;
}

static int
count(struct table *t, const char *key, size_t n)
{
	struct count *c;

	if (2 * (t->used + 1) > t->size && grow(t) == -1)
		return -1;
	c = slot(t, key);
	c->n += n;
	if (c->n == n) {
		t->used++;
		(void)snprintf(c->key, sizeof(c->key), "%s", key);
	}
	return 0;
}

/* The reply without what differs from message to message: of its first line
 * what stands before an address, id or URL. */
static void
reason_key(char *key, const struct history_line *l)
{
	struct span s = l->reply;
	struct buf b;
	size_t n;

	s.len = span_find(s, '\n');
	n = s.len < 60 ? s.len : 60;
	for (size_t i = 4; i < n; i++)
		if (strchr("<[(\"", s.p[i]) != NULL ||
		    (s.p[i] == ':' && i + 1 < n && s.p[i + 1] == '/')) {
			n = i;
			break;
		}
	buf_init(&b, COUNTS_KEY - 1);
	show_text(&b, span_trim(span_n(s.p, n)));
	(void)snprintf(key, COUNTS_KEY, "%s", b.len > 0 ? b.p : "no answer");
	buf_free(&b);
}

static void
destination_key(char *key, const char *addr)
{
	const char *at = strrchr(addr, '@');
	struct buf b;

	buf_init(&b, COUNTS_KEY - 1);
	show_text(&b,
	    span_n(at == NULL ? "local" : at + 1,
		at == NULL ? 5 : strnlen(at + 1, COUNTS_KEY - 8)));
	(void)snprintf(key, COUNTS_KEY, "%s", b.p);
	buf_free(&b);
	for (; *key != '\0'; key++)
		if (*key >= 'A' && *key <= 'Z')
			*key = (char)(*key - 'A' + 'a');
}

int
counts_add(struct counts *c, const struct entry *e, time_t now)
{
	char key[COUNTS_KEY];
	struct history_line l;
	struct buf scratch;
	int r = 0;

	c->messages++;
	c->held += e->place == SPOOL_HELD;
	if (e->place == SPOOL_NEW || (e->place == SPOOL_DUE && e->next <= now))
		c->due++;
	else if (e->place == SPOOL_DUE &&
	    (c->earliest == 0 || e->next < c->earliest))
		c->earliest = e->next;
	buf_init(&scratch, 8192);
	for (size_t i = 0; r == 0 && i < e->env.rcpts; i++) {
		if (e->env.rcpt[i].state != SPOOL_TODO)
			continue;
		c->recipients++;
		destination_key(key, e->env.rcpt[i].addr);
		r = count(&c->destination, key, 1);
		(void)snprintf(key, sizeof(key), "not tried yet");
		if (history_last(&e->history, i, &l, &scratch) == 1)
			reason_key(key, &l);
		if (r == 0)
			r = count(&c->reason, key, 1);
	}
	buf_free(&scratch);
	return r;
}

/* ---- between processes */

struct head {
	size_t messages, recipients, due, held, destinations, reasons;
	time_t earliest;
};

static int
send_table(FILE *f, const struct table *t)
{
	for (size_t i = 0; i < t->size; i++)
		if (t->row[i].n > 0 &&
		    fwrite(&t->row[i], sizeof(*t->row), 1, f) != 1)
			return -1;
	return 0;
}

int
counts_send(int fd, const struct counts *c)
{
	const struct head h = { c->messages, c->recipients, c->due, c->held,
		c->destination.used, c->reason.used, c->earliest };
	FILE *f = fdopen(fd, "w");
	int r;

	if (f == NULL)
		return fail("fdopen");
	r = fwrite(&h, sizeof(h), 1, f) == 1 &&
		send_table(f, &c->destination) == 0 &&
		send_table(f, &c->reason) == 0 ?
	    0 :
	    -1;
	return fclose(f) == 0 ? r : -1;
}

static int
receive_table(FILE *f, struct table *t, size_t rows)
{
	struct count c;

	for (; rows > 0; rows--) {
		if (fread(&c, sizeof(c), 1, f) != 1)
			return -1;
		c.key[COUNTS_KEY - 1] = '\0';
		if (count(t, c.key, c.n) == -1)
			return -1;
	}
	return 0;
}

int
counts_receive(int fd, struct counts *c)
{
	FILE *f = fdopen(fd, "r");
	struct head h;
	int r = -1;

	if (f == NULL)
		return fail("fdopen");
	if (fread(&h, sizeof(h), 1, f) == 1 &&
	    receive_table(f, &c->destination, h.destinations) == 0)
		r = receive_table(f, &c->reason, h.reasons);
	(void)fclose(f);
	if (r == -1)
		return r;
	c->messages += h.messages;
	c->recipients += h.recipients;
	c->due += h.due;
	c->held += h.held;
	if (h.earliest != 0 && (c->earliest == 0 || h.earliest < c->earliest))
		c->earliest = h.earliest;
	return 0;
}

/* ---- output */

static int
larger(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->key, y->key);
}

/* Used rows first, largest first; the table is no hash any more. */
static void
sort(struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->size; i++)
		if (t->row[i].n > 0)
			t->row[n++] = t->row[i];
	if (n > 0)
		qsort(t->row, n, sizeof(*t->row), larger);
	t->size = n;
}

static void
put_table(struct buf *b, struct table *t, const char *title, size_t most)
{
	size_t n;

	sort(t);
	n = most == 0 || t->used < most ? t->used : most;
	buf_printf(b, "\n%s\n", title);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%9zu  %s\n", t->row[i].n, t->row[i].key);
	if (n < t->used)
		buf_printf(b, "%9s  and %zu more\n", "", t->used - n);
}

void
counts_put(struct buf *b, struct counts *c, size_t most, time_t now)
{
	buf_printf(b, "%zu message%s, %zu recipient%s; %zu due now, %zu held",
	    c->messages, c->messages == 1 ? "" : "s", c->recipients,
	    c->recipients == 1 ? "" : "s", c->due, c->held);
	if (c->earliest != 0) {
		buf_str(b, ", next try in ");
		show_span(b, c->earliest - now);
	}
	buf_char(b, '\n');
	if (c->recipients == 0)
		return;
	put_table(b, &c->destination, "recipients by destination", most);
	put_table(b, &c->reason, "recipients by reason", most);
}

/* Keys are clean UTF-8 without controls: quotes are all that is left. */
static void
json_table(struct buf *b, struct table *t, const char *name)
{
	sort(t);
	buf_printf(b, ",\"%s\":{", name);
	for (size_t i = 0; i < t->used; i++) {
		buf_str(b, i == 0 ? "\"" : ",\"");
		for (const char *p = t->row[i].key; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_char(b, '\\');
			buf_char(b, *p);
		}
		buf_printf(b, "\":%zu", t->row[i].n);
	}
	buf_char(b, '}');
}

void
counts_json(struct buf *b, struct counts *c)
{
	buf_printf(b,
	    "{\"messages\":%zu,\"recipients\":%zu,\"due\":%zu,"
	    "\"held\":%zu",
	    c->messages, c->recipients, c->due, c->held);
	if (c->earliest != 0)
		buf_printf(b, ",\"next_try\":%lld", (long long)c->earliest);
	json_table(b, &c->destination, "destinations");
	json_table(b, &c->reason, "reasons");
	buf_str(b, "}\n");
}
