/* smtp-session -aliases: the entries as mail would meet them, all at once,
 * before mail meets them. */
#include <bsd/string.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "message/fail.h"
#include "session/log.h"
#include "smtp-session/aliases.h"
#include "smtp-session/explain.h"
#include "smtp-session/resolve.h"

static struct {
	size_t faults;
	char last[LOG_LINE_MAX]; /* lists within lists say it again */
} said;

static void
say(const char *text, size_t len)
{
	char line[LOG_LINE_MAX];

	(void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
	if (strcmp(line, said.last) == 0)
		return;
	(void)strlcpy(said.last, line, sizeof(said.last));
	said.faults++;
	(void)puts(line);
}

/* "alias unknown=NAME at=FILE:LINE", as resolve logs it. */
static void
writer(int priority, const char *line, size_t len)
{
	char text[LOG_LINE_MAX];
	struct span rest = span_n(line, len), name, at;

	(void)priority;
	(void)span_word(&rest);
	name = span_word(&rest);
	at = span_word(&rest);
	if (!span_starts(name, "unknown=") || !span_starts(at, "at="))
		return;
	name = span_from(name, 8);
	at = span_from(at, 3);
	(void)snprintf(text, sizeof(text), "%.*s: nobody here is %.*s",
	    (int)at.len, at.p, (int)name.len, name.p);
	say(text, strlen(text));
}

/* Mail for "name", or for anybody when it is a "@domain". */
static void
try(const struct config *c, const char *at, struct span name)
{
	static struct resolved to;
	char text[LOG_LINE_MAX];
	const char *mark = memrchr(name.p, '@', name.len);
	struct addr a = { .utf8 = false };
	size_t n = mark == NULL ? name.len : (size_t)(mark - name.p);

	(void)snprintf(a.local, sizeof(a.local), "%.*s", (int)n, name.p);
	if (n == 0)
		(void)strlcpy(a.local, "nobody", sizeof(a.local));
	if (mark != NULL)
		(void)snprintf(a.domain, sizeof(a.domain), "%.*s",
		    (int)(name.len - n - 1), mark + 1);
	if (a.domain[0] == '\0')
		(void)strlcpy(a.domain, c->hostname, sizeof(a.domain));
	resolve(&to, c, &a, "", false);
	if (to.class == CLASS_TROUBLE) {
		bool placed = strstr(to.why, ": ") != NULL && to.why[0] == '/';

		(void)snprintf(text, sizeof(text), "%s%s%s", placed ? "" : at,
		    placed ? "" : ": ", to.why);
		say(text, strlen(text));
	}
	resolve_free(&to);
}

static void
try_file(const struct config *c, const struct alias_file *f)
{
	struct alias_walk w = { .rest = buf_all(&f->text), .next = 1 };
	char at[ALIASES_AT];
	struct buf name, values;
	int r;

	buf_init(&name, ALIAS_VALUES_MAX);
	buf_init(&values, ALIAS_VALUES_MAX);
	while ((r = alias_next(f, &w, &name, &values)) != 0) {
		(void)snprintf(at, sizeof(at), "%s:%u", f->path, w.line);
		if (r == -1)
			say(fail_text(), strlen(fail_text()));
		else
			try(c, at, buf_all(&name));
	}
	buf_free(&name);
	buf_free(&values);
}

int
explain_aliases(const struct config *c)
{
	struct aliases a;

	if (aliases_open(&a, c) == -1) {
		say(fail_text(), strlen(fail_text()));
		aliases_close(&a);
		return EX_TEMPFAIL;
	}
	log_to(writer);
	for (size_t i = 0; i < a.n; i++)
		try_file(c, &a.file[i]);
	aliases_close(&a);
	return said.faults == 0 ? 0 : 1;
}
