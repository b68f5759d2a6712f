/* maildir password: passwords of single devices, for POP3, IMAP and
 * submission. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-term.h"
#include "maildir/cmd-person.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "session/passwords.h"

static void
put(struct cmd *c, const struct password *p, const char *text)
{
	struct buf *out = &c->out;
	const char *used = strcmp(p->used, PASSWORDS_NEVER) == 0 ? "" : p->used;

	if (c->json) {
		buf_str(out, "{\"name\":");
		json_string(out, span(p->name));
		buf_printf(out, ",\"made\":\"%s\",\"used\":\"%s\"", p->made,
		    used);
		if (text != NULL)
			buf_printf(out, ",\"password\":\"%s\"", text);
		buf_str(out, "}\n");
	} else if (text != NULL)
		buf_printf(out, "%s\n", text);
	else if (c->quiet)
		buf_printf(out, "%s\n", p->name);
	else
		buf_printf(out, "%-20s made %s, %s%s\n", p->name, p->made,
		    used[0] == '\0' ? "never used" : "last used ", used);
	cmd_flush(c);
}

/* It is shown this once, when the file has it. */
static void
add(struct cmd *c, struct passwords *p, const char *name)
{
	char text[PASSWORDS_TEXT + 1];

	if (passwords_add(p, name, text) == -1 ||
	    passwords_save(p, person_home()) == -1)
		errx(EX_CANTCREAT, "%s", fail_text());
	put(c, &p->all[p->n - 1], text);
	explicit_bzero(text, sizeof(text));
}

static void
take_away(struct cmd *c, struct passwords *p, char **name, int n)
{
	for (int i = 0; i < n; i++) {
		if (passwords_remove(p, name[i]) == -1)
			cmd_complain(c, "%s", fail_text());
		else if (c->json) {
			buf_str(&c->out, "{\"name\":");
			json_string(&c->out, span(name[i]));
			buf_str(&c->out, ",\"done\":\"remove\"}\n");
		} else if (c->quiet)
			buf_printf(&c->out, "%s\n", name[i]);
	}
	if (passwords_save(p, person_home()) == -1)
		errx(EX_CANTCREAT, "%s", fail_text());
	cmd_flush(c);
}

void
cmd_password(struct cmd *c)
{
	const char *act = c->argc == 0 ? "list" : c->argv[0];
	struct passwords *p = calloc(1, sizeof(*p));
	bool change = strcmp(act, "list") != 0;
	int lock = change ? passwords_lock(person_home()) : -1;

	if (p == NULL || (change && lock == -1) ||
	    passwords_load(p, person_home()) == -1)
		errx(EX_NOPERM, "%s", fail_text());
	if (strcmp(act, "add") == 0 && c->argc == 2)
		add(c, p, c->argv[1]);
	else if (strcmp(act, "remove") == 0 && c->argc > 1)
		take_away(c, p, c->argv + 1, c->argc - 1);
	else if (!change && c->argc < 2)
		for (size_t i = 0; i < p->n; i++)
			put(c, &p->all[i], NULL);
	else
		errx(EX_USAGE, "password: add NAME, remove NAME ..., or list");
	if (lock != -1)
		(void)close(lock);
	explicit_bzero(p, sizeof(*p));
	free(p);
}
