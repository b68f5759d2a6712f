#include "smtp-session/milter-wire.h"

/* ---- ours */

size_t
milter_begin(struct buf *out, enum milter_command c)
{
	size_t at = out->len;

	milter_number(out, 0);
	buf_char(out, (char)c);
	return at;
}

static void
put_number(char *to, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (char)(unsigned char)(n >> (24 - 8 * i));
}

void
milter_finish(struct buf *out, size_t at)
{
	if (!out->over)
		put_number(out->p + at, (uint32_t)(out->len - at - 4));
}

void
milter_string(struct buf *out, struct span s)
{
	buf_span(out, s);
	buf_char(out, '\0');
}

void
milter_number(struct buf *out, uint32_t n)
{
	char octets[4];

	put_number(octets, n);
	buf_add(out, octets, sizeof(octets));
}

/* ---- theirs */

static int
take_number(struct span *rest, uint32_t *n)
{
	if (rest->len < 4)
		return -1;
	*n = 0;
	for (unsigned i = 0; i < 4; i++)
		*n = *n << 8 | (unsigned char)rest->p[i];
	*rest = span_from(*rest, 4);
	return 0;
}

/* A string, which must have its NUL. */
static int
take_string(struct span *rest, struct span *s)
{
	size_t len = span_find(*rest, '\0');

	if (len == rest->len)
		return -1;
	*s = span_n(rest->p, len);
	*rest = span_from(*rest, len + 1);
	return 0;
}

ssize_t
milter_frame(struct span in, struct span *packet)
{
	struct span rest = in;
	uint32_t len;

	if (take_number(&rest, &len) == -1)
		return 0;
	if (len == 0 || len > 1 + MILTER_PIECE)
		return -1;
	if (rest.len < len)
		return 0;
	*packet = span_n(rest.p, len);
	return 4 + (ssize_t)len;
}

/* RFC 5322 s. 2.2 */
static bool
is_field_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == ':')
			return false;
	return s.len > 0;
}

static bool
is_address(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static int
parse_field(struct milter_answer *a, struct span *rest, bool index)
{
	if (index && take_number(rest, &a->index) == -1)
		return -1;
	if (take_string(rest, &a->name) == -1 || !is_field_name(a->name))
		return -1;
	return take_string(rest, &a->value);
}

/* Arguments of an address are for ESMTP; nothing here has a use for them. */
static int
parse_address(struct milter_answer *a, struct span *rest, bool args)
{
	if (take_string(rest, &a->name) == -1 || !is_address(a->name))
		return -1;
	return args && rest->len > 0 ? take_string(rest, &a->value) : 0;
}

int
milter_parse(struct milter_answer *a, struct span packet)
{
	struct span rest = packet;
	int r = 0;

	*a = (struct milter_answer){ .name = span(""), .value = span("") };
	if (packet.len == 0)
		return -1;
	a->kind = packet.p[0];
	rest = span_from(packet, 1);
	switch (a->kind) {
	case MILTER_ADD_FIELD:
		r = parse_field(a, &rest, false);
		break;
	case MILTER_INSERT_FIELD:
	case MILTER_CHANGE_FIELD:
		r = parse_field(a, &rest, true);
		break;
	case MILTER_ADD_RCPT:
	case MILTER_DEL_RCPT:
		r = parse_address(a, &rest, false);
		break;
	case MILTER_ADD_RCPT_PAR:
	case MILTER_NEW_FROM:
		r = parse_address(a, &rest, true);
		break;
	case MILTER_QUARANTINE:
	case MILTER_REPLY:
		r = take_string(&rest, &a->value);
		break;
	case MILTER_NEW_BODY:
		a->value = rest;
		return 0;
	case MILTER_SHUTDOWN:
	case MILTER_ACCEPTED:
	case MILTER_CONTINUE:
	case MILTER_DISCARD:
	case MILTER_CONN_FAIL:
	case MILTER_PROGRESS:
	case MILTER_REJECTED:
	case MILTER_SKIP:
	case MILTER_TEMPFAILED:
		break;
	default:
		return -1;
	}
	return r == 0 && rest.len == 0 ? 0 : -1;
}

/* "i, {auth_type}" for a stage. */
static int
parse_symbols(struct milter_options *o, struct span *rest)
{
	struct span names;
	uint32_t stage;

	if (take_number(rest, &stage) == -1 || stage >= MILTER_STAGES ||
	    take_string(rest, &names) == -1 || names.len >= MILTER_SYMBOLS)
		return -1;
	o->asked[stage] = true;
	memcpy(o->symbols[stage], names.p, names.len);
	o->symbols[stage][names.len] = '\0';
	return 0;
}

int
milter_parse_options(struct milter_options *o, struct span packet)
{
	struct span rest;

	memset(o, 0, sizeof(*o));
	if (packet.len == 0 || packet.p[0] != MILTER_OPTIONS)
		return -1;
	rest = span_from(packet, 1);
	if (take_number(&rest, &o->version) == -1 ||
	    take_number(&rest, &o->actions) == -1 ||
	    take_number(&rest, &o->steps) == -1 || o->version < MILTER_LEAST ||
	    o->version > MILTER_VERSION ||
	    (o->actions & ~(uint32_t)MILTER_DOES_ALL) != 0 ||
	    (o->steps & ~(uint32_t)MILTER_STEPS_ALL) != 0)
		return -1;
	while (rest.len > 0)
		if ((o->actions & MILTER_DOES_SYMBOLS) == 0 ||
		    parse_symbols(o, &rest) == -1)
			return -1;
	return 0;
}

/* ---- replies */

static bool
is_digits(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len > 0 && s.len <= 3;
}

/* "5.7.1" of the class of "code". */
static bool
is_status(struct span s, unsigned code)
{
	struct span class = span_cut(&s, '.'), subject;

	if (s.p == NULL || !is_digits(class) || class.len != 1 ||
	    (unsigned)(class.p[0] - '0') != code / 100)
		return false;
	subject = span_cut(&s, '.');
	return s.p != NULL && is_digits(subject) && is_digits(s);
}

/* Code and separator of a line.  The code, or 0. */
static unsigned
line_code(struct span *line)
{
	uint64_t code;

	if (line->len < 3 ||
	    span_number(span_n(line->p, 3), 599, &code) == -1 || code < 400)
		return 0;
	*line = span_from(*line, 3);
	if (line->len > 0 && line->p[0] != ' ' && line->p[0] != '-')
		return 0;
	*line = span_from(*line, line->len > 0 ? 1 : 0);
	return (unsigned)code;
}

/* A percent sign comes as two: the text was once meant for printf(3). */
static void
put_line(struct buf *text, struct span line)
{
	for (size_t i = 0; i < line.len; i++) {
		buf_char(text, line.p[i]);
		if (line.p[i] == '%' && i + 1 < line.len &&
		    line.p[i + 1] == '%')
			i++;
	}
}

unsigned
milter_reply(struct span all, char status[12], struct buf *text)
{
	unsigned code = 0;

	status[0] = '\0';
	buf_reset(text);
	while (all.p != NULL) {
		struct span line = span_trim(span_cut(&all, '\n')), word, rest;
		unsigned here = line_code(&line);

		if (line.len == 0 && all.p == NULL && code != 0)
			break; /* a line end at the end */
		if (here == 0 || (code != 0 && here != code))
			return 0;
		if (code != 0)
			buf_char(text, '\n');
		rest = line;
		word = span_word(&rest);
		if (is_status(word, here)) {
			if (code == 0) {
				memcpy(status, word.p, word.len);
				status[word.len] = '\0';
			}
			line = span_trim(rest);
		}
		code = here;
		put_line(text, line);
	}
	return text->over ? 0 : code;
}

/* ---- fields */

void
milter_field(struct buf *out, struct span name, struct span value, bool blank)
{
	buf_span(out, name);
	buf_str(out, blank ? ":" : ": ");
	while (value.len > 0 &&
	    (value.p[value.len - 1] == '\n' || value.p[value.len - 1] == '\r'))
		value.len--;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];
		bool more = i + 1 < value.len;
		char after = more ? value.p[i + 1] : '\0';

		if (c == '\r' && after == '\n')
			continue;
		if (c == '\n') {
			buf_char(out, '\n');
			if (after != ' ' && after != '\t')
				buf_char(out, '\t');
		} else {
			buf_char(out, c < ' ' && c != '\t' ? ' ' : (char)c);
		}
	}
	buf_char(out, '\n');
}
