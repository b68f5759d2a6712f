/* maildir folders: list, create, rename, remove, subscribe, status. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"

static void
put_status(struct cmd *c, const char *disk, bool subscribed)
{
	static bool headed;
	struct buf *out = &c->out, name;
	struct folder_info info;

	buf_init(&name, 4096);
	cmd_said_name(&name, disk);
	if (c->quiet) {
		term_safe(out, buf_all(&name), false);
		buf_char(out, '\n');
	} else if (store_status(c->store, disk, &info) == -1 ||
	    store_octets(c->store, disk, &info) == -1) {
		cmd_complain(c, "%s: %s", name.p, fail_text());
	} else if (c->json) {
		buf_str(out, "{\"folder\":");
		json_string(out, buf_all(&name));
		buf_printf(out,
		    ",\"messages\":%u,\"unread\":%u,\"octets\":%ju,"
		    "\"uidvalidity\":%u,\"uidnext\":%u,\"subscribed\":%s}\n",
		    info.messages, info.unseen, (uintmax_t)info.octets,
		    info.uidvalidity, info.uidnext,
		    subscribed ? "true" : "false");
	} else {
		buf_str(out,
		    headed ? "" : "   mail  unread         KB   folder\n");
		headed = true;
		buf_printf(out, "%7u %7u %10ju %c ", info.messages, info.unseen,
		    (uintmax_t)info.octets / 1000, subscribed ? '*' : ' ');
		term_safe(out, buf_all(&name), false);
		buf_char(out, '\n');
	}
	cmd_flush(c);
	buf_free(&name);
}

static void
put_done(struct cmd *c, const char *disk)
{
	struct buf *out = &c->out, name;

	buf_init(&name, 4096);
	cmd_said_name(&name, disk);
	if (c->json) {
		buf_str(out, "{\"folder\":");
		json_string(out, buf_all(&name));
		buf_printf(out, ",\"done\":\"%s\"}\n", c->verb);
	} else if (c->quiet) {
		term_safe(out, buf_all(&name), false);
		buf_char(out, '\n');
	}
	cmd_flush(c);
	buf_free(&name);
}

static void
list(struct cmd *c, char **name, int names)
{
	struct folder_name *all = NULL;
	ptrdiff_t n = store_list(c->store, &all);
	char disk[256];
	bool found;

	if (n == -1)
		errx(EX_NOINPUT, "%s", fail_text());
	for (ptrdiff_t i = 0; i < n && names == 0; i++)
		if (all[i].exists)
			put_status(c, all[i].name, all[i].subscribed);
	for (int k = 0; k < names; k++) {
		found = false;
		if (cmd_disk_name(disk, name[k]) == 0)
			for (ptrdiff_t i = 0; i < n && !found; i++)
				if (all[i].exists &&
				    strcmp(all[i].name, disk) == 0) {
					put_status(c, disk, all[i].subscribed);
					found = true;
				}
		if (!found)
			cmd_complain(c, "no folder %s", name[k]);
	}
	cmd_flush(c);
	free(all);
}

/* Do it to each folder that is named, and say so with -q or --json. */
static void
each(struct cmd *c, int (*run)(struct store *, const char *name))
{
	char disk[256];

	if (c->argc == 0)
		errx(EX_USAGE, "%s: which folder?", c->verb);
	for (int i = 0; i < c->argc; i++) {
		if (cmd_disk_name(disk, c->argv[i]) == -1 ||
		    run(c->store, disk) == -1) {
			cmd_complain(c, "%s: %s", c->argv[i], fail_text());
			continue;
		}
		put_done(c, disk);
	}
}

static int
create(struct store *s, const char *name)
{
	return store_create(s, name) == -1 ? -1 :
					     store_subscribe(s, name, true);
}

void
cmd_create(struct cmd *c)
{
	each(c, create);
}

void
cmd_remove(struct cmd *c)
{
	each(c, store_remove);
}

static int
subscribe(struct store *s, const char *name)
{
	return store_subscribe(s, name, true);
}

void
cmd_subscribe(struct cmd *c)
{
	each(c, subscribe);
}

static int
unsubscribe(struct store *s, const char *name)
{
	return store_subscribe(s, name, false);
}

void
cmd_unsubscribe(struct cmd *c)
{
	each(c, unsubscribe);
}

void
cmd_rename(struct cmd *c)
{
	char from[256], to[256];

	if (c->argc != 2)
		errx(EX_USAGE, "rename: the old name and the new one, please");
	if (cmd_disk_name(from, c->argv[0]) == -1 ||
	    cmd_disk_name(to, c->argv[1]) == -1 ||
	    store_rename(c->store, from, to) == -1)
		cmd_complain(c, "%s: %s", c->argv[0], fail_text());
	else
		put_done(c, to);
}

void
cmd_status(struct cmd *c)
{
	list(c, c->argv, c->argc);
}

/* "folders create x" is "create x". */
void
cmd_folders(struct cmd *c)
{
	static const struct {
		const char *verb;
		void (*run)(struct cmd *);
	} acts[] = {
		{ "create", cmd_create },
		{ "remove", cmd_remove },
		{ "rename", cmd_rename },
		{ "subscribe", cmd_subscribe },
		{ "unsubscribe", cmd_unsubscribe },
		{ "status", cmd_status },
	};

	if (c->argc == 0) {
		list(c, NULL, 0);
		return;
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (strcmp(c->argv[0], acts[i].verb) == 0) {
			c->verb = acts[i].verb;
			c->argv++;
			c->argc--;
			acts[i].run(c);
			return;
		}
	errx(EX_USAGE,
	    "folders: create, remove, rename, subscribe, "
	    "unsubscribe or status");
}
