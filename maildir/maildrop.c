/* Listing first, sizes second, UIDs last: only when there are messages
 * without one is the lock taken, and everything slow has been done by then.
 * A UID that another process gave meanwhile is found when the list is read
 * again under the lock. */
#include "maildir/maildrop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/delivery.h"
#include "maildir/disk.h"
#include "maildir/measure.h"
#include "maildir/uidlist.h"
#include "message/fail.h"
#include "message/span.h"

enum {
	ROUNDS = 8, /* searches for files that were renamed meanwhile */
	UIDL_LONGEST = 70, /* RFC 1939 s. 7 */
	TRIES = 100, /* names for a message that is moved */
};

/* What is known of each name of the scan. */
struct known {
	struct measure m;
	bool measured;
	bool no; /* no message */
};

static uint64_t
field_wire(const struct uidlist *l, uint32_t entry)
{
	const char *p;

	if (entry == 0 || uidlist_field(l, entry - 1, 'W', &p) <= 0)
		return 0;
	return strtoull(p, NULL, 10);
}

/* Measure all names; those that are not where they were are looked for again,
 * a few times: another program renames as fast as it likes. */
static int
measure_all(struct scan *s, int dir, const struct uidlist *l, struct known *k)
{
	char path[SCAN_PATH];

	for (int round = 0; round < ROUNDS; round++) {
		bool again = false;

		for (size_t i = 0; i < s->names; i++) {
			int r;

			if (k[i].measured || k[i].no || s->name[i].gone)
				continue;
			scan_path(s, i, path);
			r = measure(dir, path, field_wire(l, s->name[i].entry),
			    &k[i].m);
			if (r == -1 && errno != ENOENT)
				return -1;
			k[i].measured = r == 1;
			k[i].no = r == 0;
			again = again || r == -1;
		}
		if (!again)
			return 0;
		if (scan_again(s, dir) == -1)
			return -1;
	}
	return 0;
}

static int
by_delivery(const void *a, const void *b, void *scan)
{
	const struct scan *s = scan;

	return name_order(scan_text(s, *(const uint32_t *)a),
	    scan_text(s, *(const uint32_t *)b));
}

/* Two names of one base: a file seen before and after its rename, or a second
 * link to it, or a fault that the next IMAP session mends.  One of them is
 * shown. */
static int
add_new(struct uidlist *l, struct scan *s, uint32_t *fresh, size_t n,
    const struct known *k)
{
	const char *last = NULL;

	qsort_r(fresh, n, sizeof(*fresh), by_delivery, s);
	for (size_t i = 0; i < n; i++) {
		const char *name = scan_text(s, fresh[i]);
		size_t base = name_base(name);
		char wire[24] = "";
		uint64_t w;

		if (last != NULL && name_base(last) == base &&
		    memcmp(last, name, base) == 0)
			continue;
		last = name;
		if (name_size(name, 'W', &w) == -1)
			(void)snprintf(wire, sizeof(wire), "W%llu",
			    (unsigned long long)k[fresh[i]].m.wire);
		if (uidlist_add(l, name, wire[0] == '\0' ? NULL : wire) == -1)
			return -1;
		s->name[fresh[i]].entry = (uint32_t)l->entries;
		l->entry[l->entries - 1].found = fresh[i] + 1;
	}
	return 0;
}

/* The messages that have no UID yet; how many. */
static size_t
without_uid(const struct uidlist *l, const struct scan *s,
    const struct known *k, uint32_t *out)
{
	struct names table;
	size_t n = 0;

	if (names_index(&table, l->text, l->entry, sizeof(*l->entry),
		l->entries) == -1)
		return 0;
	for (size_t i = 0; i < s->names; i++)
		if (s->name[i].entry == 0 && k[i].measured &&
		    names_find(&table, scan_text(s, i)) == -1)
			out[n++] = (uint32_t)i;
	names_free(&table);
	return n;
}

static int
assign(struct uidlist *l, struct scan *s, const struct known *k, int root)
{
	uint32_t *fresh = malloc((s->names + 1) * sizeof(*fresh));
	uint32_t before = l->uidnext;
	struct dotlock lock;
	size_t n;
	int r, e;

	if (fresh == NULL)
		return fail("maildrop");
	n = without_uid(l, s, k, fresh);
	if (n == 0 && !l->rewrite) {
		free(fresh);
		return 0;
	}
	r = uidlist_lock(l, &lock);
	if (r == -1) {
		free(fresh);
		return -1;
	}
	r = uidlist_match(l, s);
	for (size_t i = 0; i < l->entries && r == 0; i++)
		if (l->entry[i].uid >= before && l->entry[i].found == 0)
			l->entry[i].found = UIDLIST_KEEP;
	l->prune = s->exact;
	n = r == 0 ? without_uid(l, s, k, fresh) : 0;
	if (r == 0 && n > 0)
		r = add_new(l, s, fresh, n, k);
	if (r == 0)
		r = uidlist_commit(l, root);
	e = errno;
	dotlock_drop(&lock);
	free(fresh);
	errno = e;
	return r;
}

/* The UIDL that entry i has of its own: from Courier, qmail or an import. */
static struct span
own_uidl(const struct uidlist *l, size_t i)
{
	const char *p = NULL;
	ptrdiff_t n = uidlist_field(l, i, 'P', &p);

	if (n == 0) { /* as in Dovecot: the base name */
		p = uidlist_name(l, i);
		n = l->entry[i].file.base;
	}
	if (n < 1 || n > UIDL_LONGEST)
		return span_n("", 0);
	for (ptrdiff_t k = 0; k < n; k++)
		if (p[k] < 0x21 || p[k] > 0x7e)
			return span_n("", 0);
	return span_n(p, (size_t)n);
}

static int
by_uidl(const void *a, const void *b)
{
	const struct maildrop_message *x = *(void *const *)a;
	const struct maildrop_message *y = *(void *const *)b;
	int r = strcmp(x->uidl, y->uidl);

	return r != 0 ? r : (x->uid > y->uid) - (x->uid < y->uid);
}

/* Of two messages with one UIDL the younger falls back to Dovecot's form. */
static int
unique_uidls(struct maildrop *d, size_t most)
{
	struct maildrop_message **own = malloc((most + 1) * sizeof(void *));
	struct maildrop_message *last = NULL;
	size_t k = 0;

	if (own == NULL)
		return fail("maildrop");
	for (size_t i = 0; i < d->messages; i++)
		if (d->message[i].uidl != NULL)
			own[k++] = &d->message[i];
	qsort(own, k, sizeof(void *), by_uidl);
	for (size_t i = 0; i < k; i++) {
		if (last != NULL && strcmp(last->uidl, own[i]->uidl) == 0)
			own[i]->uidl = NULL;
		else
			last = own[i];
	}
	free(own);
	return 0;
}

static bool
shown(const struct uidlist *l, size_t i, const struct scan *s,
    const struct known *k)
{
	uint32_t found = l->entry[i].found;

	return found != 0 && found != UIDLIST_KEEP && k[found - 1].measured &&
	    !s->name[found - 1].gone;
}

static int
fill(struct maildrop *d, const struct uidlist *l, const struct known *k)
{
	size_t octets = 1, own = 0;
	char *p;

	for (size_t i = 0; i < l->on_disk; i++)
		if (shown(l, i, &d->scan, k))
			octets += own_uidl(l, i).len + 1;
	d->message = calloc(l->on_disk + 1, sizeof(*d->message));
	d->uidls = p = malloc(octets);
	if (d->message == NULL || p == NULL)
		return fail("maildrop");
	for (size_t i = 0; i < l->on_disk; i++) {
		struct maildrop_message *m = &d->message[d->messages];
		struct span u = own_uidl(l, i);
		uint32_t file;

		if (!shown(l, i, &d->scan, k))
			continue;
		file = l->entry[i].found - 1;
		*m = (struct maildrop_message){ .uid = l->entry[i].uid,
			.file = file,
			.size = k[file].m.size,
			.wire = k[file].m.wire };
		if (u.len > 0) {
			m->uidl = memcpy(p, u.p, u.len);
			p[u.len] = '\0';
			p += u.len + 1;
			own++;
		}
		d->messages++;
	}
	d->uidvalidity = l->uidvalidity;
	d->uidnext = l->uidnext;
	return own == 0 ? 0 : unique_uidls(d, own);
}

/* Can a failure to give UIDs be borne?  Then what has one is shown. */
static bool
bearable(const struct uidlist *l)
{
	return l->on_disk > 0 && l->uidvalidity != 0 &&
	    (errno == ENOSPC || errno == EDQUOT || errno == EROFS ||
		errno == EACCES);
}

static int
snapshot(struct maildrop *d, struct uidlist *l)
{
	struct known *k;
	int r;

	if (uidlist_read(l, d->dir) == -1 || scan_run(&d->scan, d->dir) == -1 ||
	    uidlist_match(l, &d->scan) == -1)
		return -1;
	k = calloc(d->scan.names + 1, sizeof(*k));
	if (k == NULL)
		return fail("maildrop");
	r = measure_all(&d->scan, d->dir, l, k);
	if (r == 0 && assign(l, &d->scan, k, d->dir) == -1 && !bearable(l))
		r = -1;
	if (r == 0)
		r = fill(d, l, k);
	free(k);
	return r;
}

int
maildrop_open(struct maildrop *d, const char *path)
{
	struct uidlist l = { .dir = -1 };
	int r, e;

	*d = (struct maildrop){ .dir = maildir_open(path) };
	if (d->dir == -1)
		return -1;
	r = snapshot(d, &l);
	e = errno;
	uidlist_free(&l);
	if (r == -1)
		maildrop_close(d);
	errno = e;
	return r;
}

void
maildrop_close(struct maildrop *d)
{
	scan_free(&d->scan);
	free(d->message);
	free(d->uidls);
	if (d->dir != -1)
		(void)close(d->dir);
	*d = (struct maildrop){ .dir = -1 };
}

static int
open_file(int dir, const char *path, int to)
{
	(void)to;
	return measure_open(dir, path);
}

static int
take_away(int dir, const char *path, int to)
{
	(void)to;
	return unlinkat(dir, path, 0) == 0 ? 0 : fail("remove %s", path);
}

/* A name that is taken there gets a number behind its stem. */
static int
move_over(int dir, const char *path, int to)
{
	const char *name = path + strlen("new/");
	int stem = (int)name_stem(name);
	const char *flags = strstr(name, ":2,") == NULL ? ":2," : "";
	char dest[SCAN_PATH + 16], number[8] = "";

	for (int n = 1; n < TRIES; n++) {
		(void)snprintf(dest, sizeof(dest), "cur/%.*s%s%s%s", stem, name,
		    number, name + stem, flags);
		if (renameat2(dir, path, to, dest, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			break;
		(void)snprintf(number, sizeof(number), ".%d", n);
	}
	return fail("move %s", path);
}

/* Do it to the file of message i wherever that is now. */
static int
reach(struct maildrop *d, size_t i,
    int (*act)(int dir, const char *path, int to), int to)
{
	size_t file = d->message[i].file;
	static const char *const flags[] = { ":2,S", ":2," };
	char path[SCAN_PATH + 8];
	int r;

	for (int round = 0; round < ROUNDS && !d->scan.name[file].gone;
	     round++) {
		scan_path(&d->scan, file, path);
		r = act(d->dir, path, to);
		/* the most common renames of all: another program showed it */
		for (size_t f = 0; r == -1 && errno == ENOENT && f < 2; f++) {
			(void)snprintf(path, sizeof(path), "cur/%.*s%s",
			    (int)d->scan.name[file].file.base,
			    scan_text(&d->scan, file), flags[f]);
			r = act(d->dir, path, to);
		}
		if (r != -1 || errno != ENOENT)
			return r;
		if (scan_again(&d->scan, d->dir) == -1)
			return -1;
	}
	if (d->scan.name[file].gone)
		return fail_as(ENOENT, "message %u is gone", d->message[i].uid);
	return fail_as(EAGAIN, "message %u is renamed all the time",
	    d->message[i].uid);
}

int
maildrop_read(struct maildrop *d, size_t i)
{
	return reach(d, i, open_file, -1);
}

int
maildrop_remove(struct maildrop *d, size_t i)
{
	return reach(d, i, take_away, -1) == 0 || errno == ENOENT ? 0 : -1;
}

int
maildrop_move(struct maildrop *d, size_t i, int to)
{
	return reach(d, i, move_over, to) == 0 || errno == ENOENT ? 0 : -1;
}

int
maildrop_sync(struct maildrop *d)
{
	return disk_sync(d->dir, "cur") == 0 ? disk_sync(d->dir, "new") : -1;
}
