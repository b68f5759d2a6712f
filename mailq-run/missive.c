/* The message that sendmail reads. */
#include "mailq-run/missive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "message/header.h"

/* ---- reading */

struct intake {
	struct missive *l;
	bool first; /* no line yet */
};

/* A line, or a part of one, as getline gave it. */
static int
take_line(struct intake *t, char *line, size_t len)
{
	struct missive *l = t->l;
	size_t room;

	if (len >= 2 && line[len - 2] == '\r' && line[len - 1] == '\n')
		line[--len - 1] = '\n';
	if (t->first && len >= 5 &&
	    (memcmp(line, "From ", 5) == 0 ||
		(len > 5 && memcmp(line, ">From ", 6) == 0)))
		return 0; /* before the header: an mbox's, not ours */
	t->first = false;
	for (size_t i = 0; i < len && !l->eight_bit; i++)
		l->eight_bit = (unsigned char)line[i] > 0x7f;
	l->size += (off_t)len + 1;
	room = MISSIVE_HEADER - l->text.len;
	buf_add(&l->text, line, len < room ? len : room);
	if (fwrite(line, 1, len, l->file) != len)
		return fail("temporary file");
	if (line[len - 1] != '\n' && fputc('\n', l->file) == EOF)
		return fail("temporary file");
	if (line[len - 1] != '\n' && l->text.len < MISSIVE_HEADER)
		buf_char(&l->text, '\n');
	return 0;
}

/* Where header and body part. */
static int
find_body(struct missive *l)
{
	struct span rest = buf_all(&l->text);
	struct field f;

	while (header_next(&rest, &f) == 1)
		;
	l->body = l->text.len - rest.len;
	if (l->body == MISSIVE_HEADER)
		return fail_as(EFBIG, "the header is too long");
	l->header = l->body;
	if (l->header > 0 && l->text.p[l->header - 1] == '\n' &&
	    (l->header == 1 || l->text.p[l->header - 2] == '\n'))
		l->header--;
	return 0;
}

int
missive_read(struct missive *l, FILE *in, bool dot)
{
	struct intake t = { .l = l, .first = true };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int r = 0;

	*l = (struct missive){ 0 };
	buf_init(&l->text, MISSIVE_HEADER);
	l->file = tmpfile();
	if (l->file == NULL)
		return fail("temporary file");
	while (r == 0 && (n = getline(&line, &size, in)) > 0) {
		if (dot && line[0] == '.' &&
		    (n == 1 || line[1] == '\n' ||
			(n == 3 && line[1] == '\r' && line[2] == '\n')))
			break;
		r = take_line(&t, line, (size_t)n);
	}
	free(line);
	if (r == 0 && ferror(in))
		r = fail("standard input");
	if (r == 0 && fflush(l->file) == EOF)
		r = fail("temporary file");
	if (r == 0 && l->text.over)
		r = fail_as(ENOMEM, "no memory for the header");
	return r == 0 ? find_body(l) : -1;
}

void
missive_free(struct missive *l)
{
	if (l->file != NULL)
		(void)fclose(l->file);
	l->file = NULL;
	buf_free(&l->text);
}

/* ---- recipients */

static bool
resent(const struct missive *l)
{
	struct span rest = missive_header(l);
	struct field f;

	while (header_next(&rest, &f) == 1)
		if (span_starts(f.name, "Resent-"))
			return true;
	return false;
}

int
missive_recipients(const struct missive *l, struct recipients *r)
{
	static const char *const names[2][3] = {
		{ "To", "Cc", "Bcc" },
		{ "Resent-To", "Resent-Cc", "Resent-Bcc" },
	};
	const char *const *wanted = names[resent(l)];
	struct span rest = missive_header(l);
	struct field f;

	while (header_next(&rest, &f) == 1)
		for (int i = 0; i < 3; i++)
			if (span_same(f.name, span(wanted[i])) &&
			    recipients_add(r, f.value) == -1)
				return -1;
	return 0;
}

/* ---- writing */

static bool
is_bcc(struct span name)
{
	return span_same(name, span("Bcc")) ||
	    span_same(name, span("Resent-Bcc"));
}

static int
write_header(const struct missive *l, bool no_bcc,
    int (*put)(void *, const char *, size_t), void *ctx)
{
	struct span rest = missive_header(l);
	struct field f;

	while (header_next(&rest, &f) == 1)
		if (!(no_bcc && is_bcc(f.name)) &&
		    put(ctx, f.whole.p, f.whole.len) == -1)
			return -1;
	return 0;
}

int
missive_write(const struct missive *l, struct span extra, bool no_bcc,
    int (*put)(void *, const char *, size_t), void *ctx)
{
	char block[65536];
	off_t at = (off_t)l->body;
	ssize_t n;

	if ((extra.len > 0 && put(ctx, extra.p, extra.len) == -1) ||
	    write_header(l, no_bcc, put, ctx) == -1 || put(ctx, "\n", 1) == -1)
		return -1;
	while ((n = pread(fileno(l->file), block, sizeof(block), at)) > 0) {
		if (put(ctx, block, (size_t)n) == -1)
			return -1;
		at += n;
	}
	return n == 0 ? 0 : fail("temporary file");
}

/* ---- saving */

struct mbox {
	FILE *f;
	bool start; /* of a line */
};

/* mboxrd: lines of any number of ">" and "From " get one more. */
static int
put_mbox(void *ctx, const char *p, size_t len)
{
	struct mbox *m = ctx;
	const char *end = p + len;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *next = lf == NULL ? end : lf + 1, *q = p;

		while (q < next && *q == '>')
			q++;
		if (m->start && next - q >= 5 && memcmp(q, "From ", 5) == 0 &&
		    fputc('>', m->f) == EOF)
			return -1;
		if (fwrite(p, 1, (size_t)(next - p), m->f) !=
		    (size_t)(next - p))
			return -1;
		m->start = lf != NULL;
		p = next;
	}
	return 0;
}

/* Our own plain file, nobody else's and no link to one. */
static FILE *
open_mbox(const char *path)
{
	struct stat st;
	FILE *f;
	int fd;

	fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
		O_NONBLOCK | O_NOCTTY,
	    0600);
	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && st.st_nlink == 1 &&
	    flock(fd, LOCK_EX) == 0 && (f = fdopen(fd, "a")) != NULL)
		return f;
	(void)close(fd);
	return NULL;
}

static int
append(const struct missive *l, const char *from, FILE *f)
{
	struct mbox m = { .f = f, .start = true };
	time_t now = time(NULL);
	char when[32];
	int r;

	(void)fprintf(f, "From %s %s", from[0] == '\0' ? "MAILER-DAEMON" : from,
	    ctime_r(&now, when));
	r = missive_write(l, span(""), false, put_mbox, &m);
	if (fputc('\n', f) == EOF || fflush(f) == EOF || fsync(fileno(f)) == -1)
		r = -1;
	return r;
}

int
missive_save(const struct missive *l, const char *from, const char *home,
    char *path)
{
	FILE *f;
	int r;

	(void)snprintf(path, PATH_MAX, "%s/dead.letter", home);
	f = open_mbox(path);
	if (f == NULL) {
		(void)snprintf(path, PATH_MAX, "/var/tmp/dead.letter.%u",
		    geteuid());
		f = open_mbox(path);
	}
	if (f == NULL)
		return fail("open %s", path);
	r = append(l, from, f);
	if (r == -1)
		(void)fail("write %s", path);
	(void)fclose(f);
	return r;
}
