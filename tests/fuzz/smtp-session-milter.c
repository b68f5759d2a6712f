#include "smtp-session/milter-wire.h"

#include "smtp-session/edit.h"
#include "tests/fuzz/fuzz.h"

static struct edit edit;
static struct buf text;

static void
begin(void)
{
	static const char header[] = "Received: by us\nSubject: one\n"
				     "X-Two: a\n b\nx-two: c\n\nbody\n";
	struct span all = span(header);

	edit_init(&edit);
	PROMISE(edit_load(&edit, &all, false) == 0 && edit.fields == 4);
	PROMISE(span_eq(all, span("\nbody\n")));
}

/* A field that a filter made is one field, whatever it put there. */
static void
put_field(const struct milter_answer *a)
{
	struct span rest;
	struct field f;
	bool blank = a->index % 2 == 0;

	buf_reset(&text);
	milter_field(&text, a->name, a->value, blank);
	if (text.over)
		return;
	rest = buf_all(&text);
	PROMISE(header_next(&rest, &f) == 1 && rest.len == 0);
	PROMISE(span_eq(f.name, a->name));
	if (a->kind == MILTER_ADD_FIELD)
		(void)edit_add(&edit, buf_all(&text));
	else if (a->kind == MILTER_INSERT_FIELD)
		(void)edit_insert(&edit, a->index, buf_all(&text));
	else if (a->value.len == 0)
		edit_delete(&edit, a->index, a->name);
	else
		(void)edit_change(&edit, a->index, a->name, buf_all(&text));
}

static void
put_reply(struct span value)
{
	char status[12];
	unsigned code = milter_reply(value, status, &text);

	PROMISE(code == 0 || (code >= 400 && code < 600));
	PROMISE(strnlen(status, sizeof(status)) < sizeof(status));
	PROMISE(status[0] == '\0' || code == 0 ||
	    (unsigned)(status[0] - '0') == code / 100);
}

static void
answer(struct span packet)
{
	static struct milter_options o;
	struct milter_answer a;

	if (milter_parse_options(&o, packet) == 0)
		for (unsigned i = 0; i < MILTER_STAGES; i++)
			PROMISE(strnlen(o.symbols[i], MILTER_SYMBOLS) <
			    MILTER_SYMBOLS);
	if (milter_parse(&a, packet) == -1)
		return;
	if (a.kind == MILTER_ADD_FIELD || a.kind == MILTER_INSERT_FIELD ||
	    a.kind == MILTER_CHANGE_FIELD)
		put_field(&a);
	else if (a.kind == MILTER_REPLY)
		put_reply(a.value);
}

/* Every field that is left can be read again, and ours is still there. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len }, rest = all, packet;
	struct field f;
	size_t ours = 0;
	ssize_t n;

	buf_init(&text, 2 * MILTER_PACKET);
	begin();
	while ((n = milter_frame(rest, &packet)) > 0) {
		PROMISE((size_t)n == packet.len + 4 && packet.len > 0);
		answer(packet);
		rest = span_from(rest, (size_t)n);
	}
	for (size_t i = 0; i < edit.fields; i++) {
		ours += !edit_show(&edit, i, &f);
		PROMISE(f.name.len > 0 && f.whole.len == edit.field[i].len);
	}
	PROMISE(ours == 1);
	edit_free(&edit);
	buf_free(&text);
	free((void *)(uintptr_t)all.p);
	return 0;
}
