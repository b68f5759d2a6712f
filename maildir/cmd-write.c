/* maildir write, reply, forward, bounce: a draft is made and edited.
 *
 * Drafts are files of mailroom-drafts/ in the Maildir, which no program takes
 * for a folder; one that could not be sent stays there. */
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-send.h"
#include "maildir/cmd-person.h"
#include "maildir/cmd-verbs.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/file.h"
#include "message/header.h"
#include "message/word.h"

enum { DRAFT_MAX = 64 << 20, QUOTED = 78 };

/* ---- the file */

static void
write_file(const char *path, struct span s, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);

	if (fd != -1 && file_write(fd, s) == -1)
		err(EX_IOERR, "%s", path);
	if (fd == -1 || close(fd) == -1)
		err(EX_CANTCREAT, "%s", path);
}

static void
draft_path(struct cmd *c, char path[PATH_MAX])
{
	char real[PATH_MAX];
	int fd;

	if (realpath(c->path, real) == NULL)
		err(EX_NOINPUT, "%s", c->path);
	(void)snprintf(path, PATH_MAX, "%.*s/mailroom-drafts", PATH_MAX - 64,
	    real);
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		err(EX_CANTCREAT, "%s", path);
	(void)strlcat(path, "/draft-XXXXXX", PATH_MAX);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd == -1)
		err(EX_CANTCREAT, "%s", path);
	(void)close(fd);
}

/* 0: it was left as it should be; -1. */
static int
edit(const char *path)
{
	const char *editor = getenv("VISUAL");
	int status = -1;
	pid_t pid;

	if (editor == NULL || editor[0] == '\0')
		editor = getenv("EDITOR");
	if (editor == NULL || editor[0] == '\0')
		editor = "vi";
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		char *line;

		if (asprintf(&line, "%s \"$1\"", editor) != -1)
			(void)execl("/bin/sh", "sh", "-c", line, "sh", path,
			    (char *)NULL);
		_exit(127);
	}
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* On a terminal one is asked, else it goes.  Whether to send. */
static bool
ask(const char *path)
{
	char line[16];

	if (!isatty(STDIN_FILENO))
		return true;
	for (;;) {
		(void)fputs("send, edit again, keep or drop? [s/e/k/d] ",
		    stderr);
		if (fgets(line, sizeof(line), stdin) == NULL ||
		    line[0] == 'k') {
			warnx("the draft is kept: maildir send %s", path);
			return false;
		}
		if (line[0] == 's')
			return true;
		if (line[0] == 'd') {
			(void)unlink(path);
			return false;
		}
		if (line[0] == 'e')
			(void)edit(path);
	}
}

static void
finish(struct cmd *c, const struct buf *draft)
{
	char path[PATH_MAX];
	struct buf text;

	if (draft->over)
		errx(EX_TEMPFAIL, "the draft is too large");
	draft_path(c, path);
	write_file(path, buf_all(draft), O_TRUNC);
	if (c->no_edit) {
		buf_init(&text, DRAFT_MAX);
		if (send_read(&text, dup(STDIN_FILENO)) == -1)
			errx(EX_IOERR, "%s", fail_text());
		write_file(path, buf_all(&text), O_APPEND);
		buf_free(&text);
	} else {
		if (edit(path) == -1)
			errx(EX_TEMPFAIL,
			    "the editor failed; the draft is kept: "
			    "maildir send %s",
			    path);
		buf_init(&text, DRAFT_MAX);
		if (send_read(&text, open(path, O_RDONLY | O_CLOEXEC)) == 0 &&
		    span_eq(buf_all(&text), buf_all(draft))) {
			(void)unlink(path);
			errx(1, "nothing was written, nothing is sent");
		}
		buf_free(&text);
		if (!ask(path))
			return;
	}
	(void)send_draft(c, path);
}

/* ---- what stands in it */

/* -F, whom the original was for, $EMAIL, or the user at this host. */
static void
put_from(struct cmd *c, struct buf *out, const struct letter *l)
{
	const char *said = c->from != NULL ? c->from : getenv("EMAIL");
	struct buf name, address;
	struct person self;
	bool known = person_self(&self);
	char host[256];

	buf_init(&name, 1024);
	buf_init(&address, 4096);
	if (known)
		word_encode_name(&name, span(self.full), 6);
	if (c->from == NULL && l != NULL)
		send_people(&address, l, "Delivered-To");
	if (address.len == 0 && said != NULL)
		buf_str(&address, said);
	if (address.len == 0) {
		person_host(host);
		buf_printf(&address, "%s@%s", known ? self.name : "nobody",
		    host);
	}
	if (span_find(buf_all(&address), '<') < address.len || name.len == 0)
		buf_printf(out, "From: %s\n", address.p);
	else
		buf_printf(out, "From: %s <%s>\n", name.p, address.p);
	buf_free(&name);
	buf_free(&address);
}

static void
put_field(struct buf *out, const char *name, const char *value)
{
	struct buf line;

	buf_init(&line, 256 * 1024);
	word_line(&line, span(value == NULL ? "" : value));
	buf_printf(out, "%s: %s\n", name, line.p);
	buf_free(&line);
}

static void
put_files(struct cmd *c, struct buf *out)
{
	for (size_t i = 0; i < c->attaches; i++)
		put_field(out, "Attach", c->attach[i]);
}

static void
put_signature(struct buf *out)
{
	const char *home = getenv("HOME");
	char path[PATH_MAX];
	struct buf text;

	if (home == NULL)
		return;
	buf_init(&text, 64 * 1024);
	(void)snprintf(path, sizeof(path), "%s/.signature", home);
	if (send_read(&text, open(path, O_RDONLY | O_CLOEXEC)) == 0 &&
	    text.len > 0) {
		buf_str(out, "\n-- \n");
		buf_span(out, buf_all(&text));
		if (text.p[text.len - 1] != '\n')
			buf_char(out, '\n');
	}
	buf_free(&text);
}

void
cmd_write(struct cmd *c)
{
	struct buf draft, to;

	buf_init(&draft, DRAFT_MAX);
	buf_init(&to, 64 * 1024);
	if (c->to != NULL)
		buf_str(&to, c->to);
	for (int i = 0; i < c->argc; i++)
		buf_printf(&to, "%s%s", to.len > 0 ? ", " : "", c->argv[i]);
	put_from(c, &draft, NULL);
	put_field(&draft, "To", to.p);
	put_field(&draft, "Cc", c->cc);
	put_field(&draft, "Subject", c->subject);
	put_files(c, &draft);
	buf_char(&draft, '\n');
	if (!c->no_edit)
		put_signature(&draft);
	finish(c, &draft);
	buf_free(&draft);
	buf_free(&to);
}

/* ---- reply */

/* The text with "> " before its lines, up to its signature. */
static void
quote(struct buf *out, const struct letter *l)
{
	struct buf page;
	struct span rest = { NULL, 0 }, line;

	buf_init(&page, DRAFT_MAX);
	for (size_t i = 0; i < l->n && rest.p == NULL; i++) {
		const struct piece *p = &l->piece[i];

		if (p->hidden ||
		    (p->kind != PIECE_TEXT && p->kind != PIECE_HTML))
			continue;
		piece_page(&page, p, QUOTED - 4);
		rest = buf_all(&page);
	}
	while (rest.p != NULL && rest.len > 0) {
		line = span_cut(&rest, '\n');
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		if (span_eq(line, span("-- ")))
			break;
		buf_str(out,
		    line.len > 0 && line.p[0] == '>' ? ">" :
			line.len > 0		     ? "> " :
						       ">");
		word_line(out, line);
		buf_char(out, '\n');
	}
	buf_free(&page);
}

/* The one message that is picked; its UID. */
static uint32_t
one(struct cmd *c, struct letter *l, char **arg, int args)
{
	struct message m;

	cmd_open(c, false);
	cmd_pick(c, arg, args, PICK_CURRENT);
	if (c->n == 0 && c->status != 0) /* which was said */
		exit(EX_NOINPUT);
	if (c->n != 1)
		errx(EX_USAGE, "one message at a time");
	if (folder_get(c->folder, c->number[0], &m) == -1 ||
	    letter_load(l, c->folder, c->number[0]) == -1)
		errx(EX_NOINPUT, "%s", fail_text());
	return m.uid;
}

static void
put_subject(struct cmd *c, struct buf *out, const struct letter *l,
    const char *before)
{
	struct buf subject;

	buf_init(&subject, 256 * 1024);
	letter_field(&subject, l, "Subject");
	if (c->subject != NULL)
		put_field(out, "Subject", c->subject);
	else if (span_starts(buf_all(&subject), before))
		put_field(out, "Subject", subject.p);
	else
		buf_printf(out, "Subject: %s %s\n", before, subject.p);
	buf_free(&subject);
}

static void
put_copied(struct cmd *c, struct buf *out, const struct letter *l)
{
	struct buf cc;

	buf_init(&cc, 512 * 1024);
	if (c->all) {
		send_people(&cc, l, "To");
		send_people(&cc, l, "Cc");
	}
	if (c->cc != NULL)
		buf_printf(&cc, "%s%s", cc.len > 0 ? ", " : "", c->cc);
	put_field(out, "Cc", cc.p);
	buf_free(&cc);
}

static void
put_thread(struct buf *out, const struct letter *l)
{
	struct buf id, references;

	buf_init(&id, 64 * 1024);
	buf_init(&references, 256 * 1024);
	letter_field(&id, l, "Message-ID");
	letter_field(&references, l, "References");
	if (references.len == 0)
		letter_field(&references, l, "In-Reply-To");
	if (id.len > 0)
		buf_printf(out, "In-Reply-To: %s\nReferences: %s%s%s\n", id.p,
		    references.p, references.len > 0 ? " " : "", id.p);
	buf_free(&id);
	buf_free(&references);
}

void
cmd_reply(struct cmd *c)
{
	struct buf draft, to;
	struct letter l;
	uint32_t uid = one(c, &l, c->argv, c->argc);

	buf_init(&draft, DRAFT_MAX);
	buf_init(&to, 256 * 1024);
	send_people(&to, &l, "Reply-To");
	if (to.len == 0)
		send_people(&to, &l, "From");
	put_from(c, &draft, &l);
	put_field(&draft, "To", c->to != NULL ? c->to : to.p);
	put_copied(c, &draft, &l);
	put_subject(c, &draft, &l, "Re:");
	put_thread(&draft, &l);
	put_files(c, &draft);
	buf_printf(&draft, "Original: answered %u %s\n\n", uid, c->folder_name);
	if (!c->no_edit) {
		buf_reset(&to);
		letter_field(&to, &l, "From");
		buf_printf(&draft, "%s wrote:\n", to.p);
		quote(&draft, &l);
		put_signature(&draft);
	}
	finish(c, &draft);
	letter_free(&l);
	buf_free(&draft);
	buf_free(&to);
}

/* The original is attached, whole. */
void
cmd_forward(struct cmd *c)
{
	struct buf draft;
	struct letter l;
	uint32_t uid;

	if (c->argc < 1)
		errx(EX_USAGE, "to whom? see maildir help forward");
	uid = one(c, &l, c->argv + 1, c->argc - 1);
	buf_init(&draft, DRAFT_MAX);
	put_from(c, &draft, &l);
	put_field(&draft, "To", c->argv[0]);
	put_field(&draft, "Cc", c->cc);
	put_subject(c, &draft, &l, "Fwd:");
	put_files(c, &draft);
	buf_printf(&draft, "Forward: %u %s\n", uid, c->folder_name);
	buf_printf(&draft, "Original: forwarded %u %s\n\n", uid,
	    c->folder_name);
	if (!c->no_edit)
		put_signature(&draft);
	finish(c, &draft);
	letter_free(&l);
	buf_free(&draft);
}

/* RFC 5322 s. 3.6.6: as it is, with Resent- fields before it. */
void
cmd_bounce(struct cmd *c)
{
	struct buf out, from;
	char **to = NULL, now[DATE_SIZE];
	struct letter l;
	struct span rest;
	struct field f;
	uint32_t uid;
	size_t n = 0;

	if (c->argc < 1)
		errx(EX_USAGE, "to whom? see maildir help bounce");
	uid = one(c, &l, c->argv + 1, c->argc - 1);
	buf_init(&out, l.len + 64 * 1024);
	buf_init(&from, 64 * 1024);
	put_from(c, &from, NULL);
	buf_printf(&out, "Resent-%s", from.p);
	put_field(&out, "Resent-To", c->argv[0]);
	buf_printf(&out,
	    "Resent-Date: %s\nResent-Message-ID: ", send_date(now));
	send_id(&out);
	buf_char(&out, '\n');
	rest = span_n(l.p, l.len);
	while (header_next(&rest, &f) == 1)
		if (!span_same(f.name, span("Return-Path")) &&
		    !span_same(f.name, span("Bcc")))
			buf_span(&out, f.whole);
	buf_char(&out, '\n');
	buf_span(&out, rest);
	if (send_addresses(span(c->argv[0]), &to, &n) == -1)
		errx(EX_USAGE, "%s", fail_text());
	if (send_message(c, buf_all(&out), NULL, to) == 0)
		cmd_done(c, uid, "bounce");
	for (size_t i = 0; i < n; i++)
		free(to[i]);
	free(to);
	letter_free(&l);
	buf_free(&out);
	buf_free(&from);
}
