/* maildir threads: messages in the order of their conversations, as IMAP's
 * THREAD REFS has them: by References, never by subject alone. */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-progress.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "maildir/summary.h"
#include "message/fail.h"
#include "message/thread.h"

static void *
array(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		err(EX_TEMPFAIL, "threads");
	return p;
}

static void
read_messages(struct cmd *c, struct summary *s, struct thread_message *all)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct summary_entry *e = summary_get(s, c->number[i]);
		struct message m;

		progress("threads", i, c->n);
		if (folder_get(c->folder, c->number[i], &m) == 0)
			all[i].sent = m.date;
		all[i].arrived = (int64_t)i; /* the order of UIDs */
		if (e == NULL)
			continue;
		all[i].id = e->id;
		all[i].references = summary_references(e);
		all[i].references_count = e->references;
		all[i].reply = (e->flags & SUMMARY_REPLY) != 0;
		all[i].subject = summary_text(e, SUMMARY_BASE);
		if ((e->flags & SUMMARY_DATED) != 0)
			all[i].sent = e->sent;
	}
	progress("threads", c->n, c->n > 0 ? c->n : 1);
}

/* The order of a list, and how deep each stands in its thread. */
static void
flatten(struct cmd *c, const struct threads *t)
{
	uint32_t *number = array(c->n, sizeof(*number));
	uint32_t depth = 0, at = t->first;
	size_t n = 0;

	c->depth = array(c->n, sizeof(*c->depth));
	while (at != THREAD_NONE && n < c->n) {
		if (t->node[at].message != THREAD_NONE) {
			number[n] = c->number[t->node[at].message];
			c->depth[n++] = depth;
		}
		at = threads_next(t, at, &depth);
	}
	free(c->number);
	c->number = number;
	c->n = n;
}

void
cmd_thread_picked(struct cmd *c)
{
	struct thread_message *all = array(c->n, sizeof(*all));
	struct summary *s = summary_open(c->folder);
	struct threads t;

	if (s == NULL)
		errx(EX_TEMPFAIL, "%s", fail_text());
	read_messages(c, s, all);
	if (threads_build(&t, THREAD_REFS, all, (uint32_t)c->n) == -1)
		errx(EX_TEMPFAIL, "threads");
	flatten(c, &t);
	threads_free(&t);
	summary_close(s);
	free(all);
}

void
cmd_threads(struct cmd *c)
{
	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_ALL);
	cmd_thread_picked(c);
	cmd_list_picked(c);
}
