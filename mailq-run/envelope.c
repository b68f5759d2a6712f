/* The envelope of an entry as text; format in spool(5).
 *
 * A field never holds an octet below 0x20, so LF ends a line and TAB parts
 * the fields of a recipient without any quoting.  The writer refuses what the
 * reader would not read back; the reader takes nothing the writer would not
 * have written, but an unknown word, which a later version may write, is as
 * bad as any other: the entry goes to bad/ whole instead of being delivered
 * by half. */
#include "mailq-run/envelope.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/fail.h"

static const char magic[] = "mailroom-spool 1";

static const struct {
	unsigned bit;
	const char *word;
} notify_words[] = {
	{ NOTIFY_NEVER, "NEVER" },
	{ NOTIFY_SUCCESS, "SUCCESS" },
	{ NOTIFY_EXPANDED, "EXPANDED" },
	{ NOTIFY_FAILURE, "FAILURE" },
	{ NOTIFY_DELAY, "DELAY" },
};
enum { NOTIFY_WORDS = sizeof(notify_words) / sizeof(*notify_words) };

static bool
field_ok(const char *s)
{
	size_t n = strlen(s);

	if (n > SPOOL_FIELD)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return true;
}

static bool
state_ok(char c)
{
	return c == SPOOL_TODO || c == SPOOL_DONE || c == SPOOL_SUCCESS ||
	    c == SPOOL_FAILED || c == SPOOL_BOUNCED;
}

/* ---- writing */

static int
put_field(struct buf *b, const char *word, const char *value)
{
	if (!field_ok(value))
		return fail_as(EINVAL,
		    "spool: %s is too long or has a control octet", word);
	buf_printf(b, "%s %s\n", word, value);
	return 0;
}

static int
put_rcpt(struct buf *b, const struct spool_rcpt *r)
{
	const char *between = "\tnotify=";

	if (!state_ok((char)r->state) || r->addr[0] == '\0')
		return fail_as(EINVAL, "spool: recipient without %s",
		    r->addr[0] == '\0' ? "address" : "state");
	if (!field_ok(r->addr) || !field_ok(r->orcpt))
		return fail_as(EINVAL,
		    "spool: recipient too long or with a control octet");
	buf_printf(b, "%c %s", (char)r->state, r->addr);
	for (size_t i = 0; i < NOTIFY_WORDS; i++)
		if ((r->notify & notify_words[i].bit) != 0) {
			buf_printf(b, "%s%s", between, notify_words[i].word);
			between = ",";
		}
	if (r->orcpt[0] != '\0')
		buf_printf(b, "\torcpt=%s", r->orcpt);
	buf_char(b, '\n');
	return 0;
}

int
spool_envelope_put(struct buf *b, const struct spool_envelope *e)
{
	if (e->rcpts == 0 || e->rcpts > SPOOL_RCPTS)
		return fail_as(EINVAL, "spool: %zu recipients", e->rcpts);
	if (e->arrival < 0)
		return fail_as(EINVAL, "spool: arrival before 1970");
	buf_printf(b, "%s\nid %s\narrival %lld\n", magic, e->id,
	    (long long)e->arrival);
	if (put_field(b, "from", e->from) == -1)
		return -1;
	if (e->user[0] != '\0' && put_field(b, "user", e->user) == -1)
		return -1;
	if (e->envid[0] != '\0' && put_field(b, "envid", e->envid) == -1)
		return -1;
	if (e->ret == 'F' || e->ret == 'H')
		buf_printf(b, "ret %s\n", e->ret == 'F' ? "full" : "hdrs");
	if (e->body8)
		buf_str(b, "8bitmime\n");
	if (e->utf8)
		buf_str(b, "smtputf8\n");
	if (e->tls)
		buf_str(b, "requiretls\n");
	if (e->report)
		buf_str(b, "report\n");
	for (size_t i = 0; i < e->rcpts; i++)
		if (put_rcpt(b, &e->rcpt[i]) == -1)
			return -1;
	buf_char(b, '\n');
	return b->over ? fail_as(E2BIG, "spool: envelope too long") : 0;
}

/* ---- reading */

struct reader {
	struct spool_envelope *e;
	char *text; /* start of it all */
	size_t line; /* number, from 1 */
	size_t room; /* elements of e->rcpt */
	unsigned seen; /* bit per row of words[] */
};

static int
bad(const struct reader *r, const char *what)
{
	return fail_as(EBADMSG, "line %zu: %s", r->line, what);
}

static int
read_id(struct spool_envelope *e, char *v)
{
	if (!spool_id_ok(span(v)))
		return -1;
	(void)strlcpy(e->id, v, sizeof(e->id));
	return 0;
}

static int
read_arrival(struct spool_envelope *e, char *v)
{
	uint64_t n;

	if (span_number(span(v), (uint64_t)1 << 40, &n) == -1)
		return -1;
	e->arrival = (time_t)n;
	return 0;
}

static int
read_from(struct spool_envelope *e, char *v)
{
	e->from = v;
	return 0;
}

static int
read_user(struct spool_envelope *e, char *v)
{
	e->user = v;
	return v[0] == '\0' ? -1 : 0;
}

static int
read_envid(struct spool_envelope *e, char *v)
{
	e->envid = v;
	return v[0] == '\0' ? -1 : 0;
}

static int
read_ret(struct spool_envelope *e, char *v)
{
	if (strcmp(v, "full") != 0 && strcmp(v, "hdrs") != 0)
		return -1;
	e->ret = v[0] == 'f' ? 'F' : 'H';
	return 0;
}

static int
read_body8(struct spool_envelope *e, char *v)
{
	(void)v;
	e->body8 = true;
	return 0;
}

static int
read_utf8(struct spool_envelope *e, char *v)
{
	(void)v;
	e->utf8 = true;
	return 0;
}

static int
read_tls(struct spool_envelope *e, char *v)
{
	(void)v;
	e->tls = true;
	return 0;
}

static int
read_report(struct spool_envelope *e, char *v)
{
	(void)v;
	e->report = true;
	return 0;
}

/* clang-format off */
static const struct {
	const char *word;
	bool value; /* "word value", else the word alone */
	int (*read)(struct spool_envelope *, char *value);
} words[] = {
	{ "id",		true,	read_id },
	{ "arrival",	true,	read_arrival },
	{ "from",	true,	read_from },
	{ "user",	true,	read_user },
	{ "envid",	true,	read_envid },
	{ "ret",	true,	read_ret },
	{ "8bitmime",	false,	read_body8 },
	{ "smtputf8",	false,	read_utf8 },
	{ "requiretls",	false,	read_tls },
	{ "report",	false,	read_report },
};
/* clang-format on */
enum { WORDS = sizeof(words) / sizeof(*words), WORDS_NEEDED = 3 };

static int
read_word(struct reader *r, char *line)
{
	char *value = strchr(line, ' ');
	size_t i;

	if (r->e->rcpts > 0)
		return bad(r, "word after a recipient");
	if (value != NULL)
		*value++ = '\0';
	for (i = 0; i < WORDS; i++)
		if (strcmp(line, words[i].word) == 0)
			break;
	if (i == WORDS || words[i].value != (value != NULL))
		return bad(r, "unknown word");
	if ((r->seen & 1U << i) != 0)
		return bad(r, "word stands twice");
	r->seen |= 1U << i;
	return words[i].read(r->e, value) == 0 ? 0 : bad(r, "bad value");
}

static int
read_notify(struct spool_rcpt *rcpt, char *list)
{
	char *word;

	while ((word = strsep(&list, ",")) != NULL) {
		size_t i;

		for (i = 0; i < NOTIFY_WORDS; i++)
			if (strcmp(word, notify_words[i].word) == 0)
				break;
		if (i == NOTIFY_WORDS)
			return -1;
		rcpt->notify |= notify_words[i].bit;
	}
	return 0;
}

static int
read_options(struct reader *r, struct spool_rcpt *rcpt, char *rest)
{
	char *option;

	while ((option = strsep(&rest, "\t")) != NULL) {
		if (strncmp(option, "notify=", 7) == 0 && rcpt->notify == 0) {
			if (read_notify(rcpt, option + 7) == -1)
				return bad(r, "bad notify");
		} else if (strncmp(option, "orcpt=", 6) == 0 &&
		    rcpt->orcpt[0] == '\0') {
			rcpt->orcpt = option + 6;
		} else {
			return bad(r, "unknown option of a recipient");
		}
	}
	return 0;
}

static struct spool_rcpt *
room_for_rcpt(struct reader *r)
{
	struct spool_envelope *e = r->e;

	if (e->rcpts == r->room) {
		size_t room = r->room == 0 ? 4 : 2 * r->room;
		void *p = reallocarray(e->rcpt, room, sizeof(*e->rcpt));

		if (p == NULL) {
			(void)fail("recipients");
			return NULL;
		}
		e->rcpt = p;
		r->room = room;
	}
	return &e->rcpt[e->rcpts++];
}

static int
read_rcpt(struct reader *r, char *line)
{
	struct spool_rcpt *rcpt;
	char *rest;

	if (r->e->rcpts == SPOOL_RCPTS)
		return bad(r, "too many recipients");
	if (!state_ok(line[0]))
		return bad(r, "unknown state of a recipient");
	rcpt = room_for_rcpt(r);
	if (rcpt == NULL)
		return -1;
	*rcpt = (struct spool_rcpt){
		.addr = line + 2,
		.orcpt = "",
		.state = (enum spool_state)line[0],
		.at = line - r->text,
	};
	rest = strchr(line, '\t');
	if (rest != NULL)
		*rest++ = '\0';
	if (rcpt->addr[0] == '\0')
		return bad(r, "recipient without address");
	return rest == NULL ? 0 : read_options(r, rcpt, rest);
}

/* One line, already cut; no control octet in it but TAB. */
static int
read_line(struct reader *r, char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return bad(r, "control octet");
	}
	if (r->line == 1)
		return strcmp(line, magic) == 0 ?
		    0 :
		    bad(r, "not a spool file of version 1");
	if (len >= 2 && line[0] >= 'A' && line[0] <= 'Z' && line[1] == ' ')
		return read_rcpt(r, line);
	return read_word(r, line);
}

static int
read_all(struct reader *r, size_t len, off_t *message)
{
	char *at = r->text, *end = r->text + len, *lf;

	for (;;) {
		r->line++;
		lf = memchr(at, '\n', (size_t)(end - at));
		if (lf == NULL)
			return bad(r, "cut off");
		if (lf == at)
			break;
		*lf = '\0';
		if (read_line(r, at, (size_t)(lf - at)) == -1)
			return -1;
		at = lf + 1;
	}
	*message = lf + 1 - r->text;
	if ((r->seen & ((1U << WORDS_NEEDED) - 1)) != (1U << WORDS_NEEDED) - 1)
		return bad(r, "no id, arrival or from above");
	return r->e->rcpts > 0 ? 0 : bad(r, "no recipient above");
}

int
spool_envelope_parse(struct spool_envelope *e, char *text, size_t len,
    off_t *message)
{
	struct reader r = { .e = e, .text = text };

	*e = (struct spool_envelope){ .from = "", .user = "", .envid = "" };
	if (read_all(&r, len, message) == 0)
		return 0;
	spool_envelope_free(e);
	return -1;
}

void
spool_envelope_free(struct spool_envelope *e)
{
	free(e->rcpt);
	e->rcpt = NULL;
	e->rcpts = 0;
}
