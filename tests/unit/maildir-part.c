#include "maildir/terms-part.h"

#include "maildir/note.h"
#include "tests/unit/test.h"

static void
count_calls(void *calls, struct span word, struct span list)
{
	(void)word;
	(void)list;
	++*(int *)calls;
}

/* Whole, as its checksums tell, and made to lead astray. */
TEST(crafted_part)
{
	enum { SIZE = 100 };
	const struct part_word word[3] = { { 0, 64 }, { 4, 64 }, { 8, 64 } };
	union {
		struct part_head h;
		char p[sizeof(struct part_head) + 8 + SIZE + 4];
	} u = { .h = { .octets = sizeof(u.p), .size = SIZE } };
	const size_t before = part_before(SIZE);
	const size_t checked = offsetof(struct part_head, octets);
	char *data = u.p + before;
	struct part p;
	uint64_t sum;
	uint8_t blocks[1] = { 0 };
	int calls = 0;

	u.h.table[0] = (struct part_table){ .words = 2,
		.text = sizeof(word),
		.list = UINT32_MAX - 60 };
	memcpy(data, word, sizeof(word));
	memcpy(data + sizeof(word), "abc\0abd", 8);
	sum = note_sum(data, SIZE);
	memcpy(u.p + sizeof(u.h), &sum, sizeof(sum));
	u.h.check = note_sum(u.p + checked, before - checked);
	CHECK(part_read(&p, u.p, sizeof(u.p)) == sizeof(u.p));
	p.checked = blocks;
	part_find(&p, 0, span("ab"), count_calls, &calls);
	CHECK(p.bad && calls == 0);
}

/* Each octet counts, in every place. */
TEST(sums)
{
	char p[100] = "";
	const uint64_t sum = note_sum(p, sizeof(p));
	int same = 0;

	for (size_t i = 0; i < sizeof(p); i++) {
		p[i] = 1;
		same += note_sum(p, sizeof(p)) == sum;
		p[i] = 0;
	}
	CHECK(same == 0 && note_sum(p, 99) != sum);
}
