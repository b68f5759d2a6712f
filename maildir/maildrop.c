/* A view of INBOX that is never synced is the snapshot of RFC 1939.  Sizes come
 * from the index, so that a login with nothing new reads no directory.  The
 * uidlist itself is only read for UIDLs of an import. */
#include "maildir/maildrop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "maildir/ends.h"
#include "maildir/maildir.h"
#include "maildir/measure.h"
#include "maildir/quota.h"
#include "maildir/sync.h"
#include "message/fail.h"
#include "message/span.h"

enum {
	ROUNDS = 8, /* searches for files that were renamed meanwhile */
	TRIES = 100, /* names in the Trash */
	UIDL_LONGEST = 70, /* RFC 1939 s. 7 */
};

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

/* The UIDLs of the list, by UID: both ascend. */
static int
own_uidls(struct maildrop *d, const struct uidlist *l)
{
	size_t octets = 1, m = 0, own = 0;
	char *p;

	for (size_t i = 0; i < l->entries; i++)
		octets += own_uidl(l, i).len + 1;
	d->uidls = p = malloc(octets);
	if (p == NULL)
		return fail("maildrop");
	for (size_t i = 0; i < l->entries; i++) {
		struct span u = own_uidl(l, i);

		while (m < d->messages && d->message[m].uid < l->entry[i].uid)
			m++;
		if (u.len == 0 || m == d->messages ||
		    d->message[m].uid != l->entry[i].uid)
			continue;
		d->message[m].uidl = memcpy(p, u.p, u.len);
		p[u.len] = '\0';
		p += u.len + 1;
		own++;
	}
	return own == 0 ? 0 : unique_uidls(d, own);
}

/* "octets": their sum. */
static int
fill(struct maildrop *d, uint64_t *octets)
{
	struct uidlist l = { .dir = -1 };
	struct maildrop_message *all = calloc(d->messages + 1, sizeof(*all));
	int r = 0;

	*octets = 0;
	if (all == NULL)
		return fail("maildrop");
	for (uint32_t i = 0; i < d->messages; i++) {
		struct message m;

		if (folder_get(d->folder, i + 1, &m) == -1 ||
		    folder_wire(d->folder, i + 1, &m) == -1) {
			free(all);
			return -1;
		}
		if (ends_open(d->folder, i + 1))
			m.wire += strlen("\r\n");
		*octets += m.wire;
		all[i] = (struct maildrop_message){ .uid = m.uid,
			.number = i + 1,
			.size = m.size,
			.wire = m.wire };
	}
	d->message = all;
	if (d->folder->ix.h->uidls == 0)
		return 0;
	if (uidlist_read(&l, d->folder->dir) == -1 || own_uidls(d, &l) == -1)
		r = -1;
	uidlist_free(&l);
	return r;
}

/* How many there are and their octets: of one moment, by the header, unless it
 * has gone on meanwhile. */
static int
count(struct maildrop *d)
{
	struct folder_info i;
	size_t known = d->folder->known;
	struct header h;

	(void)folder_octets(d->folder); /* now all of them are counted */
	folder_info(d->folder, &i);
	if (ends_learn(d->folder) == -1)
		return -1;
	h = *d->folder->ix.h;
	d->uidvalidity = i.uidvalidity;
	d->uidnext = i.uidnext;
	d->messages = i.messages;
	d->octets = h.octets + h.ends_open * strlen("\r\n");
	if (index_sound(&d->folder->ix) &&
	    memcmp(&h, d->folder->ix.h, offsetof(struct header, check)) == 0 &&
	    h.records == known && known - h.dead == i.messages &&
	    h.ends_unknown == 0 && h.unmeasured == 0)
		return 0;
	return fill(d, &d->octets);
}

static int
try_open(struct maildrop *d, const char *path)
{
	int e;

	(void)memset(d, 0, sizeof(*d));
	d->store = store_open(path, NULL, 0);
	if (d->store != NULL)
		d->folder = folder_open(d->store, "INBOX", false);
	if (d->folder != NULL && count(d) == 0) {
		(void)store_tidy(d->store, false);
		return 0;
	}
	e = errno;
	maildrop_close(d);
	errno = e;
	return -1;
}

int
maildrop_open(struct maildrop *d, const char *path)
{
	int r = try_open(d, path);

	return r == -1 && errno == EIO ? try_open(d, path) : r;
}

/* The index was damaged.  Nothing but the number of messages and octets was
 * told yet, so another view of the same will do. */
static int
look_again(struct maildrop *d)
{
	struct maildrop now = { .folder = NULL };
	uint64_t octets;
	int r = -1;

	now.folder = folder_open(d->store, "INBOX", false);
	if (now.folder != NULL)
		r = count(&now);
	if (r == 0 &&
	    (now.uidvalidity != d->uidvalidity || now.messages != d->messages ||
		now.octets != d->octets))
		r = fail_as(EIO, "INBOX is not what it was");
	if (r == 0 && now.message == NULL)
		r = fill(&now, &octets);
	if (r == 0) {
		now.store = d->store;
		d->store = NULL;
		maildrop_close(d);
		*d = now;
		return 0;
	}
	maildrop_close(&now);
	errno = EIO;
	return -1;
}

int
maildrop_look(struct maildrop *d)
{
	uint64_t octets;

	if (d->message != NULL || fill(d, &octets) == 0)
		return 0;
	return errno == EIO ? look_again(d) : -1;
}

void
maildrop_close(struct maildrop *d)
{
	folder_close(d->folder);
	store_close(d->store);
	free(d->message);
	free(d->uidls);
	(void)memset(d, 0, sizeof(*d));
}

void
maildrop_name(struct maildrop *d, size_t i, char path[FLAGS_NAME])
{
	const struct index *ix = &d->folder->ix;
	ptrdiff_t k = view_current(d->folder, d->message[i].uid);

	if (k == -1)
		path[0] = '\0';
	else
		file_path(ix, &ix->r[k], path);
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
	char dest[FLAGS_NAME + 16], number[8] = "";

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
	struct folder *f = d->folder;
	uint32_t uid = d->message[i].uid;

	for (int round = 0; round < ROUNDS; round++) {
		char path[FLAGS_NAME];
		struct record r;
		ptrdiff_t k = view_current(f, uid);
		int done;

		if (k == -1 || !index_get(&f->ix, (size_t)k, &r) ||
		    (r.flags & REC_DEAD) != 0)
			return fail_as(ENOENT, "message %u is gone", uid);
		file_path(&f->ix, &r, path);
		done = act(f->dir, path, to);
		if (done != -1 || errno != ENOENT)
			return done;
		f->distrust = true;
		if (sync_disk(f) == -1)
			return -1;
	}
	return fail_as(EAGAIN, "message %u is renamed all the time", uid);
}

int
maildrop_read(struct maildrop *d, size_t i)
{
	return folder_read(d->folder, d->message[i].number);
}

int
maildrop_remove(struct maildrop *d, size_t i)
{
	if (reach(d, i, take_away, -1) == 0) {
		quota_add(d->store, -(int64_t)d->message[i].size, -1);
		return 0;
	}
	return errno == ENOENT ? 0 : -1;
}

int
maildrop_move(struct maildrop *d, size_t i, int to)
{
	return reach(d, i, move_over, to) == 0 || errno == ENOENT ? 0 : -1;
}

int
maildrop_sync(struct maildrop *d)
{
	int dir = d->folder->dir;

	return disk_sync(dir, "cur") == 0 ? disk_sync(dir, "new") : -1;
}
