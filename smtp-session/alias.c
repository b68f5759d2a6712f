/* One pass over the text: a logical line is a line and those behind it that
 * begin with a blank.  Names are compared before anything else is looked at,
 * so a fault in one entry troubles only mail for that name. */
#include "smtp-session/alias.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"

static int
read_all(int fd, struct buf *b, const char *path)
{
	char block[16384];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail("read %s", path);
		buf_add(b, block, (size_t)n);
	}
	return b->over ? fail_as(EFBIG, "%s is too large", path) : 0;
}

int
alias_open(struct alias_file *a, const char *path)
{
	struct stat st;
	int r = -1, fd;

	buf_init(&a->text, ALIAS_FILE_MAX);
	(void)strlcpy(a->path, path, sizeof(a->path));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return errno == ENOENT ? 0 : fail("open %s", path);
	if (fstat(fd, &st) == -1)
		r = fail("stat %s", path);
	else if (!S_ISREG(st.st_mode))
		r = fail_as(EINVAL, "%s is no regular file", path);
	else if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & S_IWOTH) != 0)
		r = fail_as(EPERM, "%s may be written by others than root",
		    path);
	else
		r = read_all(fd, &a->text, path);
	(void)close(fd);
	if (r == 0)
		return 1;
	buf_free(&a->text);
	return -1;
}

void
alias_close(struct alias_file *a)
{
	buf_free(&a->text);
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next logical line, comments and empty lines left out; *line is the
 * number of its first one, *next where counting goes on. */
static bool
logical(struct span *rest, struct span *entry, unsigned *line, unsigned *next)
{
	while (rest->len > 0) {
		size_t n = span_find(*rest, '\n');
		const char *begin = rest->p;
		bool empty = span_trim(span_n(begin, n)).len == 0;

		*line = (*next)++;
		*rest = span_from(*rest, n < rest->len ? n + 1 : n);
		if (empty || begin[0] == '#')
			continue;
		while (rest->len > 0 && blank(rest->p[0])) {
			n = span_find(*rest, '\n');
			(*next)++;
			*rest = span_from(*rest, n < rest->len ? n + 1 : n);
		}
		*entry = span_n(begin, (size_t)(rest->p - begin));
		return true;
	}
	return false;
}

/* Up to "sep" that is in no quotes and not behind a backslash; -1 when quotes
 * stay open.  A "#" behind a blank begins a comment, up to the line's end. */
static int
item(struct span *rest, char sep, struct buf *out)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < rest->len && (quoted || rest->p[i] != sep); i++) {
		char c = rest->p[i];

		if (c == '"')
			quoted = !quoted;
		if (!quoted && c == '#' &&
		    (i == 0 || blank(rest->p[i - 1]) ||
			rest->p[i - 1] == '\n')) {
			while (i + 1 < rest->len && rest->p[i + 1] != '\n')
				i++;
			continue;
		}
		if (c == '\\' && i + 1 < rest->len && quoted)
			buf_char(out, rest->p[i++]);
		buf_char(out, rest->p[i] == '\n' ? ' ' : rest->p[i]);
	}
	*rest = span_from(*rest, i < rest->len ? i + 1 : i);
	return quoted ? -1 : 0;
}

/* Without quotes, and without the backslashes within them. */
static struct span
unquote(struct span s, struct buf *b)
{
	buf_reset(b);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			continue;
		if (s.p[i] == '\\' && i > 0 && i + 1 < s.len)
			i++;
		buf_char(b, s.p[i]);
	}
	return span_trim(buf_all(b));
}

/* The name of an entry, without its quotes; false when there is no colon. */
static bool
is_named(struct span *entry, const char *name, struct buf *scratch)
{
	struct buf plain;
	struct span key;
	bool same;

	buf_reset(scratch);
	if (item(entry, ':', scratch) == -1)
		return false;
	buf_init(&plain, ALIAS_VALUES_MAX);
	key = unquote(span_trim(buf_all(scratch)), &plain);
	same = key.len > 0 && span_same(key, span(name));
	buf_free(&plain);
	return same;
}

/* ":include:/f" and ":fail: no, never" are no lists of names: the second takes
 * all of the line, commas too. */
static bool
whole_line(struct span s)
{
	s = span_trim(s);
	return span_starts(s, ":fail:") || span_starts(s, "error:");
}

static int
split(struct span rest, struct buf *values)
{
	struct buf one;
	int r = 0;

	buf_init(&one, ALIAS_VALUES_MAX);
	while (rest.len > 0 && r == 0) {
		struct span value;

		buf_reset(&one);
		r = item(&rest, whole_line(rest) ? '\n' : ',', &one);
		value = span_trim(buf_all(&one));
		if (value.len == 0)
			continue;
		buf_span(values, value);
		buf_char(values, '\0');
	}
	buf_free(&one);
	return r == -1 || values->over ? -1 : 0;
}

int
alias_find(const struct alias_file *a, const char *name, struct buf *values,
    unsigned *line)
{
	struct span rest = buf_all(&a->text), entry;
	unsigned next = 1;
	struct buf scratch;
	int r = 0;

	buf_init(&scratch, ALIAS_VALUES_MAX);
	while (r == 0 && logical(&rest, &entry, line, &next)) {
		char first = entry.p[0];

		/* Most lines are told apart by one octet. */
		if (first != '"' && !blank(first) &&
		    (first | 0x20) != (name[0] | 0x20))
			continue;
		if (is_named(&entry, name, &scratch))
			r = 1;
	}
	buf_free(&scratch);
	if (r == 0)
		return 0;
	buf_reset(values);
	if (split(entry, values) == -1)
		return fail_as(EINVAL, "%s:%u: quotes stay open, or too long",
		    a->path, *line);
	if (values->len == 0)
		return fail_as(EINVAL, "%s:%u: \"%s\" stands for nothing",
		    a->path, *line, name);
	return 1;
}

int
alias_next(const struct alias_file *a, struct alias_walk *w, struct buf *name,
    struct buf *values)
{
	struct buf scratch;
	struct span entry, key;
	size_t colon;

	if (!logical(&w->rest, &entry, &w->line, &w->next))
		return 0;
	buf_init(&scratch, ALIAS_VALUES_MAX);
	colon = entry.len;
	if (item(&entry, ':', &scratch) == 0) {
		colon -= entry.len;
		key = unquote(span_trim(buf_all(&scratch)), name);
		/* unquote fills "name" from its beginning. */
		name->len = key.len;
		memmove(name->p, key.p, key.len);
		name->p[key.len] = '\0';
	}
	buf_free(&scratch);
	if (colon == 0 || entry.p[-1] != ':' || name->len == 0)
		return fail_as(EINVAL, "%s:%u: should be \"name: value, ...\"",
		    a->path, w->line);
	buf_reset(values);
	if (split(entry, values) == -1)
		return fail_as(EINVAL, "%s:%u: quotes stay open, or too long",
		    a->path, w->line);
	return values->len > 0 ?
	    1 :
	    fail_as(EINVAL, "%s:%u: \"%s\" stands for nothing", a->path,
		w->line, name->p);
}

int
alias_list(const struct alias_file *a, struct buf *values)
{
	struct span rest = buf_all(&a->text);

	buf_reset(values);
	for (unsigned line = 1; rest.len > 0; line++) {
		if (split(span_cut(&rest, '\n'), values) == -1)
			return fail_as(EINVAL,
			    "%s:%u: quotes stay open, or too long", a->path,
			    line);
		buf_char(values, '\0');
	}
	return 0;
}

bool
alias_value(struct span *values, struct span *value, unsigned *line)
{
	while (values->len > 0) {
		*value = span_cut(values, '\0');
		if (value->len > 0)
			return true;
		++*line;
	}
	return false;
}

bool
alias_has_catch_all(const struct alias_file *a)
{
	return a->text.p[0] == '@' || strstr(a->text.p, "\n@") != NULL;
}

enum alias_kind
alias_kind(struct span value, struct buf *plain, struct span *rest)
{
	static const struct {
		const char *mark;
		enum alias_kind kind;
	} marks[] = {
		{ "|", ALIAS_COMMAND },
		{ ":include:", ALIAS_INCLUDE },
		{ ":fail:", ALIAS_FAIL },
		{ "error:", ALIAS_FAIL },
		{ "\\", ALIAS_FINAL },
	};

	*rest = unquote(value, plain);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (span_starts(*rest, marks[i].mark)) {
			*rest =
			    span_trim(span_from(*rest, strlen(marks[i].mark)));
			return marks[i].kind;
		}
	return span_starts(*rest, "/") ? ALIAS_FILE : ALIAS_NAME;
}
