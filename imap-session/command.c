#include "imap-session/command.h"

#include <string.h>
#include <sys/mman.h>

#include "imap-session/capability.h"
#include "imap-session/parse.h"
#include "message/fail.h"

enum { SWALLOW = 64 * 1024 }; /* octets that are read to be thrown away */

static const char go_on[] = "+ Go on\r\n";
static const char bad_literal[] = "Invalid literal";
static const char too_big[] = "[TOOBIG] Literal is too big";
static const char must_wait[] = "Literal must wait for our leave";
static const char too_long[] = "Command is too long";

int
command_init(struct command *c)
{
	void *p = mmap(NULL, COMMAND_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return fail("allocate a command");
	*c = (struct command){ .text = p };
	return 0;
}

void
command_free(struct command *c)
{
	if (c->text != NULL)
		(void)munmap(c->text, COMMAND_MAX);
	*c = (struct command){ 0 };
}

void
command_go_on(struct conn *conn, const struct literal *l)
{
	if (!l->now)
		conn_put(conn, go_on, sizeof(go_on) - 1);
}

int
command_literal(struct span line, struct literal *l)
{
	struct span n;
	size_t at;

	*l = (struct literal){ 0 };
	if (line.len < 2 || line.p[line.len - 1] != '}')
		return 0;
	for (at = line.len - 1; at > 0 && line.p[at - 1] != '{'; at--)
		if (line.p[at - 1] == '"' || line.p[at - 1] == ' ')
			return 0;
	if (at == 0)
		return 0;
	n = span_n(line.p + at, line.len - 1 - at);
	if (n.len > 0 && n.p[n.len - 1] == '+') {
		l->now = true;
		n.len--;
	}
	l->binary = at > 1 && line.p[at - 2] == '~';
	return span_number(n, UINT32_MAX, &l->octets) == -1 ? -1 : 1;
}

/* Has the command come to the message of an APPEND or REPLACE?  Then the
 * mailbox stands complete before the literal. */
static bool
at_message(const struct command *c)
{
	static char room[4096];
	struct arena a = { .p = room, .size = sizeof(room) };
	struct parse p;
	struct span tag, name;

	parse_init(&p, command_span(c), &a);
	if (parse_tag(&p, &tag) == -1 || parse_space(&p) == -1)
		return false;
	if (!parse_word(&p, "APPEND")) {
		if (parse_word(&p, "UID") && parse_space(&p) == -1)
			return false;
		if (!parse_word(&p, "REPLACE") || parse_space(&p) == -1 ||
		    parse_atom(&p, &name) == -1)
			return false;
	}
	return parse_space(&p) == 0 && parse_astring(&p, &name) == 0 &&
	    parse_next(&p, ' ');
}

static enum command_got
ended(enum conn_got got)
{
	return got == CONN_TIMEOUT ? COMMAND_IDLE : COMMAND_GONE;
}

/* Read n octets to nowhere. */
static enum command_got
swallow(struct conn *conn, uint64_t n, int seconds)
{
	struct span b;
	enum conn_got got;

	while (n > 0) {
		got = conn_block(conn, &b, seconds);
		if (got != CONN_LINE)
			return ended(got);
		if (b.len > n)
			b.len = (size_t)n;
		conn_take(conn, b.len);
		n -= b.len;
	}
	return COMMAND_OK;
}

/* Skip what is left of a command whose literal "l" is refused. */
static enum command_got
refuse(struct conn *conn, const struct limit *limit, struct literal l)
{
	uint64_t total = 0;
	enum command_got r;
	enum conn_got got;
	struct span line;

	while (l.now) {
		total += l.octets;
		if (total > SWALLOW)
			return COMMAND_BYE;
		r = swallow(conn, l.octets, limit->seconds);
		if (r != COMMAND_OK)
			return r;
		got = conn_line(conn, &line, limit->line, limit->seconds);
		if (got == CONN_LONG)
			break;
		if (got != CONN_LINE)
			return ended(got);
		if (command_literal(line, &l) != 1)
			break;
	}
	return COMMAND_NO;
}

static enum command_got
read_literal(struct command *c, struct conn *conn, const struct limit *limit)
{
	size_t left = (size_t)c->literal.octets;
	enum conn_got got;
	struct span b;

	command_go_on(conn, &c->literal);
	while (left > 0) {
		got = conn_block(conn, &b, limit->seconds);
		if (got != CONN_LINE)
			return ended(got);
		if (b.len > left)
			b.len = left;
		memcpy(c->text + c->len, b.p, b.len);
		c->len += b.len;
		conn_take(conn, b.len);
		left -= b.len;
	}
	return COMMAND_OK;
}

static enum command_got
read_line(struct command *c, struct conn *conn, const struct limit *limit,
    struct span *line)
{
	enum conn_got got = conn_line(conn, line, limit->line, limit->seconds);

	c->why = too_long;
	if (got == CONN_LONG || got == CONN_FLOOD)
		return COMMAND_BYE; /* who knows what literal it ended with */
	if (got != CONN_LINE)
		return ended(got);
	if (c->len + line->len + 2 > limit->total)
		return COMMAND_BYE;
	memcpy(c->text + c->len, line->p, line->len);
	c->len += line->len;
	return COMMAND_OK;
}

static enum command_got
collect(struct command *c, struct conn *conn, const struct limit *limit,
    bool messages)
{
	enum command_got r;
	struct span line;

	c->len = 0;
	c->message = false;
	for (;;) {
		r = read_line(c, conn, limit, &line);
		if (r != COMMAND_OK)
			return r;
		switch (command_literal(line, &c->literal)) {
		case 0:
			return COMMAND_OK;
		case -1:
			c->why = bad_literal;
			return COMMAND_BAD;
		default:
			break;
		}
		if (c->literal.now && !capability_on(CAP_LITERAL)) {
			c->why = must_wait;
			r = refuse(conn, limit, c->literal);
			return r == COMMAND_NO ? COMMAND_BAD : r;
		}
		c->message = messages || at_message(c);
		memcpy(c->text + c->len, "\r\n", 2);
		c->len += 2;
		if (c->message)
			return COMMAND_OK;
		if (c->literal.octets > limit->literal ||
		    c->literal.octets + c->len + 2 > limit->total) {
			c->why = too_big;
			return refuse(conn, limit, c->literal);
		}
		r = read_literal(c, conn, limit);
		if (r != COMMAND_OK)
			return r;
	}
}

enum command_got
command_more(struct command *c, struct conn *conn, const struct limit *limit)
{
	return collect(c, conn, limit, true);
}

enum command_got
command_end(struct command *c, struct conn *conn, const struct limit *limit)
{
	enum command_got r = COMMAND_NO;

	c->why = too_big;
	if (c->message)
		r = refuse(conn, limit, c->literal);
	return r == COMMAND_NO ? COMMAND_OK : r;
}

enum command_got
command_read(struct command *c, struct conn *conn, const struct limit *limit)
{
	return collect(c, conn, limit, false);
}
