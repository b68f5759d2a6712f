#include "maildir/annotations.h"

#include <errno.h>

#include "maildir/maildir.h"
#include "tests/unit/maildir-place.h"
#include "tests/unit/test.h"

static struct place place;
static struct store *store;

static void
begin(void)
{
	place_make(&place);
	store = store_open(place.path, NULL, 0);
	if (store == NULL || store_create(store, "Work") == -1)
		exit(1);
}

static void
end(void)
{
	store_close(store);
	place_drop(&place);
}

static int
set(const char *folder, const char *entry, const char *value)
{
	struct annotation a = { .entry = span(entry) };

	if (value != NULL)
		a.value = span(value);
	return annotations_set(store, folder, &a, 1);
}

/* Its value, or "-". */
static const char *
get(const char *folder, const char *entry)
{
	static char found[100];
	struct span rest, e, v;
	struct buf all;

	buf_init(&all, 1 << 20);
	(void)snprintf(found, sizeof(found), "-");
	CHECK(annotations_read(store, folder, &all) == 0);
	rest = buf_all(&all);
	while (annotations_next(&rest, &e, &v))
		if (span_eq(e, span(entry)))
			(void)snprintf(found, sizeof(found), "%.*s", (int)v.len,
			    v.p);
	buf_free(&all);
	return found;
}

TEST(places)
{
	begin();
	CHECK_STR(get(NULL, "/private/a"), "-");
	CHECK(set(NULL, "/private/a", "one") == 0);
	CHECK(set("INBOX", "/private/a", "two\n3 x") == 0);
	CHECK(set("Work", "/private/a", "") == 0);
	CHECK_STR(get(NULL, "/private/a"), "one");
	CHECK_STR(get("INBOX", "/private/a"), "two\n3 x");
	CHECK_STR(get("Work", "/private/a"), "");
	CHECK(set("INBOX", "/private/a", NULL) == 0);
	CHECK_STR(get("INBOX", "/private/a"), "-");
	CHECK_STR(get(NULL, "/private/a"), "one");
	CHECK(set("None", "/private/a", "x") == -1 && errno == ENOENT);
	end();
}

TEST(limit)
{
	char name[40];
	int n = 0;

	begin();
	for (; n < 200; n++) {
		(void)snprintf(name, sizeof(name), "/private/%d", n);
		if (set("INBOX", name, "x") == -1)
			break;
	}
	CHECK(n == ANNOTATIONS_MANY && errno == E2BIG);
	CHECK(set("INBOX", "/private/0", "y") == 0);
	CHECK_STR(get("INBOX", "/private/0"), "y");
	end();
}

/* What is behind damage is lost, and nothing else. */
TEST(damage)
{
	begin();
	place_put(&place, "mailroom-metadata",
	    "/private/a 1\nx\n/private/b 99\ny\n/private/c 1\nz\n");
	CHECK_STR(get("INBOX", "/private/a"), "x");
	CHECK_STR(get("INBOX", "/private/c"), "-");
	CHECK(set("INBOX", "/private/d", "w") == 0);
	CHECK_STR(get("INBOX", "/private/a"), "x");
	CHECK_STR(get("INBOX", "/private/d"), "w");
	place_put(&place, "mailroom-metadata", "");
	CHECK_STR(get("INBOX", "/private/a"), "-");
	end();
}
