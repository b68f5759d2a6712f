/* imap-session: one IMAP connection under a superserver (RFC 9051, RFC 3501).
 *
 * MAY HOLD ROOT, until session/front.c has become the user.  On a pipe there is
 * no login: see service_run. */
#include <string.h>
#include <unistd.h>

#include "imap-session/capability.h"
#include "imap-session/login.h"
#include "imap-session/name.h"
#include "imap-session/service.h"
#include "session/conn.h"
#include "session/front.h"

static int
take_option(int letter, const char *arg)
{
	switch (letter) {
	case 'k':
		service_keep_new();
		return 0;
	case 'n':
		name_as_courier();
		return strcmp(arg, "courier") == 0 ? 0 : -1;
	default:
		return capability_off(span(arg));
	}
}

static int
serve_user(const struct front_user *u)
{
	static struct conn conn;

	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, true);
	return service_run(&conn, u, u->size);
}

int
main(int argc, char **argv)
{
	static const struct front front = {
		.program = "imap-session",
		.usage = "[-k] [-n courier] [-x CAPABILITY]",
		.greeting = "* OK IMAP server ready\r\n",
		.trouble = "* BYE [UNAVAILABLE] Service not available now\r\n",
		.busy = "* BYE [LIMIT] Too many connections from your "
			"address\r\n",
		.letters = "kn:x:",
		.option = take_option,
		.serve = login_serve,
		.user = serve_user,
	};

	return front_main(&front, argc, argv);
}
