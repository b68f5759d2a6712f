/* Taking over from Courier and from qmail.
 *
 * courierimapuiddb is a uidlist of version 1, which uidlist.c reads.
 * courierpop3dsizelist begins with "/VERSION NEXT [VALIDITY]" and has a line
 * per message, "NAME SIZE UID[:VALIDITY[:SEEN]]", for which the client was
 * shown UIDUID-VALIDITY, or UIDUID when VALIDITY is 0, or the name without
 * UID.  courierimapkeywords/:list has the keywords, an empty line, and
 * "NAME:0 2 ..." per message. */
#include "maildir/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/sync.h"
#include "maildir/uidlist.h"
#include "message/fail.h"
#include "message/file.h"

enum {
	LONGEST = 64 * 1024 * 1024,
	FIELD = sizeof("PUID18446744073709551615-18446744073709551615"),
};

struct uidl {
	const char *name;
	const char *field;
};

/* The text of a file, for free(); NULL and errno. */
static char *
load(int dir, const char *name, size_t *n)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *p = NULL;
	ssize_t got = -1;

	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < LONGEST)
		p = malloc((size_t)st.st_size + 1);
	if (p != NULL)
		got = file_read(fd, p, (size_t)st.st_size, 0);
	(void)close(fd);
	if (got == -1) {
		free(p);
		return NULL;
	}
	p[got] = '\0';
	*n = (size_t)got;
	return p;
}

/* "NAME SIZE UID:VALIDITY:SEEN" to NAME and its field, which goes to *out. */
static bool
line_of(char *line, struct uidl *u, char **out)
{
	char *name = strsep(&line, " ");
	char *size = strsep(&line, " ");
	unsigned long uid = 0, validity = 0;

	if (name == NULL || *name == '\0' || size == NULL)
		return false;
	if (line != NULL) {
		uid = strtoul(line, &line, 10);
		if (*line == ':')
			validity = strtoul(line + 1, NULL, 10);
	}
	name[name_base(name)] = '\0';
	u->name = name;
	u->field = *out;
	if (uid == 0)
		*out += sprintf(*out, "P") + 1;
	else if (validity == 0)
		*out += sprintf(*out, "PUID%lu", uid) + 1;
	else
		*out += sprintf(*out, "PUID%lu-%lu", uid, validity) + 1;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	const struct uidl *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
uidls_read(struct uidls *u, int dir)
{
	size_t n = 0, lines = 1;
	char *text = load(dir, "courierpop3dsizelist", &n), *rest, *line, *out;

	*u = (struct uidls){ .n = 0 };
	if (text == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	/* the fields behind the text */
	rest = realloc(text, n + 1 + lines * FIELD);
	u->uidl = calloc(lines, sizeof(*u->uidl));
	u->text = rest != NULL ? rest : text;
	if (rest == NULL || u->uidl == NULL) {
		uidls_free(u);
		return fail("UIDLs of Courier");
	}
	out = rest + n + 1;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '/' && line_of(line, &u->uidl[u->n], &out))
			u->n++;
	qsort(u->uidl, u->n, sizeof(*u->uidl), by_name);
	return 0;
}

void
uidls_free(struct uidls *u)
{
	free(u->uidl);
	free(u->text);
	*u = (struct uidls){ .n = 0 };
}

const char *
uidls_field(const struct uidls *u, const char *name)
{
	char base[NAME_MAX + 1];
	struct uidl key = { .name = base };
	const struct uidl *found;

	if (u->n == 0)
		return NULL;
	(void)snprintf(base, sizeof(base), "%.*s", (int)name_base(name), name);
	found = bsearch(&key, u->uidl, u->n, sizeof(key), by_name);
	return found == NULL ? NULL : found->field;
}

/* ---- by order */

/* Every message of the folder gets "field" unless it has one of that letter.
 * How many there are; -1. */
static ptrdiff_t
give_field(struct folder *f, const struct uidls *u, const char *field)
{
	struct uidlist l;
	struct dotlock lock;
	const char *old;
	int e, r;

	if (sync_disk(f) == -1) /* so that each has a line */
		return -1;
	r = uidlist_read(&l, f->dir);
	if (r == 0 && (r = uidlist_lock(&l, &lock)) != -1) {
		r = 0;
		for (size_t i = 0; i < l.entries && r == 0; i++) {
			const char *now = u == NULL ?
			    field :
			    uidls_field(u, uidlist_name(&l, i));

			if (now != NULL &&
			    uidlist_field(&l, i, now[0], &old) == -1)
				r = uidlist_set(&l, i, now);
		}
		l.rewrite = true;
		if (r == 0)
			r = uidlist_commit(&l, f->store->root);
		e = errno;
		dotlock_drop(&lock);
		errno = e;
	}
	e = errno;
	uidlist_free(&l);
	errno = e;
	return r == -1 ? -1 : (ptrdiff_t)f->ix.h->records - f->ix.h->dead;
}

/* "NAME:0 2": give that message the keywords. */
static int
words_of(struct folder *f, char *line, const int *bit, int bits)
{
	struct change c = { .mode = CHANGE_ADD, .unchanged_since = UINT64_MAX };
	char *p = strrchr(line, ':');

	if (p == NULL)
		return 0;
	*p++ = '\0';
	while (*p != '\0') {
		char *end;
		unsigned long k = strtoul(p, &end, 10);

		if (end == p)
			break;
		if (k < (unsigned long)bits && bit[k] != -1)
			c.keywords |= (uint64_t)1 << bit[k];
		p = end + strspn(end, " ");
	}
	for (uint32_t n = 1; n <= folder_count(f); n++) {
		const struct record *r = &f->at->r[view_place(f, n)];
		const char *name = index_text(f->at, r);
		uint8_t result;

		if (r->file.base == name_base(line) &&
		    memcmp(name, line, r->file.base) == 0)
			return folder_change(f, &n, 1, &c, &result);
	}
	return 0;
}

static int
keywords_of(struct folder *f)
{
	int bit[KEYWORDS], bits = 0, r = 0;
	size_t n = 0;
	char *text = load(f->dir, "courierimapkeywords/:list", &n);
	char *rest = text, *line;

	if (text == NULL)
		return 0;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0')
		if (bits < KEYWORDS)
			bit[bits++] = folder_keyword(f, line, true);
	while (r == 0 && rest != NULL && (line = strsep(&rest, "\n")) != NULL)
		r = words_of(f, line, bit, bits);
	free(text);
	return r;
}

static ptrdiff_t
one_folder(struct store *s, const char *name, enum store_kind kind)
{
	struct folder *f = folder_open(s, name, true);
	bool inbox = strcmp(name, "INBOX") == 0;
	struct uidls u;
	ptrdiff_t n;

	if (f == NULL)
		return -1;
	n = folder_count(f);
	if (kind == STORE_QMAIL)
		n = inbox ? give_field(f, NULL, "P") : 0;
	else {
		if (inbox && uidls_read(&u, f->dir) == 0) {
			n = give_field(f, &u, NULL);
			uidls_free(&u);
		}
		if (n != -1 && keywords_of(f) == -1)
			n = -1;
	}
	folder_close(f);
	return n;
}

/* The subscriptions become a file of ours by being written once. */
static int
subscriptions_of(struct store *s)
{
	return faccessat(s->root, "courierimapsubscribed", F_OK, 0) == -1 ?
	    0 :
	    store_subscribe(s, "INBOX", true);
}

ptrdiff_t
store_import(struct store *s, enum store_kind kind)
{
	struct folder_name *list = NULL;
	ptrdiff_t n = store_list_own(s, &list), all = 0;

	for (ptrdiff_t i = 0; i < n && all != -1; i++) {
		ptrdiff_t one =
		    list[i].exists ? one_folder(s, list[i].name, kind) : 0;

		all = one == -1 ? -1 : all + one;
	}
	free(list);
	if (n == -1 || (kind == STORE_COURIER && subscriptions_of(s) == -1))
		return -1;
	return all;
}
