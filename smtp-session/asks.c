/* The parser's own count of what it has asked, so that the monitor has no
 * reason to end a connection that is only long.  One process has one client. */
#include "smtp-session/asks.h"

#include <errno.h>

#include "smtp-session/rights.h"

static unsigned used[MONITOR_KINDS];

int
asks_send(int monitor, uint32_t kind, int value, struct span data, int fd)
{
	if (used[kind] >= smtp_rights[kind].times) {
		errno = EUSERS;
		return -1;
	}
	used[kind]++;
	return record_send(monitor, kind, value, data, fd);
}

bool
asks_many(void)
{
	return used[ASK_RCPT] > smtp_rights[ASK_RCPT].times / 2 ||
	    used[ASK_GREY] > smtp_rights[ASK_GREY].times / 2 ||
	    monitor_lines() > smtp_rights[ASK_LOG].times / 2;
}
