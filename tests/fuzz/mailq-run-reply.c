#include "mailq-run/reply.h"

#include "tests/fuzz/fuzz.h"

static enum reply_got
feed(struct reply *r, struct span s, size_t step)
{
	enum reply_got got = REPLY_MORE;
	struct span piece;

	reply_reset(r);
	while (s.len > 0 && got == REPLY_MORE) {
		piece = span_n(s.p, s.len < step ? s.len : step);
		s = span_from(s, piece.len);
		got = reply_feed(r, &piece);
		PROMISE(got != REPLY_MORE || piece.len == 0);
	}
	return got;
}

/* A reply is the same however it comes, and its code is one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len }, args;
	static struct reply whole, pieces;
	enum reply_got got;
	char status[12];

	got = feed(&whole, all, len);
	PROMISE(feed(&pieces, all, 1 + len % 5) == got);
	if (got == REPLY_WHOLE) {
		PROMISE(whole.code >= 200 && whole.code <= 599);
		PROMISE(whole.code == pieces.code);
		PROMISE(
		    whole.len < REPLY_TEXT && whole.text[whole.len] == '\0');
		PROMISE(span_eq(span_n(whole.text, whole.len),
		    span_n(pieces.text, pieces.len)));
		reply_status(&whole, status);
		PROMISE(strnlen(status, sizeof status) < sizeof status);
		PROMISE(status[0] == '0' + whole.code / 100);
		(void)reply_keyword(&whole, "SIZE", &args);
	}
	free((void *)(uintptr_t)all.p);
	return 0;
}
