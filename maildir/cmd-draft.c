/* Drafts are files of mailroom-drafts/ in the Maildir, which no program takes
 * for a folder; one that could not be sent stays there. */
#include "maildir/cmd-draft.h"

#include <bsd/string.h>
#include <err.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-people.h"
#include "maildir/cmd-send.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "message/file.h"
#include "message/header.h"
#include "message/word.h"

#define FAILED "the editor failed; the draft is kept: "

/* ---- the file */

static void
write_file(const char *path, struct span s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);

	if (fd != -1 && file_write(fd, s) == -1)
		err(EX_IOERR, "%s", path);
	if (fd == -1 || close(fd) == -1)
		err(EX_CANTCREAT, "%s", path);
}

/* Where they are. */
static void
drafts(const struct cmd *c, char path[PATH_MAX])
{
	char real[PATH_MAX];

	if (realpath(c->path, real) == NULL)
		err(EX_NOINPUT, "%s", c->path);
	(void)snprintf(path, PATH_MAX, "%.*s/mailroom-drafts", PATH_MAX - 300,
	    real);
}

const char *
draft_command(const struct cmd *c, const char *path)
{
	static char said[3 * PATH_MAX];
	bool own = c->path == c->own;

	(void)snprintf(said, sizeof(said), "maildir send %s%s%s%s",
	    own ? "" : "-m ", own ? "" : c->path, own ? "" : " ", path);
	return said;
}

static void
draft_path(struct cmd *c, char path[PATH_MAX])
{
	int fd;

	drafts(c, path);
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
ask(const struct cmd *c, const char *path)
{
	char line[16];

	if (!isatty(STDIN_FILENO))
		return true;
	for (;;) {
		(void)fputs("send, edit again, keep or drop? [s/e/k/d] ",
		    stderr);
		if (fgets(line, sizeof(line), stdin) == NULL ||
		    line[0] == 'k') {
			warnx("the draft is kept: %s", draft_command(c, path));
			return false;
		}
		if (line[0] == 's')
			return true;
		if (line[0] == 'd') {
			(void)unlink(path);
			return false;
		}
		if (line[0] == 'e' && edit(path) == -1)
			warnx("the editor failed");
	}
}

/* Numbers came through a pipe: the editor and the person who is asked have the
 * terminal, if there is one. */
static void
take_terminal(void)
{
	struct stat st;
	int fd;

	if (fstat(STDIN_FILENO, &st) == -1 || !S_ISFIFO(st.st_mode) ||
	    !isatty(STDERR_FILENO) ||
	    (fd = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1)
		return;
	(void)dup2(fd, STDIN_FILENO);
	(void)close(fd);
	clearerr(stdin);
}

/* Was nothing typed?  Who empties the file, or leaves it as it was, wants no
 * message; but one with files may go as it is, which a person is asked. */
static bool
untouched(const char *path, const struct buf *draft, bool whole)
{
	struct buf text;
	bool yes;

	buf_init(&text, DRAFT_MAX);
	yes = send_read(&text, open(path, O_RDONLY | O_CLOEXEC)) == 0 &&
	    (span_trim(buf_all(&text)).len == 0 ||
		(span_eq(buf_all(&text), buf_all(draft)) &&
		    !(whole && isatty(STDIN_FILENO))));
	buf_free(&text);
	return yes;
}

void
draft_finish(struct cmd *c, const struct buf *draft, bool whole)
{
	char path[PATH_MAX];

	if (draft->over)
		errx(EX_TEMPFAIL, "the draft is too large");
	draft_path(c, path);
	write_file(path, buf_all(draft));
	if (!c->no_edit) {
		take_terminal();
		if (edit(path) == -1)
			errx(EX_TEMPFAIL, FAILED "%s", draft_command(c, path));
		if (untouched(path, draft, whole)) {
			(void)unlink(path);
			errx(1, "nothing was written, nothing is sent");
		}
		if (!ask(c, path))
			return;
	}
	(void)send_draft(c, path);
}

/* ---- what stands in it */

void
draft_from(struct cmd *c, struct buf *out, const struct letter *l)
{
	buf_str(out, "From: ");
	people_from(c, l, out);
	buf_char(out, '\n');
}

void
draft_field(struct buf *out, const char *name, const char *value)
{
	struct buf line;

	buf_init(&line, 256 * 1024);
	word_line(&line, span(value == NULL ? "" : value));
	buf_printf(out, "%s: %s\n", name, line.p);
	out->over |= line.over;
	buf_free(&line);
}

/* As they are named on disk, whatever that is; wholly, since a draft may be
 * sent another day from elsewhere. */
void
draft_files(struct cmd *c, struct buf *out)
{
	char whole[PATH_MAX];

	for (size_t i = 0; i < c->attaches; i++) {
		if (realpath(c->attach[i], whole) == NULL ||
		    access(whole, R_OK) == -1)
			err(EX_NOINPUT, "%s", term_text(c->attach[i]));
		if (strpbrk(whole, "\r\n") != NULL)
			errx(EX_USAGE, "%s: a name of several lines",
			    term_text(whole));
		buf_printf(out, "Attach: %s\n", whole);
	}
}

void
draft_signature(struct buf *out)
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
draft_input(struct buf *out)
{
	if (send_read(out, dup(STDIN_FILENO)) == -1)
		errx(EX_IOERR, "%s", fail_text());
	if (out->len > 0 && out->p[out->len - 1] != '\n')
		buf_char(out, '\n');
}

/* The text with "> " before its lines, up to its signature. */
static void
quote(struct buf *out, struct span rest)
{
	while (rest.p != NULL && rest.len > 0) {
		struct span line = span_cut(&rest, '\n');

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
}

void
draft_quote(struct buf *out, const struct letter *l)
{
	struct buf page;

	buf_init(&page, DRAFT_MAX);
	for (size_t i = 0; i < l->n; i++)
		if (piece_shown(&l->piece[i])) {
			piece_page(&page, &l->piece[i], DRAFT_WIDTH);
			quote(out, buf_all(&page));
			break;
		}
	buf_free(&page);
}

/* The one message that is picked; its UID. */
uint32_t
draft_original(struct cmd *c, struct letter *l, char **arg, int args)
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

void
draft_subject(struct cmd *c, struct buf *out, const struct letter *l,
    const char *before)
{
	struct buf subject;

	buf_init(&subject, 256 * 1024);
	letter_field(&subject, l, "Subject");
	if (c->subject != NULL)
		draft_field(out, "Subject", c->subject);
	else if (span_starts(buf_all(&subject), before))
		draft_field(out, "Subject", subject.p);
	else
		buf_printf(out, "Subject: %s %s\n", before, subject.p);
	buf_free(&subject);
}

/* ---- send: those that were kept */

static void
put_value(struct cmd *c, struct span header, const char *name, const char *key)
{
	struct field f;
	struct buf text;

	buf_init(&text, 256 * 1024);
	if (header_find(header, name, &f))
		word_decode(&text, span_trim(f.value));
	if (c->json) {
		buf_printf(&c->out, ",\"%s\":", key);
		json_string(&c->out, buf_all(&text));
	} else {
		buf_char(&c->out, '\t');
		term_safe(&c->out, buf_all(&text), false);
	}
	buf_free(&text);
}

static void
put_kept(struct cmd *c, const char *path)
{
	struct buf text;

	buf_init(&text, DRAFT_MAX);
	if (send_read(&text, open(path, O_RDONLY | O_CLOEXEC)) == -1)
		cmd_complain(c, "%s: %s", path, fail_text());
	if (c->json) {
		buf_str(&c->out, "{\"draft\":");
		json_string(&c->out, span(path));
	} else
		term_safe(&c->out, span(path), false);
	if (!c->quiet || c->json) {
		put_value(c, buf_all(&text), "To", "to");
		put_value(c, buf_all(&text), "Subject", "subject");
	}
	buf_str(&c->out, c->json ? "}\n" : "\n");
	cmd_flush(c);
	buf_free(&text);
}

static void
list_kept(struct cmd *c)
{
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent **e = NULL;
	int n;

	drafts(c, dir);
	n = scandir(dir, &e, NULL, alphasort);
	if (n == -1 && errno != ENOENT)
		err(EX_NOINPUT, "%s", dir);
	for (int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e[i]->d_name);
		if (e[i]->d_name[0] != '.')
			put_kept(c, path);
		free(e[i]);
	}
	free(e);
}

void
cmd_send(struct cmd *c)
{
	if (c->argc == 0)
		list_kept(c);
	for (int i = 0; i < c->argc; i++) {
		if (c->edit && edit(c->argv[i]) == -1)
			cmd_complain(c, FAILED "%s", c->argv[i]);
		else if (!c->edit || ask(c, c->argv[i]))
			(void)send_draft(c, c->argv[i]);
	}
}
