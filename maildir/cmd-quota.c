/* maildir quota: what all of the mail takes, and what it may take. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "maildir/disk.h"
#include "maildir/view.h"
#include "message/fail.h"

static const char file[] = "maildirsize";

/* "500M" in octets. */
static uint64_t
size(const char *text)
{
	static const char units[] = "kMGT";
	const char *unit;
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (!isdigit((unsigned char)*text) || n > UINT64_MAX / 1000000000000 ||
	    (*end != '\0' && end[1] != '\0'))
		errx(EX_USAGE, "%s: no size", term_text(text));
	if (*end == '\0')
		return n;
	unit = strchr(units, *end == 'K' ? 'k' : *end);
	if (unit == NULL)
		errx(EX_USAGE, "%s: no size", term_text(text));
	for (const char *p = units; p <= unit; p++)
		n *= 1000;
	return n;
}

/* A first line alone, without its line end, is counted when it is read. */
static void
set(struct cmd *c)
{
	struct buf line;
	uint64_t octets = size(c->argv[0]);
	uint64_t messages = c->argc > 1 ? size(c->argv[1]) : 0;

	buf_init(&line, 256);
	if (octets > 0)
		buf_printf(&line, "%juS", (uintmax_t)octets);
	if (messages > 0)
		buf_printf(&line, "%s%juC", line.len > 0 ? "," : "",
		    (uintmax_t)messages);
	if (line.len == 0) {
		if (unlinkat(c->store->root, file, 0) == -1 && errno != ENOENT)
			err(EX_CANTCREAT, "%s", file);
	} else if (disk_replace(c->store->root, file, buf_all(&line)) == -1)
		errx(EX_CANTCREAT, "%s", fail_text());
	buf_free(&line);
}

/* Without limits nobody keeps count. */
static void
count(struct cmd *c, struct quota *q)
{
	struct folder_name *list = NULL;
	ptrdiff_t n = store_list(c->store, &list);
	struct folder_info info;

	for (ptrdiff_t i = 0; i < n; i++)
		if (list[i].exists &&
		    store_status(c->store, list[i].name, &info) == 0 &&
		    store_octets(c->store, list[i].name, &info) == 0) {
			q->octets += info.octets;
			q->messages += info.messages;
		}
	free(list);
}

static void
put_limit(struct buf *out, uint64_t used, uint64_t most)
{
	if (most > 0)
		buf_printf(out, " of %ju (%ju %%)", (uintmax_t)most,
		    (uintmax_t)(used > UINT64_MAX / 100 ? 100 :
							  used * 100 / most));
}

void
cmd_quota(struct cmd *c)
{
	struct quota q;
	struct buf *out = &c->out;

	if (c->argc > 2)
		errx(EX_USAGE, "quota: octets and messages, please");
	if (c->argc > 0)
		set(c);
	if (store_quota(c->store, &q) == -1)
		errx(EX_NOINPUT, "%s", fail_text());
	if (q.octets_max == 0 && q.messages_max == 0)
		count(c, &q);
	if (c->json)
		buf_printf(out,
		    "{\"octets\":%ju,\"octets_max\":%ju,\"messages\":%ju,"
		    "\"messages_max\":%ju}\n",
		    (uintmax_t)q.octets, (uintmax_t)q.octets_max,
		    (uintmax_t)q.messages, (uintmax_t)q.messages_max);
	else if (c->quiet)
		buf_printf(out, "%ju\n", (uintmax_t)q.octets);
	else {
		buf_printf(out, "%ju octets", (uintmax_t)q.octets);
		put_limit(out, q.octets, q.octets_max);
		buf_printf(out, "\n%ju messages", (uintmax_t)q.messages);
		put_limit(out, q.messages, q.messages_max);
		buf_str(out, "\n");
	}
	cmd_flush(c);
}
