/* maildir save: parts into files, with names that are safe wherever they come
 * from, and never over another file. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"
#include "message/file.h"
#include "message/utf8.h"

enum { NAME_LONGEST = 200, OTHERS = 1000, PART_MAX = 256 << 20 };

static bool
refused(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '/' || c == '\\' ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* What stands behind the last slash of either kind; without characters that
 * disturb a shell user, without a dot or hyphen at its front. */
static void
safe_name(struct buf *out, const struct piece *p, uint32_t uid, size_t part)
{
	struct span s = span(p->name);
	size_t from = out->len, n;
	uint32_t code;

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '/' || s.p[i] == '\\') {
			s = span_from(s, i + 1);
			i = (size_t)-1;
		}
	for (; s.len > 0; s = span_from(s, n)) {
		n = utf8_get(s, &code);
		if (n == 0 || refused(code)) {
			n = n == 0 ? 1 : n;
			buf_char(out, '_');
		} else if (out->len - from + n > NAME_LONGEST)
			break;
		else if (out->len == from && (code == '.' || code == '-'))
			buf_char(out, '_');
		else
			buf_span(out, span_n(s.p, n));
	}
	if (out->len == from)
		buf_printf(out, "%u-%zu%s", uid, part,
		    p->kind == PIECE_MESSAGE  ? ".eml" :
			p->kind == PIECE_HTML ? ".html" :
			p->kind == PIECE_TEXT ? ".txt" :
						"");
}

/* A new file: NAME, else NAME-1.EXT and so on.  A descriptor; -1. */
static int
create(int dir, struct buf *name)
{
	char *dot = strrchr(name->p, '.');
	size_t stem =
	    dot == NULL || dot == name->p ? name->len : (size_t)(dot - name->p);
	struct buf other;
	int fd = -1;

	buf_init(&other, NAME_LONGEST * 2);
	for (int i = 0; i < OTHERS && fd == -1; i++) {
		buf_reset(&other);
		buf_add(&other, name->p, stem);
		if (i > 0)
			buf_printf(&other, "-%d", i);
		buf_str(&other, name->p + stem);
		fd = openat(dir, other.p,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd == -1 && errno != EEXIST)
			break;
	}
	buf_reset(name);
	buf_span(name, buf_all(&other));
	buf_free(&other);
	return fd == -1 ? fail("create %s", name->p) : fd;
}

static void
tell(struct cmd *c, uint32_t uid, size_t part, const struct buf *name)
{
	struct buf *out = &c->out;

	if (c->json) {
		buf_printf(out, "{\"uid\":%u,\"part\":%zu,\"file\":", uid,
		    part);
		json_string(out, buf_all(name));
		buf_str(out, "}\n");
	} else if (!c->quiet) {
		term_safe(out, buf_all(name), false);
		buf_char(out, '\n');
	} else
		buf_printf(out, "%u\n", uid);
	cmd_flush(c);
}

struct saver {
	struct cmd *c;
	int dir; /* -1: standard output */
};

static void
save_piece(struct saver *s, const struct piece *p, uint32_t uid, size_t part)
{
	bool text = p->codec != CODEC_UU && strncmp(p->type, "text/", 5) == 0;
	struct buf data, name;
	int fd = STDOUT_FILENO;

	buf_init(&data, PART_MAX);
	buf_init(&name, NAME_LONGEST * 2);
	piece_put(&data, p, text && !s->c->raw);
	safe_name(&name, p, uid, part);
	if (data.over)
		cmd_complain(s->c, "%u: part %zu is too large", uid, part);
	else if (s->dir != -1 && (fd = create(s->dir, &name)) == -1)
		cmd_complain(s->c, "%s", fail_text());
	else if (file_write(fd, buf_all(&data)) == -1 ||
	    (s->dir != -1 && close(fd) == -1)) {
		cmd_complain(s->c, "%s: %s", name.p, strerror(errno));
		if (s->dir != -1)
			(void)unlinkat(s->dir, name.p, 0);
	} else if (s->dir != -1)
		tell(s->c, uid, part, &name);
	buf_free(&name);
	buf_free(&data);
}

/* "2", "2:4", "2,4" or "all". */
static void
save_parts(struct saver *s, const struct letter *l, uint32_t uid,
    const char *set)
{
	struct cmd no_folder = { 0 }; /* so no current message either */
	struct span rest = span(set);
	uint32_t range[2];
	int r = 1;

	while (rest.p != NULL && r == 1) {
		r = cmd_next_range(&no_folder, &rest, range);
		if (r == 1 && range[1] == UINT32_MAX) {
			range[0] = 1;
			range[1] = (uint32_t)l->n;
		}
		if (r == -1 || range[0] == 0 || range[1] > l->n) {
			cmd_complain(s->c, "%u has no part %s", uid, set);
			return;
		}
		for (uint32_t n = range[0]; n <= range[1]; n++)
			save_piece(s, &l->piece[n - 1], uid, n);
	}
}

static void
save_letter(struct saver *s, const struct letter *l, uint32_t uid, char **part,
    int parts)
{
	if (parts == 0 && letter_attachments(l) == 0 && !s->c->quiet)
		cmd_complain(s->c, "%u has no attachments", uid);
	for (size_t i = 0; i < l->n && parts == 0; i++)
		if (l->piece[i].attachment)
			save_piece(s, &l->piece[i], uid, i + 1);
	for (int i = 0; i < parts; i++)
		save_parts(s, l, uid, part[i]);
}

void
cmd_save(struct cmd *c)
{
	struct saver s = { .c = c, .dir = AT_FDCWD };
	int parts = c->argc > 1 ? c->argc - 1 : 0;
	struct message m;
	struct letter l;

	if (parts > 0 && strcmp(c->argv[parts], "-") == 0) {
		s.dir = -1;
		parts--;
	} else if (c->into != NULL) {
		s.dir = open(c->into, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (s.dir == -1)
			err(EX_CANTCREAT, "%s", c->into);
	}
	cmd_open(c, false);
	cmd_pick(c, c->argv, c->argc > 0 ? 1 : 0, PICK_CURRENT);
	for (size_t i = 0; i < c->n; i++) {
		if (folder_get(c->folder, c->number[i], &m) == -1)
			continue;
		if (letter_load(&l, c->folder, c->number[i]) == -1)
			cmd_complain(c, "%u: %s", m.uid, fail_text());
		else
			save_letter(&s, &l, m.uid, c->argv + 1, parts);
		letter_free(&l);
	}
	if (s.dir >= 0 && s.dir != AT_FDCWD)
		(void)close(s.dir);
}
