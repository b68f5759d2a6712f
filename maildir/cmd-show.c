/* maildir show, headers, raw. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/word.h"

enum { TEXT_MAX = 64 << 20, FIELD_MAX = 64 * 1024, WIDEST = 100 };

/* ---- the pager */

struct pager {
	pid_t pid; /* -1: none */
	int kept; /* standard output */
};

static void
pager_begin(struct pager *p)
{
	const char *name = getenv("PAGER");
	int end[2];

	p->pid = -1;
	if (!isatty(STDOUT_FILENO) || (name != NULL && name[0] == '\0'))
		return;
	if (name == NULL)
		name = "command -v less >/dev/null || exec cat; exec less";
	(void)setenv("LESS", "FRX", 0);
	(void)fflush(stdout);
	if (pipe2(end, O_CLOEXEC) == -1 || (p->pid = fork()) == -1)
		return;
	if (p->pid == 0) {
		(void)dup2(end[0], STDIN_FILENO);
		(void)execl("/bin/sh", "sh", "-c", name, (char *)NULL);
		_exit(127);
	}
	p->kept = dup(STDOUT_FILENO);
	(void)dup2(end[1], STDOUT_FILENO);
	(void)close(end[0]);
	(void)close(end[1]);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Who leaves the pager early wants no more. */
static void
wanted(bool written)
{
	if (!written && errno != EPIPE)
		err(EX_IOERR, "standard output");
	clearerr(stdout);
}

static void
pager_end(struct pager *p)
{
	wanted(fflush(stdout) == 0);
	if (p->pid == -1)
		return;
	(void)dup2(p->kept, STDOUT_FILENO);
	(void)close(p->kept);
	while (waitpid(p->pid, NULL, 0) == -1 && errno == EINTR)
		;
}

static void
show_flush(struct cmd *c)
{
	wanted(fwrite(c->out.p, 1, c->out.len, stdout) == c->out.len);
	buf_reset(&c->out);
}

/* ---- one message */

static void
put_field(struct buf *out, struct span name, struct span value, bool colour)
{
	struct buf text;

	bool cut = value.len > FIELD_MAX;

	buf_init(&text, 4 * FIELD_MAX);
	value.len = cut ? FIELD_MAX : value.len;
	word_decode(&text, span_trim(value));
	buf_str(out, colour ? "\033[1m" : "");
	term_safe(out, name, false);
	buf_str(out, colour ? ":\033[0m " : ": ");
	term_safe(out, buf_all(&text), false);
	buf_str(out, cut ? " [...]\n" : "\n");
	buf_free(&text);
}

static void
put_header(struct buf *out, const struct letter *l, bool all, bool colour)
{
	static const char *const shown[] = { "From", "To", "Cc", "Reply-To",
		"Date", "Subject" };
	struct span rest = l->header;
	struct field f;

	if (all) {
		while (header_next(&rest, &f) == 1)
			put_field(out, f.name, f.value, colour);
		return;
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (header_find(l->header, shown[i], &f))
			put_field(out, span(shown[i]), f.value, colour);
}

static void
put_size(struct buf *out, size_t n)
{
	if (n < 10000)
		buf_printf(out, "%zu octets", n);
	else if (n < 10000000)
		buf_printf(out, "%zu KB", n / 1000);
	else
		buf_printf(out, "%zu MB", n / 1000000);
}

static void
put_file(struct buf *out, const struct piece *p, size_t number)
{
	struct buf raw;

	buf_init(&raw, TEXT_MAX);
	piece_put(&raw, p, false);
	buf_printf(out, "[%zu: ", number);
	if (p->name[0] != '\0') {
		term_safe(out, span(p->name), false);
		buf_str(out, ", ");
	}
	term_safe(out, span(p->type), false);
	buf_str(out, ", ");
	put_size(out, raw.len);
	buf_str(out, p->uu ? ", uuencoded]\n" : "]\n");
	buf_free(&raw);
}

static void
put_piece(struct buf *out, const struct piece *p, size_t number)
{
	struct buf page;
	size_t width = term_width();

	if (p->hidden)
		return;
	if (p->kind != PIECE_TEXT && p->kind != PIECE_HTML) {
		put_file(out, p, number);
		return;
	}
	width = width == 0 ? 78 : width > WIDEST ? WIDEST : width;
	buf_init(&page, TEXT_MAX);
	piece_page(&page, p, width);
	term_safe(out, buf_all(&page), true);
	if (page.over)
		buf_str(out, "\n[the rest is too long to show]\n");
	if (out->len > 0 && out->p[out->len - 1] != '\n')
		buf_char(out, '\n');
	buf_free(&page);
}

static void
json_piece(struct buf *out, const struct piece *p, size_t number)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	piece_put(&text, p, p->kind == PIECE_TEXT || p->kind == PIECE_HTML);
	buf_printf(out, "%s{\"part\":%zu,\"type\":", number > 1 ? "," : "",
	    number);
	json_string(out, span(p->type));
	if (p->name[0] != '\0') {
		buf_str(out, ",\"name\":");
		json_string(out, span(p->name));
	}
	buf_printf(out, ",\"attachment\":%s,\"size\":%zu",
	    p->attachment ? "true" : "false", text.len);
	if (p->kind == PIECE_TEXT || p->kind == PIECE_HTML) {
		buf_str(out, ",\"text\":");
		json_string(out, buf_all(&text));
	}
	buf_char(out, '}');
	buf_free(&text);
}

static void
put_json(struct buf *out, const struct letter *l, uint32_t uid, bool parts)
{
	struct span rest = l->header;
	struct buf text;
	struct field f;
	const char *sep = "";

	buf_init(&text, 256 * 1024);
	buf_printf(out, "{\"uid\":%u,\"headers\":[", uid);
	while (header_next(&rest, &f) == 1) {
		buf_reset(&text);
		word_decode(&text, span_trim(f.value));
		buf_printf(out, "%s[", sep);
		json_string(out, f.name);
		buf_char(out, ',');
		json_string(out, buf_all(&text));
		buf_char(out, ']');
		sep = ",";
	}
	buf_char(out, ']');
	if (parts) {
		buf_str(out, ",\"parts\":[");
		for (size_t i = 0; i < l->n; i++)
			json_piece(out, &l->piece[i], i + 1);
		buf_char(out, ']');
	}
	buf_str(out, "}\n");
	buf_free(&text);
}

/* ---- the verbs */

static void
seen(struct cmd *c)
{
	const struct change change = {
		.mode = CHANGE_ADD,
		.flags = FLAG_SEEN,
		.unchanged_since = UINT64_MAX,
	};
	uint8_t *result;
	struct message m;
	bool all = true;

	for (size_t i = 0; i < c->n && all; i++)
		all = folder_get(c->folder, c->number[i], &m) == 0 &&
		    (m.flags & FLAG_SEEN) != 0;
	if (all)
		return;
	result = calloc(c->n + 1, 1);
	if (result == NULL ||
	    folder_change(c->folder, c->number, c->n, &change, result) == -1)
		cmd_complain(c, "not marked: %s", fail_text());
	free(result);
}

/* Each of the picked messages to "put", with "between" them; or with -q their
 * numbers. */
static void
each(struct cmd *c, void (*put)(struct cmd *, const struct letter *, uint32_t),
    const char *between)
{
	struct message m;
	struct letter l;

	for (size_t i = 0; i < c->n; i++) {
		if (folder_get(c->folder, c->number[i], &m) == -1)
			continue;
		if (letter_load(&l, c->folder, c->number[i]) == -1)
			cmd_complain(c, "%u: %s", m.uid, fail_text());
		else {
			if (i > 0 && !c->json && !c->quiet)
				buf_str(&c->out, between);
			put(c, &l, m.uid);
			if (c->quiet && !c->json) {
				buf_reset(&c->out);
				buf_printf(&c->out, "%u\n", m.uid);
			}
		}
		letter_free(&l);
		if (c->out.over)
			cmd_complain(c, "%u: too long to show", m.uid);
		show_flush(c);
	}
}

static void
show_one(struct cmd *c, const struct letter *l, uint32_t uid)
{
	if (c->json) {
		put_json(&c->out, l, uid, true);
	} else {
		put_header(&c->out, l, c->all, term_colour());
		buf_char(&c->out, '\n');
		for (size_t i = 0; i < l->n; i++)
			put_piece(&c->out, &l->piece[i], i + 1);
	}
	cmd_set_current(c, uid);
}

void
cmd_show(struct cmd *c)
{
	struct pager p = { .pid = -1 };

	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_CURRENT);
	if (!c->json && !c->quiet)
		pager_begin(&p);
	each(c, show_one, "\n");
	pager_end(&p);
	if (!c->keep && c->n > 0)
		seen(c);
}

static void
headers_one(struct cmd *c, const struct letter *l, uint32_t uid)
{
	if (c->json)
		put_json(&c->out, l, uid, false);
	else
		put_header(&c->out, l, true, term_colour());
}

void
cmd_headers(struct cmd *c)
{
	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_CURRENT);
	each(c, headers_one, "\n");
}

/* The file as it is, but not for a terminal to obey. */
static void
raw_one(struct cmd *c, const struct letter *l, uint32_t uid)
{
	struct span s = span_n(l->p, l->len);

	if (c->json) {
		buf_printf(&c->out, "{\"uid\":%u,\"raw\":", uid);
		json_string(&c->out, s);
		buf_str(&c->out, "}\n");
	} else if (isatty(STDOUT_FILENO))
		term_safe(&c->out, s, true);
	else
		buf_span(&c->out, s);
}

void
cmd_raw(struct cmd *c)
{
	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc, PICK_CURRENT);
	each(c, raw_one, "");
}
