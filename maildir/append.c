/* Messages from a client: into tmp/ one after the other, then all at once. */
#include "maildir/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/arrive.h"
#include "maildir/delivery.h"
#include "maildir/maildir.h"
#include "maildir/quota.h"
#include "maildir/sync.h"
#include "message/fail.h"

struct append {
	struct folder to;
	struct item {
		struct delivery d;
		bool sealed;
		struct arrival a;
	} * item;
	size_t items, room;
	size_t waiting; /* octets of the block: lines come one by one */
	char block[32 * 1024];
};

struct append *
append_new(struct store *s, const char *folder)
{
	struct append *a = calloc(1, sizeof(*a));
	int e;

	if (a == NULL) {
		(void)fail("append");
		return NULL;
	}
	if (folder_bare(&a->to, s, folder) == 0)
		return a;
	e = errno;
	append_free(a);
	errno = e;
	return NULL;
}

static int
pass_on(struct append *a, struct item *i)
{
	size_t n = a->waiting;

	a->waiting = 0;
	return n == 0 ? 0 : delivery_add(&i->d, a->block, n);
}

/* To the disk, with INTERNALDATE, which is durable so. */
static int
seal(struct append *a)
{
	struct item *i = a->items == 0 ? NULL : &a->item[a->items - 1];
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = 0 } };

	if (i == NULL || i->sealed)
		return 0;
	if (pass_on(a, i) == -1)
		return -1;
	t[1].tv_sec = i->a.r.date;
	if (futimens(i->d.fd, t) == -1)
		return fail("date of %s", i->d.tmp);
	if (delivery_seal(&i->d) == -1)
		return -1;
	i->sealed = true;
	if (i->d.size > UINT32_MAX / 2)
		return fail_as(EFBIG, "message of %llu octets",
		    (unsigned long long)i->d.size);
	i->a.r.size = (uint32_t)i->d.size;
	i->a.r.wire = (uint32_t)(i->d.size + i->d.lines - i->d.crlf);
	return 0;
}

int
append_begin(struct append *a, uint32_t flags, const char *const *keywords,
    size_t n, int64_t date)
{
	struct item *i;
	uint64_t words;

	if (seal(a) == -1 || arrive_words(&a->to, keywords, n, &words) == -1)
		return -1;
	if (a->items == a->room) {
		size_t room = a->room * 2 + 4;

		i = reallocarray(a->item, room, sizeof(*i));
		if (i == NULL)
			return fail("append");
		a->item = i;
		a->room = room;
	}
	i = &a->item[a->items];
	*i = (struct item){ .sealed = false };
	i->a.r.flags = flags & FLAG_STORED;
	i->a.r.keywords = words;
	i->a.r.date = date != 0 ? date : time(NULL);
	if (delivery_open(&i->d, a->to.dir) == -1)
		return -1;
	a->items++;
	return 0;
}

int
append_add(struct append *a, struct span s)
{
	struct item *i = &a->item[a->items - 1];

	if (a->waiting + s.len > sizeof(a->block) && pass_on(a, i) == -1)
		return -1;
	if (s.len > sizeof(a->block))
		return delivery_add(&i->d, s.p, s.len);
	(void)memcpy(a->block + a->waiting, s.p, s.len);
	a->waiting += s.len;
	return 0;
}

/* From tmp/ to cur/. */
static int
place(struct append *a, struct item *i)
{
	arrive_name(&i->a);
	if (renameat2(a->to.dir, i->d.tmp, a->to.dir, i->a.path,
		RENAME_NOREPLACE) == -1)
		return fail("rename %s", i->d.tmp);
	i->d.tmp[0] = '\0';
	return 0;
}

static int
place_all(struct append *a, struct copied *done, struct settle *settle)
{
	struct arrival *all = calloc(a->items + 1, sizeof(*all));
	size_t n = 0;
	int e, r = 0;

	if (all == NULL)
		return fail("append");
	while (n < a->items && (r = place(a, &a->item[n])) == 0) {
		all[n] = a->item[n].a;
		n++;
	}
	if (r == 0)
		r = arrive(&a->to, all, n, settle);
	e = errno;
	for (size_t i = 0; i < n && r == -1; i++)
		(void)unlinkat(a->to.dir, all[i].path, 0);
	for (size_t i = 0; i < n && r == 0; i++)
		done->to[done->n++] = all[i].r.uid;
	free(all);
	errno = e;
	return r;
}

int
append_commit(struct append *a, struct copied *done)
{
	struct settle settle;
	uint64_t octets = 0;
	int r;

	*done = (struct copied){ .n = 0 };
	if (seal(a) == -1)
		return -1;
	for (size_t i = 0; i < a->items; i++)
		octets += a->item[i].d.size;
	if (quota_room(a->to.store, octets, a->items) == -1)
		return -1;
	done->to = calloc(a->items + 1, sizeof(*done->to));
	if (done->to == NULL)
		return fail("append");
	if (arrive_begin(&a->to, &settle) == -1)
		return -1;
	done->uidvalidity = a->to.ix.h->uidvalidity;
	r = place_all(a, done, &settle);
	arrive_end(&a->to, &settle);
	if (r == 0)
		quota_add(a->to.store, (int64_t)octets, (int64_t)a->items);
	return r;
}

void
append_free(struct append *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->items; i++)
		delivery_abort(&a->item[i].d);
	folder_leave(&a->to);
	free(a->item);
	free(a);
}
