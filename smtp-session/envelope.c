/* Parameters are rows of a table: a name, whether it has a value, and the
 * function that takes it.  A bit per row finds the second of a kind. */
#include "smtp-session/envelope.h"

#include <bsd/string.h>
#include <string.h>

#include "mailq-run/spool.h"

static bool
ascii(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* A span without NUL as a C string; -1 when it does not fit. */
static int
keep(char *out, size_t size, struct span s)
{
	if (s.len >= size)
		return -1;
	memcpy(out, s.p, s.len);
	out[s.len] = '\0';
	return 0;
}

/* ---- MAIL */

static int
take_size(void *to, struct span value)
{
	struct envelope *e = to;

	/* Twenty digits (RFC 1870 s. 4), whatever number they make. */
	if (value.len == 0 || value.len > 20)
		return -1;
	for (size_t i = 0; i < value.len; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return -1;
	if (span_number(value, UINT64_MAX, &e->size) == -1)
		e->size = UINT64_MAX;
	return 0;
}

static int
take_body(void *to, struct span value)
{
	struct envelope *e = to;

	e->body8 = span_same(value, span("8BITMIME"));
	return e->body8 || span_same(value, span("7BIT")) ? 0 : -1;
}

static int
take_utf8(void *to, struct span value)
{
	(void)value;
	((struct envelope *)to)->utf8 = true;
	return 0;
}

static int
take_tls(void *to, struct span value)
{
	(void)value;
	((struct envelope *)to)->tls = true;
	return 0;
}

static int
take_filter(void *to, struct span value)
{
	(void)value;
	((struct envelope *)to)->filter = true;
	return 0;
}

static int
take_ret(void *to, struct span value)
{
	struct envelope *e = to;

	if (span_same(value, span("FULL")))
		e->ret = 'F';
	else if (span_same(value, span("HDRS")))
		e->ret = 'H';
	else
		return -1;
	return 0;
}

static int
take_envid(void *to, struct span value)
{
	struct envelope *e = to;

	if (value.len == 0 || !xtext_ok(value))
		return -1;
	return keep(e->envid, sizeof(e->envid), value);
}

/* RFC 4954 s. 5: only trusted peers' word would count, and we trust none. */
static int
take_auth(void *to, struct span value)
{
	(void)to;
	return value.len > 0 && (xtext_ok(value) || !ascii(value)) ? 0 : -1;
}

/* ---- RCPT */

static int
take_notify(void *to, struct span value)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {
		{ "NEVER", NOTIFY_NEVER },
		{ "SUCCESS", NOTIFY_SUCCESS },
		{ "FAILURE", NOTIFY_FAILURE },
		{ "DELAY", NOTIFY_DELAY },
	};
	struct recipient *r = to;

	while (value.p != NULL) {
		struct span word = span_cut(&value, ',');
		size_t i = 0;

		while (i < 4 && !span_same(word, span(words[i].word)))
			i++;
		if (i == 4)
			return -1;
		r->notify |= words[i].bit;
	}
	if ((r->notify & NOTIFY_NEVER) != 0 && r->notify != NOTIFY_NEVER)
		return -1;
	return 0;
}

/* "rfc822;user+40host" (RFC 3461 s. 4.2), or "utf-8;..." (RFC 6533 s. 3),
 * whose octets may be as they are. */
static int
take_orcpt(void *to, struct span value)
{
	struct recipient *r = to;
	struct span rest = value, type = span_cut(&rest, ';');

	if (type.len == 0 || rest.len == 0 || !xtext_ok(type))
		return -1;
	if (!xtext_ok(rest) && !span_same(type, span("utf-8")))
		return -1;
	return keep(r->orcpt, sizeof(r->orcpt), value);
}

struct parameter {
	const char *name;
	enum { VALUE_NONE, VALUE_NEEDED } value;
	int (*take)(void *, struct span);
};

static const struct parameter of_mail[] = {
	{ "SIZE", VALUE_NEEDED, take_size }, /* RFC 1870 */
	{ "BODY", VALUE_NEEDED, take_body }, /* RFC 6152 */
	{ "SMTPUTF8", VALUE_NONE, take_utf8 }, /* RFC 6531 */
	{ "REQUIRETLS", VALUE_NONE, take_tls }, /* RFC 8689 */
	{ "XFILTER", VALUE_NONE, take_filter }, /* of mailq-run */
	{ "RET", VALUE_NEEDED, take_ret }, /* RFC 3461 */
	{ "ENVID", VALUE_NEEDED, take_envid }, /* RFC 3461 */
	{ "AUTH", VALUE_NEEDED, take_auth }, /* RFC 4954 */
	{ NULL, VALUE_NONE, NULL },
};

static const struct parameter of_rcpt[] = {
	{ "NOTIFY", VALUE_NEEDED, take_notify }, /* RFC 3461 */
	{ "ORCPT", VALUE_NEEDED, take_orcpt },
	{ NULL, VALUE_NONE, NULL },
};

static enum envelope_fault
parameters(const struct parameter *table, struct span rest, void *to)
{
	unsigned seen = 0;

	for (;;) {
		struct span value = span_word(&rest), name;
		bool given = span_find(value, '=') < value.len;
		size_t i = 0;

		if (value.len == 0)
			return ENVELOPE_OK;
		name = span_cut(&value, '=');
		while (table[i].name != NULL &&
		    !span_same(name, span(table[i].name)))
			i++;
		if (table[i].name == NULL)
			return ENVELOPE_UNKNOWN;
		if ((seen & 1U << i) != 0 ||
		    given != (table[i].value == VALUE_NEEDED))
			return ENVELOPE_VALUE;
		seen |= 1U << i;
		if (table[i].take(to, value) == -1)
			return ENVELOPE_VALUE;
	}
}

/* ---- addresses */

void
envelope_text(char out[ENVELOPE_TEXT], const struct addr *a)
{
	struct buf b;

	buf_init(&b, ENVELOPE_TEXT - 1);
	addr_put(&b, a);
	/* A local part of quotes and backslashes doubles; still it fits. */
	(void)strlcpy(out, b.p, ENVELOPE_TEXT);
	buf_free(&b);
}

/* "FROM:" with blanks wherever people type them. */
static int
skip_word(struct span *s, const char *word)
{
	*s = span_trim(*s);
	if (!span_starts(*s, word))
		return -1;
	*s = span_trim(span_from(*s, strlen(word)));
	if (s->len == 0 || s->p[0] != ':')
		return -1;
	*s = span_from(*s, 1);
	return 0;
}

enum envelope_fault
envelope_mail(struct envelope *e, struct span arg)
{
	enum envelope_fault fault;

	memset(e, 0, sizeof(*e));
	if (skip_word(&arg, "FROM") == -1 || addr_path(&arg, &e->sender) == -1)
		return ENVELOPE_SYNTAX;
	fault = parameters(of_mail, arg, e);
	if (fault == ENVELOPE_OK && e->sender.utf8 && !e->utf8)
		fault = ENVELOPE_UTF8;
	envelope_text(e->from, &e->sender);
	return fault;
}

enum envelope_fault
envelope_rcpt(struct recipient *r, struct span arg, bool utf8)
{
	enum envelope_fault fault;

	memset(r, 0, sizeof(*r));
	if (skip_word(&arg, "TO") == -1 || addr_path(&arg, &r->addr) == -1 ||
	    addr_null(&r->addr))
		return ENVELOPE_SYNTAX;
	fault = parameters(of_rcpt, arg, r);
	if (fault == ENVELOPE_OK && !utf8 &&
	    (r->addr.utf8 || !ascii(span(r->orcpt))))
		fault = ENVELOPE_UTF8;
	envelope_text(r->text, &r->addr);
	return fault;
}

enum envelope_fault
envelope_path(struct recipient *r, struct span arg)
{
	memset(r, 0, sizeof(*r));
	if (addr_path(&arg, &r->addr) == -1 || addr_null(&r->addr))
		return ENVELOPE_SYNTAX;
	envelope_text(r->text, &r->addr);
	return ENVELOPE_OK;
}

void
envelope_qualify(struct addr *a, char text[ENVELOPE_TEXT], const char *domain)
{
	if (a->local[0] == '\0' || a->domain[0] != '\0')
		return;
	(void)strlcpy(a->domain, domain, sizeof(a->domain));
	envelope_text(text, a);
}
