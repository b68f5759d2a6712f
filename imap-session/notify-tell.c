/* What NOTIFY watches, and what it says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/notify.h"
#include "imap-session/selected.h"
#include "message/fail.h"
#include "session/log.h"

enum { MESSAGES = EVENT_NEW | EVENT_EXPUNGE };

/* ---- folders that come and go */

static void
put_list(struct imap *im, const char *attribute, const char *disk,
    const char *old)
{
	buf_printf(&im->out, "* LIST (%s) \"%c\" ", attribute,
	    name_separator());
	name_put(im, disk);
	if (old != NULL) {
		buf_str(&im->out, " (\"OLDNAME\" (");
		name_put(im, old);
		buf_str(&im->out, "))");
	}
	imap_line(im);
}

static const struct box *
find(const struct box *box, size_t n, const char *disk)
{
	for (size_t i = 0; i < n; i++)
		if (box[i].exists && strcmp(box[i].disk, disk) == 0)
			return &box[i];
	return NULL;
}

/* The same mailbox, whatever its name. */
static const struct box *
find_id(const struct box *box, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (box[i].exists && strcmp(box[i].told.id, id) == 0)
			return &box[i];
	return NULL;
}

static void
tell_came(struct imap *im, const struct box *old, size_t olds)
{
	const struct notify *n = im->notify;

	for (size_t i = 0; i < n->boxes; i++) {
		const struct box *b = &n->box[i], *was;

		if (!b->exists || (b->events & EVENT_NAME) == 0 ||
		    find(old, olds, b->disk) != NULL)
			continue;
		was = find_id(old, olds, b->told.id);
		if (was != NULL && find(n->box, n->boxes, was->disk) != NULL)
			was = NULL; /* a copy */
		put_list(im, b->subscribed ? "\\Subscribed" : "", b->disk,
		    was == NULL ? NULL : was->disk);
	}
}

static void
tell_went(struct imap *im, const struct box *old, size_t olds)
{
	const struct notify *n = im->notify;

	for (size_t i = 0; i < olds; i++)
		if (old[i].exists && (old[i].events & EVENT_NAME) != 0 &&
		    find(n->box, n->boxes, old[i].disk) == NULL &&
		    find_id(n->box, n->boxes, old[i].told.id) == NULL)
			put_list(im, "\\NonExistent", old[i].disk, NULL);
}

static void
tell_subscribed(struct imap *im, const struct box *old, size_t olds)
{
	const struct notify *n = im->notify;

	for (size_t i = 0; i < n->boxes; i++) {
		const struct box *b = &n->box[i];
		const struct box *was = find(old, olds, b->disk);

		if (was != NULL && was->subscribed != b->subscribed &&
		    (b->events & EVENT_SUBSCRIPTION) != 0)
			put_list(im, b->subscribed ? "\\Subscribed" : "",
			    b->disk, NULL);
	}
}

/* ---- what is watched */

/* The first rule that has it decides (RFC 5465 s. 3). */
static const struct rule *
rule_of(const struct rule *rule, size_t n, const struct folder_name *f)
{
	for (size_t i = 0; i < n; i++)
		if (source_has(&rule[i].source, f->name, f->subscribed))
			return &rule[i];
	return NULL;
}

/* Of the mailbox that is or will be selected. */
static void
take_selected(struct notify *n, const struct rule *rule, size_t rules)
{
	for (size_t i = 0; i < rules; i++) {
		if (rule[i].source.kind > SOURCE_DELAYED)
			continue;
		n->at_once = (rule[i].events & MESSAGES) != 0;
		n->delayed = rule[i].source.kind == SOURCE_DELAYED;
		buf_reset(&n->fetch);
		buf_span(&n->fetch, rule[i].fetch);
		return;
	}
}

static int
watch(struct imap *im, struct box *b, const struct folder_name *f,
    const struct rule *r, const struct box *was)
{
	*b = (struct box){ .events = r->events,
		.exists = f->exists,
		.subscribed = f->subscribed };
	(void)snprintf(b->disk, sizeof(b->disk), "%s", f->name);
	if (!f->exists)
		return 0;
	if ((r->events & (MESSAGES | EVENT_FLAGS | EVENT_METADATA)) != 0 &&
	    feed_add(im->notify->feed, f->name) == -1)
		return errno == ENOENT ? 0 : -1;
	if (was != NULL)
		b->told = was->told;
	else
		(void)store_status(im->store, f->name, &b->told);
	return 0;
}

/* A new feed in place of the old, before anything is looked at. */
static int
begin_feed(struct imap *im)
{
	struct notify *n = im->notify;

	feed_close(n->feed);
	n->feed = feed_open(im->store);
	return n->feed == NULL ? -1 : feed_names(n->feed);
}

/* New boxes in place of the old. */
static int
fill(struct imap *im, const struct folder_name *list, size_t folders,
    const struct rule *rule, size_t rules, const struct box *old, size_t olds)
{
	struct notify *n = im->notify;

	n->box = calloc(folders + 1, sizeof(*n->box));
	n->boxes = 0;
	if (n->box == NULL)
		return -1;
	for (size_t i = 0; i < folders; i++) {
		const struct rule *r = rule_of(rule, rules, &list[i]);

		if (r == NULL || r->events == 0)
			continue;
		if (watch(im, &n->box[n->boxes], &list[i], r,
			find(old, olds, list[i].name)) == -1)
			return -1;
		n->boxes++;
	}
	return 0;
}

static void
look_at_metadata(struct imap *im, const struct rule *rule, size_t rules,
    bool tell)
{
	struct notify *n = im->notify;

	for (size_t i = 0; i < n->boxes; i++)
		if ((n->box[i].events & EVENT_METADATA) != 0)
			notify_metadata(im, n->box[i].disk, tell);
	n->server = false;
	for (size_t i = 0; i < rules; i++)
		n->server |= (rule[i].events & EVENT_SERVER) != 0;
	if (n->server)
		notify_metadata(im, NULL, tell);
}

int
notify_fill(struct imap *im, const struct rule *rule, size_t rules, bool tell)
{
	struct folder_name *list = NULL;
	struct notify *n = im->notify;
	struct box *old = n->box;
	size_t olds = n->boxes;
	ptrdiff_t folders;
	int r = begin_feed(im);

	take_selected(n, rule, rules);
	folders = store_list(im->store, &list);
	if (folders == -1)
		r = -1;
	if (r == 0)
		r = fill(im, list, (size_t)folders, rule, rules, old, olds);
	if (r == 0 && tell) {
		tell_came(im, old, olds);
		tell_went(im, old, olds);
		tell_subscribed(im, old, olds);
	}
	if (r == 0)
		look_at_metadata(im, rule, rules, tell);
	if (n->box != old)
		free(old);
	free(list);
	return r;
}

/* ---- news */

void
notify_put_status(struct imap *im, const struct box *b)
{
	const struct folder_info *i = &b->told;

	if (!b->exists || (b->events & (MESSAGES | EVENT_FLAGS)) == 0 ||
	    (im->state == S_BOX && strcmp(b->disk, im->selected) == 0))
		return;
	buf_str(&im->out, "* STATUS ");
	name_put(im, b->disk);
	buf_printf(&im->out,
	    " (MESSAGES %u UIDNEXT %u UIDVALIDITY %u UNSEEN %u", i->messages,
	    i->uidnext, i->uidvalidity, i->unseen);
	if (imap_enabled(im, E_CONDSTORE))
		buf_printf(&im->out, " HIGHESTMODSEQ %llu",
		    (unsigned long long)i->modseq);
	buf_char(&im->out, ')');
	imap_line(im);
}

static void
tell_status(struct imap *im, struct box *b)
{
	struct folder_info was = b->told, *now = &b->told;
	bool messages, flags;

	if (store_status(im->store, b->disk, now) == -1) {
		b->told = was;
		return;
	}
	messages = now->messages != was.messages ||
	    now->uidnext != was.uidnext || now->uidvalidity != was.uidvalidity;
	flags = now->unseen != was.unseen || now->modseq != was.modseq;
	if (messages || (flags && (b->events & EVENT_FLAGS) != 0))
		notify_put_status(im, b);
}

static void
tell_news(struct imap *im, struct box *b)
{
	tell_status(im, b);
	if ((b->events & EVENT_METADATA) != 0)
		notify_metadata(im, b->disk, true);
}

/* Behind the last UID that the view has; the index may be further. */
static uint32_t
next_uid(struct imap *im)
{
	uint32_t count = folder_count(im->folder);
	struct message m;

	return count > 0 && folder_glance(im->folder, count, &m) == 0 ?
	    m.uid + 1 :
	    1;
}

/* FETCH of what came, as if the client had asked. */
static void
fetch_new(struct imap *im)
{
	struct notify *n = im->notify;
	uint32_t count = folder_count(im->folder), first;
	uint32_t next = next_uid(im);
	size_t used = im->arena.used;
	struct parse p;
	struct buf text;

	if (next <= n->uidnext)
		return;
	first = folder_number(im->folder, n->uidnext);
	n->uidnext = next;
	if (n->fetch.len == 0 || first > count)
		return;
	buf_init(&text, n->fetch.len + 100);
	buf_printf(&text, " %u:%u ", first, count);
	buf_span(&text, buf_all(&n->fetch));
	parse_init(&p, buf_all(&text), &im->arena);
	im->uid = false;
	(void)fetch_fetch(im, &p);
	buf_free(&text);
	im->arena.used = used;
}

static void
read_again(struct imap *im)
{
	struct rule rule[RULES];
	size_t n, used = im->arena.used;
	struct parse p;

	parse_init(&p, buf_all(&im->notify->rules), &im->arena);
	if (notify_read(im, &p, rule, &n) != NULL ||
	    notify_fill(im, rule, n, true) == -1) {
		log_line(LOG_WARNING, "notify-error reason=%s", fail_text());
		conn_printf(im->conn,
		    "* OK [NOTIFICATIONOVERFLOW] Too much to watch\r\n");
		notify_end(im);
	}
	im->arena.used = used;
	/* What happened while nothing was watched. */
	for (size_t i = 0; im->notify != NULL && i < im->notify->boxes; i++)
		if (im->notify->box[i].exists)
			tell_status(im, &im->notify->box[i]);
}

void
notify_tell(struct imap *im)
{
	struct notify *n = im->notify;
	bool names = false;
	const char *disk;

	while (n->feed != NULL && (disk = feed_next(n->feed)) != NULL) {
		names |= *disk == '\0';
		for (size_t i = 0; *disk != '\0' && i < n->boxes; i++)
			if (strcmp(n->box[i].disk, disk) == 0)
				tell_news(im, &n->box[i]);
	}
	if (im->state == S_BOX && n->at_once) {
		im->uid = false;
		if (n->folder != im->folder)
			n->uidnext = next_uid(im);
		n->folder = im->folder;
		selected_announce(im, !n->delayed);
		if (!im->lost)
			fetch_new(im);
	}
	if (names || n->again) {
		n->again = names;
		read_again(im);
	}
}

void
notify_wait(struct imap *im, int fd[2])
{
	const struct notify *n = im->notify;

	fd[0] = n == NULL || n->feed == NULL ? -1 : feed_wait(n->feed);
	fd[1] = n != NULL && n->at_once && im->state == S_BOX ?
	    folder_wait(im->folder) :
	    -1;
}
