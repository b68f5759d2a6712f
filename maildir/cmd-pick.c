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

bool
cmd_own_folder(const char *disk)
{
	static const char *const names[] = { "Sent", "Drafts" };
	struct span first = span(disk);

	first.len = strcspn(disk, ". ");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_same(first, span(names[i])))
			return true;
	return false;
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

static void
opened(struct cmd *c, struct folder *f)
{
	int e = errno;

	c->folder = f;
	if (f != NULL)
		return;
	if (e == ENOENT)
		cmd_complain(c, "no folder %s", c->folder_said);
	else
		cmd_complain(c, "%s", fail_text());
	exit(e == ENOENT || e == EINVAL ? EX_NOINPUT : EX_TEMPFAIL);
}

void
cmd_open(struct cmd *c, bool write)
{
	opened(c, cmd_folder(c->store, c->folder_name, write));
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

void
cmd_pick_last(struct cmd *c, uint32_t most)
{
	uint32_t count = folder_count(c->folder);

	for (uint32_t i = count > most ? count - most + 1 : 1; i <= count; i++)
		cmd_add(c, i);
}

static void
add_range(struct cmd *c, const uint32_t range[2])
{
	uint32_t i = folder_number(c->folder, range[0]);
	uint32_t end = range[1] == UINT32_MAX ?
	    folder_count(c->folder) + 1 :
	    folder_number(c->folder, range[1] + 1);

	for (; i < end; i++)
		cmd_add(c, i);
}

/* A UID, ".", "$".  0; -1: it is none. */
static int
one_uid(struct cmd *c, struct span s, uint32_t *uid)
{
	struct message m = { .uid = 0 };
	uint64_t n;
	int r;

	if (c->folder != NULL && span_eq(s, span("."))) {
		*uid = cmd_current(c);
		return 0;
	}
	if (c->folder != NULL &&
	    (span_eq(s, span("$")) || span_eq(s, span("*")))) {
		if (folder_count(c->folder) > 0)
			(void)folder_glance(c->folder, folder_count(c->folder),
			    &m);
		*uid = m.uid;
		return 0;
	}
	r = span_number(s, UINT32_MAX, &n);
	*uid = r == 0 ? (uint32_t)n : 0;
	return r;
}

int
cmd_next_range(struct cmd *c, struct span *set, uint32_t range[2])
{
	struct span low, high;
	uint32_t from;

	if (set->p == NULL)
		return 0;
	high = span_cut(set, ',');
	if (span_eq(high, span("all"))) {
		range[0] = 0;
		range[1] = UINT32_MAX;
		return 1;
	}
	low = span_cut(&high, ':');
	if (one_uid(c, low, &range[0]) == -1 ||
	    (high.p != NULL && one_uid(c, high, &range[1]) == -1))
		return -1;
	if (high.p == NULL)
		range[1] = range[0];
	else if (range[1] < range[0]) {
		from = range[1];
		range[1] = range[0];
		range[0] = from;
	}
	return 1;
}

/* The highest that is named; 0: not by numbers alone. */
static uint32_t
highest(struct cmd *c, char **arg, int args)
{
	uint32_t range[2], high = 0;

	for (int i = 0; i < args; i++) {
		struct span rest = span(arg[i]);
		int r;

		while ((r = cmd_next_range(c, &rest, range)) == 1)
			if (range[1] > high)
				high = range[1];
		if (r == -1)
			return 0;
	}
	return high;
}

void
cmd_open_known(struct cmd *c, char **arg, int args)
{
	uint32_t uid = highest(c, arg, args);

	if (uid == 0)
		cmd_open(c, false);
	else
		opened(c, folder_open_known(c->store, c->folder_name, uid));
}

bool
cmd_pick_name(struct cmd *c, const char *path)
{
	struct span name = span(path);
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

/* All of its members are numbers or ranges. */
static bool
is_set(struct cmd *c, const char *arg)
{
	struct span rest = span(arg);
	uint32_t range[2];
	int r;

	while ((r = cmd_next_range(c, &rest, range)) == 1)
		;
	return r == 0;
}

/* A set, else a name, which may have commas, too.  What names no message is
 * complained of. */
static void
pick(struct cmd *c, const char *arg)
{
	struct span rest = span(arg), before;
	uint32_t range[2];

	if (!is_set(c, arg)) {
		if (!cmd_pick_name(c, arg))
			cmd_complain(c, "no message %s", arg);
		return;
	}
	for (before = rest; cmd_next_range(c, &rest, range) == 1;
	     before = rest) {
		size_t n = c->n;

		add_range(c, range);
		if (c->n > n || range[1] == UINT32_MAX)
			continue;
		before.len = span_find(before, ',');
		if (span_eq(before, span(".")))
			cmd_complain(c, "there is no current message");
		else
			cmd_complain(c, "no message %.*s", (int)before.len,
			    before.p);
	}
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
		pick(c, word.p);
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
		else
			pick(c, arg[i]);
	}
	if (args == 0 && none == PICK_ALL)
		pick(c, "all");
	else if (args == 0 && input_waits())
		read_input(c);
	else if (args == 0)
		pick(c, ".");
	for (size_t i = 1; i < c->n && sorted; i++)
		sorted = c->number[i - 1] < c->number[i];
	if (!sorted)
		qsort(c->number, c->n, sizeof(*c->number), ascending);
	for (size_t i = 0; i < c->n; i++)
		if (i == 0 || c->number[i] != c->number[i - 1])
			c->number[kept++] = c->number[i];
	c->n = kept;
}
