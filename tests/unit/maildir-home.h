/* A store with some mail, for the unit tests of maildir/. */
#ifndef TESTS_UNIT_MAILDIR_HOME_H
#define TESTS_UNIT_MAILDIR_HOME_H

#include "maildir/maildir.h"
#include "message/fail.h"
#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

struct home {
	struct place p;
	struct store *s;
};

/* Of what lies there by now. */
static inline void
home_open(struct home *h, unsigned options)
{
	h->s = store_open(h->p.path, NULL, options);
	if (h->s == NULL) {
		(void)printf("%s\n", fail_text());
		exit(1);
	}
}

/* A store with "n" messages 1.x 2.x ... of "text" in new/ of INBOX. */
static inline void
home_make(struct home *h, int n, unsigned options)
{
	place_make(&h->p);
	for (int i = 1; i <= n; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "new/%d.x", i);
		place_put(&h->p, name, "text\n");
	}
	home_open(h, options);
}

static inline void
home_drop(struct home *h)
{
	store_close(h->s);
	place_drop(&h->p);
}

static inline struct folder *
open_folder(const struct home *h, const char *name, bool write)
{
	struct folder *f = folder_open(h->s, name, write);

	if (f == NULL) {
		(void)printf("%s: %s\n", name, fail_text());
		exit(1);
	}
	return f;
}

static inline int
flag(struct folder *f, uint32_t number, enum change_mode mode, uint32_t flags)
{
	struct change c = { .mode = mode,
		.flags = flags,
		.unchanged_since = UINT64_MAX };
	uint8_t result = 9;

	return folder_change(f, &number, 1, &c, &result) == -1 ? -1 : result;
}

static inline struct message
get(struct folder *f, uint32_t number)
{
	struct message m = { .uid = 0 };

	CHECK(folder_get(f, number, &m) == 0);
	CHECK(folder_wire(f, number, &m) == 0);
	return m;
}

static inline bool
here(const struct home *h, const char *path)
{
	return faccessat(h->p.dir, path, F_OK, 0) == 0;
}

#endif
