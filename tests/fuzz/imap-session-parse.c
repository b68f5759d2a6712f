#include "imap-session/parse.h"

#include "imap-session/section.h"
#include "imap-session/set.h"
#include "tests/fuzz/fuzz.h"

static struct arena arena;

static bool
within(struct span s, struct span all)
{
	return (s.p >= all.p && s.p + s.len <= all.p + all.len) ||
	    (s.p >= arena.p && s.p + s.len <= arena.p + arena.size);
}

/* Each word alone at the front; a set that was read is in order. */
static void
words(struct span all)
{
	int (*const word[])(struct parse *, struct span *) = {
		parse_tag,
		parse_atom,
		parse_astring,
		parse_nstring,
		parse_pattern,
		parse_flag,
	};
	struct parse p;
	struct span s;
	int64_t day;
	time_t t;

	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++) {
		parse_init(&p, all, &arena);
		if (word[i](&p, &s) == 0)
			PROMISE(
			    (s.p == NULL || within(s, all)) && p.error == NULL);
		else
			PROMISE(p.error != NULL);
		PROMISE(within(p.rest, all));
	}
	parse_init(&p, all, &arena);
	(void)parse_date(&p, &day);
	parse_init(&p, all, &arena);
	(void)parse_date_time(&p, &t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len };
	struct section section;
	struct parse p;
	struct set set;
	struct buf b;

	if (arena.p == NULL && arena_init(&arena, 1 << 20) == -1)
		abort();
	arena_reset(&arena);
	words(all);
	parse_init(&p, all, &arena);
	if (parse_set(&p, &set) == 0) {
		set_resolve(&set, 1000);
		for (size_t i = 0; i < set.ranges; i++)
			PROMISE(set.range[i].low <= set.range[i].high &&
			    (i == 0 ||
				set.range[i].low - 1 > set.range[i - 1].high));
	}
	parse_init(&p, all, &arena);
	if (section_read(&p, &section) == 0) {
		buf_init(&b, 1 << 20);
		section_put(&b, &section);
		parse_init(&p, buf_all(&b), &arena);
		PROMISE(section_read(&p, &section) == 0 || section.partial);
		buf_free(&b);
	}
	free((void *)(uintptr_t)all.p);
	return 0;
}
