/* Which messages a command is about, and its folder. */
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-progress.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd.h"
#include "maildir/view.h"
#include "message/fail.h"
#include "message/mutf7.h"

static const char current_file[] = "mailroom-current";

void
cmd_complain(struct cmd *c, const char *format, ...)
{
	struct buf raw, safe;
	va_list ap;

	buf_init(&raw, 4096);
	buf_init(&safe, 32768);
	va_start(ap, format);
	buf_vprintf(&raw, format, ap);
	va_end(ap);
	term_safe(&safe, buf_all(&raw), false);
	(void)fflush(stdout);
	warnx("%s: %s", c->verb, safe.p);
	buf_free(&raw);
	buf_free(&safe);
	c->status = 1;
}

void
cmd_flush(struct cmd *c)
{
	if (fwrite(c->out.p, 1, c->out.len, stdout) != c->out.len)
		err(EX_IOERR, "standard output");
	if (c->out.over)
		errx(EX_TEMPFAIL, "no memory for the answer");
	buf_reset(&c->out);
}

void
cmd_done(struct cmd *c, uint32_t uid, const char *said)
{
	if (c->json) {
		buf_printf(&c->out, "{\"uid\":%u,\"done\":", uid);
		json_string(&c->out, span(said));
		buf_str(&c->out, "}\n");
	} else if (c->quiet)
		buf_printf(&c->out, "%u\n", uid);
	cmd_flush(c);
}

/* ---- names of folders */

int
cmd_disk_name(char disk[256], const char *said)
{
	struct buf name;
	bool good;

	buf_init(&name, 256);
	good = mutf7_encode(&name, span(said)) == 0 &&
	    strlcpy(disk, name.p, 256) < 256 && !name.over;
	buf_free(&name);
	if (!good)
		return fail_as(EINVAL, "no name for a folder");
	for (char *p = disk; *p != '\0'; p++)
		if (*p == '/')
			*p = '.';
	if (strcasecmp(disk, "INBOX") == 0)
		(void)strlcpy(disk, "INBOX", 256);
	return 0;
}

void
cmd_said_name(struct buf *out, const char *disk)
{
	if (mutf7_decode(out, span(disk)) == -1)
		buf_str(out, disk);
}

struct folder *
cmd_folder(struct store *s, const char *disk, bool write)
{
	struct folder *f;
	int e;

	progress_wait("looking for messages");
	f = folder_open(s, disk, write);
	e = errno;
	progress_over();
	errno = e;
	return f;
}

void
cmd_open(struct cmd *c, bool write)
{
	int e;

	c->folder = cmd_folder(c->store, c->folder_name, write);
	e = errno;
	if (c->folder != NULL)
		return;
	if (e == ENOENT)
		cmd_complain(c, "no folder %s", c->folder_said);
	else
		cmd_complain(c, "%s", fail_text());
	exit(e == ENOENT || e == EINVAL ? EX_NOINPUT : EX_TEMPFAIL);
}

/* ---- the current message: a number in a file of the folder */

static int
open_current(struct cmd *c, int flags)
{
	char dir[NAME_MAX + 2], path[NAME_MAX + 40];

	if (store_dir(c->folder_name, dir) == -1)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, current_file);
	return openat(c->store->root, path,
	    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
}

uint32_t
cmd_current(struct cmd *c)
{
	char text[16] = "";
	uint64_t uid = 0;
	int fd = open_current(c, O_RDONLY);

	if (fd != -1) {
		ssize_t n = read(fd, text, sizeof(text) - 1);

		if (n <= 0 ||
		    span_number(span_trim(span_n(text, (size_t)n)), UINT32_MAX,
			&uid) == -1)
			uid = 0;
		(void)close(fd);
	}
	return (uint32_t)uid;
}

void
cmd_set_current(struct cmd *c, uint32_t uid)
{
	int fd = open_current(c, O_WRONLY | O_CREAT);

	if (fd == -1)
		return;
	/* As wide as any: some file systems write a file that is cut to
	 * nothing to disk at once. */
	(void)dprintf(fd, "%-10u\n", uid);
	(void)close(fd);
}

/* ---- numbers, ranges, names */

void
cmd_add(struct cmd *c, uint32_t number)
{
	if ((c->n & (c->n - 1)) == 0) {
		uint32_t *p = reallocarray(c->number, c->n == 0 ? 1 : c->n * 2,
		    sizeof(*p));

		if (p == NULL)
			err(EX_TEMPFAIL, "messages");
		c->number = p;
	}
	c->number[c->n++] = number;
}

static void
add_all(struct cmd *c, uint32_t from)
{
	uint32_t count = folder_count(c->folder);

	for (uint32_t i = from; i <= count; i++)
		cmd_add(c, i);
}

void
cmd_pick_last(struct cmd *c, uint32_t most)
{
	uint32_t count = folder_count(c->folder);

	add_all(c, count > most ? count - most + 1 : 1);
}

static void
add_range(struct cmd *c, uint64_t low, uint64_t high)
{
	uint32_t i = folder_number(c->folder, (uint32_t)low);
	struct message m;

	for (; i <= folder_count(c->folder); i++)
		if (folder_get(c->folder, i, &m) == 0) {
			if (m.uid > high)
				break;
			cmd_add(c, i);
		}
}

/* A UID, ".", "$".  0; -1. */
static int
one_uid(struct cmd *c, struct span s, uint64_t *uid)
{
	uint32_t count = folder_count(c->folder);
	struct message m = { .uid = 0 };

	if (span_eq(s, span("."))) {
		*uid = cmd_current(c);
		return 0;
	}
	if (span_eq(s, span("$")) || span_eq(s, span("*"))) {
		if (count > 0)
			(void)folder_get(c->folder, count, &m);
		*uid = m.uid;
		return 0;
	}
	return span_number(s, UINT32_MAX, uid);
}

/* The message whose file has this name, whatever its path and flags. */
static bool
by_name(struct cmd *c, struct span name)
{
	const char *slash = memrchr(name.p, '/', name.len);
	const struct folder *f = c->folder;
	uint32_t count = folder_count(f);
	struct record r;

	if (slash != NULL)
		name = span_from(name, (size_t)(slash + 1 - name.p));
	name.len = span_find(name, ':');
	if (name.len == 0)
		return false;
	for (uint32_t i = 1; i <= count; i++) {
		struct span have;

		if (!index_get(f->at, view_place(f, i), &r))
			continue;
		have = span(index_text(f->at, &r));
		have.len = span_find(have, ':');
		if (span_eq(have, name)) {
			cmd_add(c, i);
			return true;
		}
	}
	return false;
}

bool
cmd_pick_one(struct cmd *c, const char *arg)
{
	struct span high = span(arg), low;
	uint64_t from, to;
	size_t before = c->n;

	if (strcmp(arg, "all") == 0) {
		add_all(c, 1);
		return true;
	}
	low = span_cut(&high, ':');
	if (one_uid(c, low, &from) == -1)
		return by_name(c, span(arg));
	to = from;
	if (high.p != NULL && one_uid(c, high, &to) == -1)
		return by_name(c, span(arg));
	add_range(c, from < to ? from : to, from < to ? to : from);
	return c->n > before;
}

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
read_input(struct cmd *c)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0) {
		struct span s = span_trim(span_n(line, (size_t)n));
		struct span word = span_word(&s);

		if (word.len == 0 || memchr(line, '\0', (size_t)n) != NULL)
			continue;
		line[(size_t)(word.p - line) + word.len] = '\0';
		if (!cmd_pick_one(c, word.p))
			cmd_complain(c, "no message %s", word.p);
	}
	free(line);
}

static bool
input_waits(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size > 0));
}

void
cmd_pick(struct cmd *c, char **arg, int args, enum pick none)
{
	size_t kept = 0;
	bool sorted = true;

	for (int i = 0; i < args; i++) {
		if (strcmp(arg[i], "-") == 0)
			read_input(c);
		else if (!cmd_pick_one(c, arg[i]))
			cmd_complain(c, "no message %s", arg[i]);
	}
	if (args == 0 && none == PICK_ALL)
		add_all(c, 1);
	else if (args == 0 && input_waits())
		read_input(c);
	else if (args == 0 && !cmd_pick_one(c, "."))
		cmd_complain(c, "there is no current message");
	for (size_t i = 1; i < c->n && sorted; i++)
		sorted = c->number[i - 1] < c->number[i];
	if (!sorted)
		qsort(c->number, c->n, sizeof(*c->number), ascending);
	for (size_t i = 0; i < c->n; i++)
		if (i == 0 || c->number[i] != c->number[i - 1])
			c->number[kept++] = c->number[i];
	c->n = kept;
}
