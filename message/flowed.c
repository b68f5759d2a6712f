#include "message/flowed.h"

#include <stdint.h>

struct flow {
	struct buf *out;
	struct buf paragraph; /* without a line end so far */
	bool open; /* it goes on with the next line */
	size_t depth; /* of quotation */
	size_t width;
};

/* Without its line end. */
static struct span
take_line(struct span *rest)
{
	struct span line = span_cut(rest, '\n');

	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

static void
put_line(struct flow *f, struct span line)
{
	for (size_t i = 0; i < f->depth; i++)
		buf_char(f->out, '>');
	if (f->depth > 0 && line.len > 0)
		buf_char(f->out, ' ');
	buf_span(f->out, line);
	buf_char(f->out, '\n');
}

/* How much of the text goes on this line: up to the last blank within the
 * width, else up to the first. */
static size_t
fold_at(struct span s, size_t width)
{
	size_t columns = 0, best = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == ' ' && i > 0 && s.p[i - 1] != ' ' &&
		    (columns <= width || best == 0))
			best = i;
		columns += ((unsigned char)s.p[i] & 0xc0) != 0x80;
		if (columns > width && best > 0)
			return best;
	}
	return s.len;
}

static void
end_paragraph(struct flow *f)
{
	struct span rest = buf_all(&f->paragraph);
	size_t used = f->depth > 0 ? f->depth + 1 : 0;
	/* A stranger may quote a thousand times: then no line is made of each
	 * word. */
	size_t width = used < f->width / 2 ? f->width - used : SIZE_MAX;

	if (!f->open)
		return;
	do {
		size_t n = fold_at(rest, width);
		struct span line = span_n(rest.p, n);

		rest = span_from(rest, n);
		while (rest.len > 0 && rest.p[0] == ' ')
			rest = span_from(rest, 1);
		while (line.len > 0 && line.p[line.len - 1] == ' ')
			line.len--;
		put_line(f, line);
	} while (rest.len > 0);
	buf_reset(&f->paragraph);
	f->open = false;
}

void
flowed_text(struct buf *out, struct span text, bool delsp, size_t width)
{
	struct flow f = { .out = out, .width = width };

	buf_init(&f.paragraph, text.len + 1);
	while (text.p != NULL && text.len > 0) {
		struct span line = take_line(&text);
		size_t depth = 0;
		bool soft;

		while (depth < line.len && line.p[depth] == '>')
			depth++;
		line = span_from(line, depth);
		if (line.len > 0 && line.p[0] == ' ')
			line = span_from(line, 1);
		/* Nobody wants an empty line to be lost that is where it must
		 * not be. */
		if (depth != f.depth || line.len == 0 ||
		    span_eq(line, span("-- ")))
			end_paragraph(&f);
		f.depth = depth;
		soft = line.len > 0 && line.p[line.len - 1] == ' ' &&
		    !span_eq(line, span("-- "));
		if (!soft && !f.open) {
			put_line(&f, line);
			continue;
		}
		line.len -= soft && delsp;
		buf_span(&f.paragraph, line);
		f.open = true;
		if (!soft)
			end_paragraph(&f);
	}
	end_paragraph(&f);
	buf_free(&f.paragraph);
}
