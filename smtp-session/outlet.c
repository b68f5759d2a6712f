#include "smtp-session/outlet.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "message/fail.h"

static int
put(char *out, size_t size, const struct addr *a)
{
	struct buf text;
	int r;

	buf_init(&text, size - 1);
	addr_put(&text, a);
	r = text.over ? -1 : 0;
	(void)strlcpy(out, text.p, size);
	buf_free(&text);
	return r;
}

int
outlet_name(char *out, size_t size, const char *local, const char *domain,
    bool home, unsigned number)
{
	struct addr a = { .utf8 = false };
	int n;

	n = snprintf(a.local, sizeof(a.local), "|%s%s#%u", home ? "~" : "",
	    local, number);
	if (n < 0 || (size_t)n + home >= sizeof(a.local)) /* outlet_behind */
		return -1;
	(void)strlcpy(a.domain, domain, sizeof(a.domain));
	return put(out, size, &a);
}

int
outlet_read(struct outlet *o, const struct addr *a,
    char local[ADDR_LOCAL_MAX + 1])
{
	const char *from = a->local + 1, *number = strrchr(a->local, '#');
	struct span digits;
	uint64_t n;

	if (a->local[0] != '|' || number == NULL)
		return -1;
	digits = span(number + 1);
	o->behind = digits.len > 0 && digits.p[digits.len - 1] == '+';
	digits.len -= o->behind;
	if (span_number(digits, 1000, &n) == -1 || n == 0)
		return -1;
	o->number = (unsigned)n;
	o->home = *from == '~';
	from += o->home;
	if (number <= from)
		return -1;
	(void)snprintf(local, ADDR_LOCAL_MAX + 1, "%.*s", (int)(number - from),
	    from);
	for (char *p = local; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	return 0;
}

int
outlet_behind(char *out, size_t size, const char *name)
{
	struct span rest = span(name);
	struct addr a;

	if (addr_path(&rest, &a) == -1 ||
	    strlcat(a.local, "+", sizeof(a.local)) >= sizeof(a.local))
		return -1;
	return put(out, size, &a);
}

void
outlet_address(struct buf *out, const char *name)
{
	static struct outlet o;
	struct span rest = span(name);
	struct addr a;

	if (name[0] != '\0' && addr_path(&rest, &a) == 0 &&
	    outlet_read(&o, &a, a.local) == 0)
		addr_put(out, &a);
	else
		buf_str(out, name);
}

int
outlet_pick(struct outlet *o, const struct buf *values, unsigned *line)
{
	struct span all = buf_all(values), value, rest = { NULL, 0 };
	struct buf plain;
	unsigned n = 0;

	buf_init(&plain, ALIAS_VALUES_MAX);
	while (n < o->number && alias_value(&all, &value, line)) {
		o->kind = alias_kind(value, &plain, &rest);
		n += o->kind == ALIAS_COMMAND || o->kind == ALIAS_FILE;
	}
	if (n == o->number)
		(void)snprintf(o->text, sizeof(o->text), "%.*s", (int)rest.len,
		    rest.p);
	buf_free(&plain);
	if (n != o->number)
		return 0;
	return strlen(o->text) < sizeof(o->text) - 1 ?
	    1 :
	    fail_as(E2BIG, "%s: a command too long", o->at);
}

int
outlet_find(struct outlet *o, const struct config *c, const char *local,
    const char *domain)
{
	struct box *box = &o->box;
	char base[ADDR_LOCAL_MAX + 1];
	struct aliases files;
	struct buf values;
	unsigned line = 0; /* o->at has it */
	int r;

	memset(box, 0, sizeof(*box));
	(void)snprintf(box->final, sizeof(box->final), "%s@%s", local, domain);
	(void)strlcpy(box->extension, box_base(local, base),
	    sizeof(box->extension));
	(void)strlcpy(box->user.home, "/", sizeof(box->user.home));
	(void)strlcpy(box->user.name, c->command_user, sizeof(box->user.name));
	if (role_root() && role_find(&box->user.role, c->command_user) == -1)
		return -1;
	buf_init(&values, ALIAS_VALUES_MAX);
	r = aliases_open(&files, c);
	if (r == 0)
		r = aliases_find(&files, local, domain, &values, o->at);
	if (r == 1)
		r = outlet_pick(o, &values, &line);
	aliases_close(&files);
	buf_free(&values);
	return r;
}
