/* A session that waits needs little memory. */
#include <malloc.h>
#include <sys/mman.h>

#include "maildir/maildir.h"
#include "maildir/view.h"

/* Its pages are in the page cache, and come back when they are looked at. */
static void
let_go(const struct region *r)
{
	if (r->p != NULL && r->fd != -1)
		(void)madvise(r->p, r->mapped, MADV_DONTNEED);
}

void
folder_rest(struct folder *f)
{
	let_go(&f->ix.main);
	let_go(&f->ix.names);
	let_go(&f->old.main);
	let_go(&f->old.names);
	let_go(&f->cache);
	(void)malloc_trim(0);
}
