#include "session/config.h"

#include "session/milter-place.h"
#include "tests/fuzz/place.h"

static void
text(const char *s, size_t size)
{
	PROMISE(strnlen(s, size) < size);
}

/* Whatever stands in mailroom.conf, what is taken from it is in its bounds. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config c;

	place_write("mailroom.conf", data, len);
	if (config_load(&c, place) == -1)
		return 0;
	text(c.hostname, sizeof(c.hostname));
	text(c.spool, sizeof(c.spool));
	text(c.log, sizeof(c.log));
	text(c.retry, sizeof(c.retry));
	PROMISE(c.hostname[0] != '\0' && c.spool[0] == '/');
	PROMISE(c.smtp_port != 0 && c.size >= 65536);
	PROMISE(c.recipients >= 100 && c.recipients <= 1000);
	PROMISE(c.connections <= CONFIG_MAX_CONNECTIONS);
	PROMISE(milter_places_ok(span(c.milters)));
	return 0;
}
