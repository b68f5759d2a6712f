#include "session/sasl.h"

#include "session/base64.h"

static enum sasl_step plain(struct sasl *, struct span);
static enum sasl_step login(struct sasl *, struct span);
static enum sasl_step scram(struct sasl *, struct span);

/* clang-format off */
static const struct mechanism {
	const char *name;
	enum sasl_mechanism bit;
	/* A decoded response, by s->stage; with none yet p is NULL. */
	enum sasl_step (*step)(struct sasl *, struct span);
} mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS",	SASL_SCRAM_PLUS,	scram },
	{ "SCRAM-SHA-256",	SASL_SCRAM,		scram },
	{ "PLAIN",		SASL_PLAIN,		plain },
	{ "LOGIN",		SASL_LOGIN,		login },
};
/* clang-format on */

enum { MECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

void
sasl_names(struct buf *b, unsigned offered)
{
	size_t i;

	for (i = 0; i < MECHANISMS; i++)
		if (offered & mechanisms[i].bit) {
			if (b->len > 0 && b->p[b->len - 1] != ' ')
				buf_char(b, ' ');
			buf_str(b, mechanisms[i].name);
		}
}

static enum sasl_step
challenge(struct sasl *s, struct span text)
{
	buf_reset(&s->out);
	base64_put(&s->out, text);
	return s->out.over ? SASL_SYNTAX : SASL_SEND;
}

/* A name or password; one with a NUL in it is nobody's, as one too long. */
static void
keep(char *to, size_t size, struct span v)
{
	if (v.len >= size || memchr(v.p, '\0', v.len) != NULL)
		v.len = 0;
	memcpy(to, v.p, v.len);
	to[v.len] = '\0';
}

/* authzid NUL authcid NUL passwd (RFC 4616) */
static enum sasl_step
plain(struct sasl *s, struct span in)
{
	struct span rest = in, other, name;

	if (in.p == NULL)
		return challenge(s, span(""));
	other = span_cut(&rest, '\0');
	if (rest.p == NULL)
		return SASL_SYNTAX;
	name = span_cut(&rest, '\0');
	if (rest.p == NULL || name.len == 0 || rest.len == 0 ||
	    memchr(rest.p, '\0', rest.len) != NULL)
		return SASL_SYNTAX;
	if (other.len > 0 && !span_eq(other, name))
		return SASL_OTHER;
	keep(s->name, sizeof(s->name), name);
	keep(s->password, sizeof(s->password), rest);
	return SASL_PASSWORD;
}

/* draft-murchison-sasl-login: the two questions, whatever comes with AUTH
 * being the answer to the first. */
static enum sasl_step
login(struct sasl *s, struct span in)
{
	if (in.p == NULL)
		return challenge(s, span("User Name"));
	if (in.len == 0)
		return SASL_SYNTAX;
	if (s->stage++ == 0) {
		keep(s->name, sizeof(s->name), in);
		return challenge(s, span("Password"));
	}
	keep(s->password, sizeof(s->password), in);
	return SASL_PASSWORD;
}

/* The checker understands it; here it is only passed on. */
static enum sasl_step
scram(struct sasl *s, struct span in)
{
	if (in.p == NULL)
		return challenge(s, span(""));
	s->text = in;
	switch (s->stage++) {
	case 0:
		return SASL_FIRST;
	case 1:
		return SASL_FINAL;
	default: /* our proof was in the last challenge */
		return in.len == 0 ? SASL_DONE : SASL_SYNTAX;
	}
}

static enum sasl_step
step(struct sasl *s, struct span in)
{
	size_t i;

	for (i = 0; i < MECHANISMS; i++)
		if (mechanisms[i].bit == s->mechanism)
			return mechanisms[i].step(s, in);
	return SASL_UNKNOWN;
}

enum sasl_step
sasl_line(struct sasl *s, struct span line)
{
	int n;

	if (span_eq(line, span("*")))
		return SASL_CANCELLED;
	n = base64_get(s->octets, sizeof(s->octets) - 1, line);
	return n == -1 ? SASL_SYNTAX : step(s, span_n(s->octets, (size_t)n));
}

enum sasl_step
sasl_begin(struct sasl *s, struct span mechanism, unsigned offered,
    const struct span *initial)
{
	size_t i;

	s->stage = 0;
	s->name[0] = s->password[0] = '\0';
	s->text = span("");
	buf_init(&s->out, SASL_LINE_MAX);
	for (i = 0; i < MECHANISMS; i++)
		if (offered & mechanisms[i].bit &&
		    span_same(mechanism, span(mechanisms[i].name)))
			break;
	if (i == MECHANISMS)
		return SASL_UNKNOWN;
	s->mechanism = mechanisms[i].bit;
	if (initial == NULL)
		return step(s, span_n(NULL, 0));
	if (span_eq(*initial, span("=")))
		return step(s, span(""));
	return sasl_line(s, *initial);
}

enum sasl_step
sasl_answer(struct sasl *s, struct span text)
{
	return challenge(s, text);
}

void
sasl_end(struct sasl *s)
{
	explicit_bzero(s->password, sizeof(s->password));
	explicit_bzero(s->octets, sizeof(s->octets));
	buf_free(&s->out);
}
