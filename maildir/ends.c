#include "maildir/ends.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "maildir/sync.h"
#include "message/fail.h"

static const uint32_t known = REC_ENDED | REC_OPEN;

struct end {
	uint32_t uid, flag;
};

/* REC_ENDED or REC_OPEN; 0: it cannot be read. */
static uint32_t
look(struct folder *f, uint32_t number)
{
	uint32_t flag = REC_ENDED;
	struct stat st;
	char last;
	int fd = folder_read(f, number);

	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == -1 ||
	    (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1))
		flag = 0;
	else if (st.st_size > 0 && last != '\n')
		flag = REC_OPEN;
	(void)close(fd);
	return flag;
}

/* Only a cache: what cannot be kept is looked at again. */
static void
keep(struct folder *f, const struct end *e, size_t n)
{
	struct record r;

	if (n > 0 && f->ix.writable && index_lock(&f->ix) == 1) {
		index_begin(&f->ix);
		for (size_t i = 0; i < n; i++) {
			ptrdiff_t k = view_current(f, e[i].uid);

			if (k == -1 || !index_get(&f->ix, (size_t)k, &r) ||
			    (r.flags & (known | REC_DEAD)) != 0)
				continue;
			r.flags |= e[i].flag;
			file_put(&f->ix, (size_t)k, &r);
		}
		index_end(&f->ix);
	}
	index_unlock(&f->ix);
}

int
ends_learn(struct folder *f)
{
	uint32_t count = folder_count(f);
	struct end *e;
	size_t n = 0;

	if (f->ix.h->ends_unknown == 0)
		return 0;
	e = calloc((size_t)count + 1, sizeof(*e));
	if (e == NULL)
		return fail("ends of lines");
	for (uint32_t i = 1; i <= count; i++) {
		struct record r;

		if (view_record(f, i, &r) == -1) {
			free(e);
			return -1;
		}
		if ((r.flags & known) != 0)
			continue;
		e[n] = (struct end){ r.uid, look(f, i) };
		n += e[n].flag != 0;
	}
	keep(f, e, n);
	free(e);
	return 0;
}

bool
ends_open(struct folder *f, uint32_t number)
{
	struct record r;

	if (view_record(f, number, &r) == -1)
		return false;
	if ((r.flags & known) == 0)
		r.flags |= look(f, number);
	return (r.flags & REC_OPEN) != 0;
}
