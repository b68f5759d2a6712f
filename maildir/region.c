#include "maildir/region.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "message/fail.h"

enum { MIN_SIZE = 64 * 1024, PAGE = 4096 };

int
region_map(struct region *g, size_t size, bool writable)
{
	int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	void *p = mmap(NULL, size, prot, MAP_SHARED, g->fd, 0);

	if (p == MAP_FAILED)
		return fail("map an index");
	if (g->p != NULL)
		(void)munmap(g->p, g->mapped);
	g->p = p;
	g->mapped = size;
	return 0;
}

static int
more_memory(struct region *g, size_t want)
{
	/* all at once: page by page is most of the time of filling it */
	void *p = mmap(NULL, want, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		return fail("memory for an index");
	if (g->p != NULL) {
		(void)memcpy(p, g->p, g->mapped);
		(void)munmap(g->p, g->mapped);
	}
	g->p = p;
	g->mapped = want;
	return 0;
}

int
region_grow(struct region *g, size_t size)
{
	size_t want = g->mapped < MIN_SIZE ? MIN_SIZE : g->mapped;

	if (g->p == NULL)
		want = size;
	while (want < size)
		want += want / 2 / PAGE * PAGE;
	if (want <= g->mapped)
		return 0;
	if (g->fd == -1)
		return more_memory(g, want);
	if (fallocate(g->fd, 0, 0, (off_t)want) == -1 &&
	    (errno != EOPNOTSUPP || ftruncate(g->fd, (off_t)want) == -1))
		return fail("extend an index");
	return region_map(g, want, true);
}

void
region_close(struct region *g)
{
	if (g->p != NULL)
		(void)munmap(g->p, g->mapped);
	if (g->fd != -1)
		(void)close(g->fd);
	*g = (struct region){ .fd = -1 };
}

/* Only system calls here.  Where even that fails the old end of the process is
 * the right one. */
static void
no_page(int sig, siginfo_t *what, void *context)
{
	char *at = (char *)what->si_addr - (size_t)what->si_addr % PAGE;

	(void)context;
	if (what->si_code != BUS_ADRERR ||
	    mmap(at, PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		(void)signal(sig, SIG_DFL);
}

void
region_guard(void)
{
	struct sigaction a = { .sa_sigaction = no_page,
		.sa_flags = SA_SIGINFO | SA_RESTART };

	(void)sigemptyset(&a.sa_mask);
	(void)sigaction(SIGBUS, &a, NULL);
}
