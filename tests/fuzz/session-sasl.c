#include "session/sasl.h"

#include "tests/fuzz/fuzz.h"

static void
clean(const char *s, size_t size)
{
	PROMISE(strnlen(s, size) < size);
}

/* The first line is the AUTH command, each further one answers a challenge;
 * a checker says "r=x" to whatever it is asked. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span all = { exact(data, len), len }, rest = all;
	struct span first = span_cut(&rest, '\n');
	struct span mechanism = span_word(&first), initial = span_trim(first);
	enum sasl_step step;
	struct sasl s;

	step = sasl_begin(&s, mechanism,
	    SASL_PLAIN | SASL_LOGIN | SASL_SCRAM | SASL_SCRAM_PLUS,
	    initial.len > 0 ? &initial : NULL);
	for (;;) {
		clean(s.name, sizeof(s.name));
		clean(s.password, sizeof(s.password));
		if (step == SASL_SEND && rest.p != NULL) {
			PROMISE(s.out.p[s.out.len] == '\0');
			step = sasl_line(&s, span_cut(&rest, '\n'));
		} else if (step == SASL_FIRST || step == SASL_FINAL) {
			PROMISE(s.text.len <= SASL_TEXT_MAX);
			step = sasl_answer(&s, span("r=x,s=eA==,i=4096"));
		} else
			break;
	}
	sasl_end(&s);
	free((void *)(uintptr_t)all.p);
	return 0;
}
