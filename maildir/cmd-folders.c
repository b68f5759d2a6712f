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
	struct buf *out = &c->out, name;
	struct folder_info info;

	buf_init(&name, 4096);
	cmd_said_name(&name, disk);
	if (c->quiet) {
		term_safe(out, buf_all(&name), false);
		buf_char(out, '\n');
	} else if (store_status(c->store, disk, &info) == -1) {
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
		buf_printf(out, "%7u %7u %10ju %c ", info.messages, info.unseen,
		    (uintmax_t)info.octets / 1000, subscribed ? '*' : ' ');
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
	if (!c->quiet && !c->json)
		buf_str(&c->out, "   mail  unread         KB   folder\n");
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

static int
subscribe(struct store *s, const char *name)
{
	return store_subscribe(s, name, true);
}

static int
unsubscribe(struct store *s, const char *name)
{
	return store_subscribe(s, name, false);
}

static int
create(struct store *s, const char *name)
{
	return store_create(s, name) == -1 ? -1 :
					     store_subscribe(s, name, true);
}

static const struct {
	const char *name;
	int (*run)(struct store *, const char *name);
} acts[] = {
	{ "create", create },
	{ "remove", store_remove },
	{ "subscribe", subscribe },
	{ "unsubscribe", unsubscribe },
};

static void
rename_folder(struct cmd *c)
{
	char from[256], to[256];

	if (c->argc != 3)
		errx(EX_USAGE, "folders rename old new");
	if (cmd_disk_name(from, c->argv[1]) == -1 ||
	    cmd_disk_name(to, c->argv[2]) == -1 ||
	    store_rename(c->store, from, to) == -1)
		cmd_complain(c, "%s: %s", c->argv[1], fail_text());
}

void
cmd_folders(struct cmd *c)
{
	const char *act = c->argc == 0 ? "status" : c->argv[0];
	char disk[256];

	if (strcmp(act, "status") == 0) {
		list(c, c->argv + 1, c->argc > 0 ? c->argc - 1 : 0);
		return;
	}
	if (strcmp(act, "rename") == 0) {
		rename_folder(c);
		return;
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		if (strcmp(act, acts[i].name) != 0)
			continue;
		if (c->argc < 2)
			errx(EX_USAGE, "folders %s: which?", act);
		for (int k = 1; k < c->argc; k++)
			if (cmd_disk_name(disk, c->argv[k]) == -1 ||
			    acts[i].run(c->store, disk) == -1)
				cmd_complain(c, "%s: %s", c->argv[k],
				    fail_text());
		return;
	}
	errx(EX_USAGE,
	    "folders: create, remove, rename, subscribe, "
	    "unsubscribe or status");
}
