#include "smtp-session/refusal.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

/* "5.1.6", of the class of "code". */
static bool
is_status(struct span s, unsigned code)
{
	size_t dots = 0, digits = 0;

	if (s.len < 5 || s.len > 7 || s.p[0] != (char)('0' + code / 100) ||
	    s.p[1] != '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool dot = s.p[i] == '.';

		if ((!dot && !isdigit((unsigned char)s.p[i])) ||
		    (dot && digits == 0))
			return false;
		digits = dot ? 0 : digits + 1;
		dots += dot;
	}
	return dots == 2 && digits > 0;
}

void
refusal_read(struct refusal *r, struct span text)
{
	struct span rest = span_trim(text), word = span_word(&rest);
	uint64_t code;

	*r = (struct refusal){ .code = 550, .status = "5.2.1" };
	r->text = span_trim(text);
	if (word.len == 3 && span_number(word, 599, &code) == 0 &&
	    code >= 400) {
		r->code = (unsigned)code;
		r->text = span_trim(rest);
		(void)snprintf(r->status, sizeof(r->status), "%s",
		    code == 551		? "5.1.6" :
			code / 100 == 4 ? "4.2.1" :
					  "5.2.1");
		word = span_word(&rest);
		if (is_status(word, r->code)) {
			(void)snprintf(r->status, sizeof(r->status), "%.*s",
			    (int)word.len, word.p);
			r->text = span_trim(rest);
		}
	}
	if (r->text.len == 0)
		r->text = span("Refused");
}
