/* Reading, extending and replacing dovecot-uidlist.
 *
 *	crash while		leaves			next one under the lock
 *	appending		half a line at the end	replaces the file, the
 *							UID of it stays unused
 *	writing the new file	dovecot-uidlist.tmp	overwrites it
 *	after the rename	the new list		goes on
 *
 * Half a line has no LF, so no reader takes it for an entry. */
#include "maildir/uidlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "message/buf.h"
#include "message/fail.h"

static const char file[] = "dovecot-uidlist";
static const char courier[] = "courierimapuiddb";
static const char lock[] = "dovecot-uidlist.lock";

static const uint32_t uid_last = UINT32_MAX - 1;

enum {
	LIST_MAX = 1 << 30,
	LIVE_PERCENT = 75, /* fewer live lines: replace (as Dovecot) */
};

static int
more_text(struct uidlist *l, size_t n)
{
	size_t want = l->text_len + n;
	char *p;

	if (want > LIST_MAX)
		return fail_as(EFBIG, "%s is too big", file);
	if (want <= l->text_room)
		return 0;
	if (want < l->text_room * 2)
		want = l->text_room * 2;
	p = realloc(l->text, want);
	if (p == NULL)
		return fail("%s", file);
	l->text = p;
	l->text_room = want;
	return 0;
}

static int
more_entries(struct uidlist *l, size_t more)
{
	size_t n = l->room < 32 ? 64 : l->room * 2;
	void *p;

	if (l->entries + more <= l->room)
		return 0;
	if (n < l->entries + more)
		n = l->entries + more;
	p = reallocarray(l->entry, n, sizeof(*l->entry));
	if (p == NULL)
		return fail("%s", file);
	l->entry = p;
	l->room = n;
	return 0;
}

/* Digits at *p, which then stands behind them.  0 when there are none. */
static uint64_t
digits(char **p)
{
	uint64_t n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		if (n <= UINT32_MAX)
			n = n * 10 + (uint64_t)(**p - '0');
	return n;
}

/* "3 V1 N2 Gx ..." or, from Courier and the oldest Dovecot, "1 VALID NEXT".
 * Without a good one UIDVALIDITY stays 0 and a new one is taken. */
static void
header(struct uidlist *l, char *line, bool *old)
{
	char *word = strtok_r(line, " ", &line);
	size_t n = 0;
	uint64_t v[2] = { 0, 0 };

	l->rewrite = true;
	*old = word != NULL && strcmp(word, "1") == 0;
	if (word == NULL || (!*old && strcmp(word, "3") != 0))
		return;
	for (int i = 0; (word = strtok_r(NULL, " ", &line)) != NULL; i++) {
		size_t len = strlen(word);
		char *p = word + (*old ? 0 : 1);

		if (*old && i < 2)
			v[i] = digits(&p);
		else if (*word == 'V' || *word == 'N')
			v[*word == 'N'] = digits(&p);
		else if (n + len + 2 <= sizeof(l->header)) {
			if (n > 0)
				l->header[n++] = ' ';
			(void)memcpy(l->header + n, word, len + 1);
			n += len;
		}
	}
	if (v[0] == 0 || v[0] > UINT32_MAX || v[1] > UINT32_MAX)
		return;
	l->uidvalidity = (uint32_t)v[0];
	l->uidnext = v[1] > 0 ? (uint32_t)v[1] : 1;
	l->rewrite = *old;
}

/* One line of the body, NUL-terminated in text.  False: not to be used. */
static bool
parse(struct uidlist *l, char *line, bool old)
{
	uint64_t uid = digits(&line);
	uint32_t last = l->entries > 0 ? l->entry[l->entries - 1].uid : 0;
	struct uidlist_entry e = { .uid = (uint32_t)uid };
	char *name = line;

	if (*line != ' ' || uid <= last || uid > uid_last)
		return false;
	if (old)
		name = line + 1;
	else if (line[1] == ':')
		name = line + 2;
	else {
		e.fields = (uint32_t)(line + 1 - l->text);
		name = strstr(line, " :");
		if (name == NULL)
			return false;
		*name = '\0';
		name += 2;
	}
	name[name_base(name)] = '\0';
	if (*name == '\0' || strchr(name, '/') != NULL || strlen(name) > 255)
		return false;
	e.file.at = (uint32_t)(name - l->text);
	e.file.base = (uint16_t)strlen(name);
	l->entry[l->entries++] = e;
	if (e.uid >= l->uidnext)
		l->uidnext = e.uid + 1;
	return true;
}

static int
parse_all(struct uidlist *l)
{
	char *p = l->text, *end = p + l->text_len, *lf;
	bool old = false;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL) { /* torn: its UID may have been meant */
			uint64_t uid = digits(&p);

			l->rewrite = true;
			if (uid >= l->uidnext && uid < uid_last &&
			    uid - l->uidnext < l->lines + 1000)
				l->uidnext = (uint32_t)uid + 1;
			break;
		}
		*lf = '\0';
		if (more_entries(l, 1) == -1)
			return -1;
		if (l->lines++ == 0)
			header(l, p, &old);
		else if (memchr(p, '\0', (size_t)(lf - p)) != NULL ||
		    !parse(l, p, old))
			l->rewrite = true;
	}
	return 0;
}

static int
load(struct uidlist *l, int fd)
{
	size_t want;

	if (fstat(fd, &l->st) == -1)
		return fail("stat %s", file);
	if (!S_ISREG(l->st.st_mode))
		return fail_as(EINVAL, "%s is no regular file", file);
	if (l->st.st_size > LIST_MAX)
		return fail_as(EFBIG, "%s is too big", file);
	want = (size_t)l->st.st_size;
	l->text_room = want + 4096;
	l->text = malloc(l->text_room);
	if (l->text == NULL)
		return fail("%s", file);
	while (l->text_len < want) {
		ssize_t n = pread(fd, l->text + l->text_len, want - l->text_len,
		    (off_t)l->text_len);

		if (n == 0)
			break;
		if (n == -1 && errno != EINTR)
			return fail("read %s", file);
		if (n > 0)
			l->text_len += (size_t)n;
	}
	l->text[l->text_len] = '\0';
	return parse_all(l);
}

int
uidlist_set(struct uidlist *l, size_t i, const char *field)
{
	uint32_t old = l->entry[i].fields;
	size_t n = strlen(field) + 1;
	size_t more = old == 0 ? 0 : strlen(l->text + old) + 1;
	char *p;

	if (more_text(l, more + n) == -1)
		return -1;
	p = l->text + l->text_len;
	if (more > 0) {
		(void)memcpy(p, l->text + old, more);
		p[more - 1] = ' ';
	}
	(void)memcpy(p + more, field, n);
	l->entry[i].fields = (uint32_t)l->text_len;
	l->text_len += more + n;
	return 0;
}

/* There is no list.  Courier's file, if there is one, has the same lines and a
 * head of version 1; it stays as it is. */
static int
from_courier(struct uidlist *l)
{
	int r = 0,
	    fd = openat(l->dir, courier,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd != -1) {
		r = load(l, fd);
		(void)close(fd);
		l->st = (struct stat){ .st_ino = 0 };
	}
	l->rewrite = true;
	if (r == 0)
		r = uidls_read(&l->uidls, l->dir);
	for (size_t i = 0; i < l->entries && r == 0; i++) {
		const char *field = uidls_field(&l->uidls, uidlist_name(l, i));

		if (field != NULL)
			r = uidlist_set(l, i, field);
	}
	return r;
}

int
uidlist_read(struct uidlist *l, int dir)
{
	int e, r,
	    fd = openat(dir, file,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	*l = (struct uidlist){ .dir = dir, .uidnext = 1 };
	if (fd == -1)
		return errno == ENOENT ? from_courier(l) :
					 fail("open %s", file);
	r = load(l, fd);
	e = errno;
	(void)close(fd);
	errno = e;
	l->on_disk = l->entries;
	if (l->uidvalidity == 0)
		l->rewrite = true;
	return r;
}

void
uidlist_assume(struct uidlist *l, int dir, uint32_t uidvalidity,
    uint32_t uidnext, const struct stat *st)
{
	*l = (struct uidlist){ .dir = dir,
		.uidvalidity = uidvalidity,
		.uidnext = uidnext,
		.st = *st };
}

void
uidlist_free(struct uidlist *l)
{
	free(l->entry);
	free(l->text);
	uidls_free(&l->uidls);
	*l = (struct uidlist){ .dir = -1 };
}

bool
uidlist_changed(const struct uidlist *l)
{
	struct stat st;

	if (fstatat(l->dir, file, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return l->st.st_ino != 0;
	return st.st_ino != l->st.st_ino || st.st_size != l->st.st_size ||
	    st.st_mtim.tv_sec != l->st.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != l->st.st_mtim.tv_nsec;
}

int
uidlist_lock(struct uidlist *l, struct dotlock *d)
{
	struct uidlist now;
	int e;

	if (dotlock_take(d, l->dir, lock) == -1)
		return -1;
	if (!uidlist_changed(l))
		return 0;
	if (uidlist_read(&now, l->dir) == 0) {
		uidlist_free(l);
		*l = now;
		return 1;
	}
	e = errno;
	uidlist_free(&now);
	dotlock_drop(d);
	errno = e;
	return -1;
}

ptrdiff_t
uidlist_field(const struct uidlist *l, size_t i, char key, const char **value)
{
	const char *p = l->text + l->entry[i].fields;

	if (l->entry[i].fields == 0)
		return -1;
	for (;;) {
		size_t n = strcspn(p, " ");

		if (n > 0 && *p == key) {
			*value = p + 1;
			return (ptrdiff_t)n - 1;
		}
		if (p[n] == '\0')
			return -1;
		p += n + 1;
	}
}

/* No UID is left, which only a damaged list can bring about: begin again, in
 * a new UIDVALIDITY. */
static void
renumber(struct uidlist *l)
{
	for (size_t i = 0; i < l->entries; i++)
		l->entry[i].uid = (uint32_t)i + 1;
	l->uidnext = (uint32_t)l->entries + 1;
	l->uidvalidity = 0;
	l->rewrite = true;
}

int
uidlist_room(struct uidlist *l, size_t entries, size_t octets)
{
	return more_text(l, octets) == -1 ? -1 : more_entries(l, entries);
}

int
uidlist_add(struct uidlist *l, const char *name, const char *fields)
{
	struct uidlist_entry e = { .found = 0 };
	size_t base = name_base(name);
	const char *uidl = uidls_field(&l->uidls, name);

	if (l->uidnext >= uid_last)
		renumber(l);
	if (more_text(l, base + 2) == -1 || more_entries(l, 1) == -1)
		return -1;
	/* offset 0 of the text means "no fields" */
	if (l->text_len == 0)
		l->text_len = 1;
	e.file.at = (uint32_t)l->text_len;
	e.file.base = (uint16_t)base;
	(void)memcpy(l->text + l->text_len, name, base);
	l->text[l->text_len + base] = '\0';
	l->text_len += base + 1;
	e.uid = l->uidnext++;
	l->entry[l->entries++] = e;
	if (fields != NULL && uidlist_set(l, l->entries - 1, fields) == -1)
		return -1;
	return uidl == NULL ? 0 : uidlist_set(l, l->entries - 1, uidl);
}

/* Twice as fast as printf, for lists of a hundred thousand lines. */
static void
put_number(struct buf *b, uint32_t n)
{
	char text[12], *p = text + sizeof(text);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	buf_add(b, p, (size_t)(text + sizeof(text) - p));
}

static void
put_lines(struct buf *b, const struct uidlist *l, size_t from, bool prune)
{
	for (size_t i = from; i < l->entries; i++) {
		const struct uidlist_entry *e = &l->entry[i];

		if (prune && i < l->on_disk && e->found == 0)
			continue;
		put_number(b, e->uid);
		buf_char(b, ' ');
		if (e->fields != 0) {
			buf_str(b, l->text + e->fields);
			buf_char(b, ' ');
		}
		buf_char(b, ':');
		buf_add(b, uidlist_name(l, i), e->file.base);
		buf_char(b, '\n');
	}
}

static void
new_guid(char out[34])
{
	unsigned char raw[16] = { 0 };

	if (getentropy(raw, sizeof(raw)) == -1)
		(void)clock_gettime(CLOCK_REALTIME, (void *)raw);
	out[0] = 'G';
	for (size_t i = 0; i < sizeof(raw); i++)
		(void)sprintf(out + 1 + 2 * i, "%02x", raw[i]);
}

int
uidlist_begin(struct uidlist *l, int root)
{
	if (l->header[0] == '\0')
		new_guid(l->header);
	if (l->uidvalidity != 0)
		return 0;
	l->begun = true;
	return uidvalidity_next(root, &l->uidvalidity);
}

/* The whole list, or only what was added. */
static int
save(struct uidlist *l, bool whole, int root)
{
	struct buf b;
	int r;

	buf_init(&b, LIST_MAX);
	if (whole) {
		if (uidlist_begin(l, root) == -1 ||
		    (l->begun && uidvalidity_keep(root, l->uidvalidity) == -1))
			return -1;
		l->begun = false;
		buf_printf(&b, "3 V%u N%u %s\n", l->uidvalidity, l->uidnext,
		    l->header);
	}
	put_lines(&b, l, whole ? 0 : l->on_disk, l->prune);
	if (b.over)
		r = fail_as(ENOMEM, "%s", file);
	else if (whole)
		r = disk_replace(l->dir, file, buf_all(&b));
	else
		r = disk_append(l->dir, file, buf_all(&b));
	buf_free(&b);
	return r;
}

int
uidlist_commit(struct uidlist *l, int root)
{
	size_t live = 0, lines = l->lines + l->entries - l->on_disk;
	bool whole = l->rewrite;

	for (size_t i = 0; i < l->entries; i++)
		live += i >= l->on_disk || l->entry[i].found != 0;
	if (l->prune && live * 100 < LIVE_PERCENT * lines)
		whole = true;
	if (!whole && l->entries == l->on_disk)
		return 0;
	if (save(l, whole, root) == -1)
		return -1;
	l->on_disk = l->entries;
	l->lines = whole ? live + 1 : lines;
	l->rewrite = false;
	if (fstatat(l->dir, file, &l->st, AT_SYMLINK_NOFOLLOW) == -1)
		return fail("stat %s", file);
	return 0;
}
