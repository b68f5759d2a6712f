#include "session/users.h"

#include "tests/fuzz/place.h"

/* The first line is a name, the rest the users file.  Nobody is root. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config c;
	struct span rest = { (const char *)data, len };
	struct span first = span_cut(&rest, '\n');
	char name[128];
	struct user u;

	place_write("users", (const uint8_t *)rest.p, rest.len);
	(void)snprintf(c.dir, sizeof(c.dir), "%s", place);
	(void)snprintf(name, sizeof(name), "%.*s", (int)first.len,
	    first.len > 0 ? first.p : "");
	memset(&u, 0, sizeof(u));
	if (users_find(&c, name, &u) == 1) {
		PROMISE(strnlen(u.name, sizeof(u.name)) < sizeof(u.name));
		PROMISE(u.name[0] != '\0' && u.name[0] != '-' &&
		    strchr(u.name, '/') == NULL);
		PROMISE(strnlen(u.home, sizeof(u.home)) < sizeof(u.home));
		PROMISE(geteuid() != 0 || u.role.uid != 0);
	}
	users_forget(&u);
	(void)users_have_keys(&c);
	return 0;
}
