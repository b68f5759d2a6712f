#include "maildir/cmd-charset.h"

#include <signal.h>
#include <stdbool.h>

#include "message/charset.h"
#include "session/converter.h"

/* The helper is started for the first text that needs it; that it is gone is
 * not our end. */
static int
convert(struct buf *out, const char *name, struct span in)
{
	static bool started;
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	int r;

	if (!started)
		(void)converter_exec(HELPERS);
	started = true;
	r = converter_convert(out, name, in);
	(void)signal(SIGPIPE, old);
	return r;
}

void
charset_by_helper(void)
{
	charset_elsewhere(convert);
}
