/* maildir import: from another Maildir, and what another server has left. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-mbox.h"
#include "maildir/cmd-progress.h"
#include "maildir/cmd.h"
#include "message/fail.h"

int
import_one(struct append *a, struct folder *from, uint32_t number)
{
	const char *const *have = folder_keywords(from);
	const char *word[KEYWORDS];
	size_t words = 0;
	struct message m;
	struct letter l = { .p = NULL };
	int r = -1;

	if (folder_get(from, number, &m) == -1)
		return 0;
	for (int i = 0; have != NULL && i < KEYWORDS; i++)
		if ((m.keywords >> i & 1) != 0 && have[i] != NULL)
			word[words++] = have[i];
	if (letter_load(&l, from, number) == 0 &&
	    append_begin(a, m.flags & FLAG_STORED, word, words, m.date) == 0)
		r = append_add(a, span_n(l.p, l.len));
	letter_free(&l);
	return r;
}

static void
copy_folder(struct cmd *c, struct folder *from, const char *to)
{
	uint32_t count = folder_count(from), i = 1;
	struct copied done;

	while (i <= count) {
		struct append *a = append_new(c->store, to);
		uint32_t end = i + TOGETHER;

		progress(to, i, count + 1);
		if (a == NULL)
			errx(EX_CANTCREAT, "%s", fail_text());
		for (; i <= count && i < end; i++)
			if (import_one(a, from, i) == -1)
				errx(EX_TEMPFAIL, "%s: %s", to, fail_text());
		if (append_commit(a, &done) == -1)
			errx(EX_TEMPFAIL, "%s: %s", to, fail_text());
		import_done(c, &done);
		copied_free(&done);
		append_free(a);
	}
	progress(to, 1, 1);
}

/* A folder below that of -f, or of the same name. */
static void
target(struct cmd *c, const char *name, char to[256])
{
	bool inbox = strcmp(name, "INBOX") == 0;

	if (inbox)
		(void)snprintf(to, 256, "%s", c->folder_name);
	else if (c->chosen && strcmp(c->folder_name, "INBOX") != 0)
		(void)snprintf(to, 256, "%.100s.%.150s", c->folder_name, name);
	else
		(void)snprintf(to, 256, "%s", name);
}

void
import_maildir(struct cmd *c, const char *path)
{
	/* It gets no files of ours but UIDs. */
	struct store *s = store_open(path, NULL, STORE_NO_INDEX);
	struct folder_name *list = NULL;
	ptrdiff_t n = s == NULL ? -1 : store_list(s, &list);
	char to[256];

	if (n == -1)
		errx(EX_NOINPUT, "%s: %s", path, fail_text());
	for (ptrdiff_t i = 0; i < n; i++) {
		struct folder *f =
		    list[i].exists ? cmd_folder(s, list[i].name, false) : NULL;

		if (f == NULL)
			continue;
		target(c, list[i].name, to);
		if (strcmp(to, "INBOX") != 0 && store_create(c->store, to) == 0)
			(void)store_subscribe(c->store, to, list[i].subscribed);
		copy_folder(c, f, to);
		folder_close(f);
	}
	free(list);
	store_close(s);
}

/* Dovecot's files are ours, so a look at each folder is all. */
static ptrdiff_t
look(struct cmd *c)
{
	struct folder_name *list = NULL;
	ptrdiff_t n = store_list(c->store, &list), all = 0;
	struct folder_info info;

	for (ptrdiff_t i = 0; i < n; i++)
		if (list[i].exists) {
			if (store_status(c->store, list[i].name, &info) == -1)
				cmd_complain(c, "%s", fail_text());
			else
				all += info.messages;
		}
	free(list);
	return n == -1 ? -1 : all;
}

void
import_here(struct cmd *c, const char *kind)
{
	ptrdiff_t n;

	if (strcmp(kind, "courier") == 0)
		n = store_import(c->store, STORE_COURIER);
	else if (strcmp(kind, "qmail") == 0)
		n = store_import(c->store, STORE_QMAIL);
	else if (strcmp(kind, "dovecot") == 0)
		n = look(c);
	else
		errx(EX_USAGE,
		    "from what? courier, qmail, dovecot and mbox are known");
	if (n == -1)
		errx(EX_TEMPFAIL, "%s: %s", kind, fail_text());
	if (c->json)
		buf_printf(&c->out, "{\"from\":\"%s\",\"messages\":%td}\n",
		    kind, n);
	else if (!c->quiet)
		buf_printf(&c->out, "%td messages\n", n);
	cmd_flush(c);
}
