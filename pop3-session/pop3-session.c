/* pop3-session: one POP3 connection under a superserver (RFC 1939).
 *
 * MAY HOLD ROOT, until session/front.c has become the user.  On a pipe there is
 * no login: see session_serve. */
#include <unistd.h>

#include "pop3-session/login.h"
#include "pop3-session/session.h"
#include "session/conn.h"
#include "session/front.h"

static bool trash;

static int
take_option(int letter, const char *arg)
{
	(void)letter; /* there is only -t */
	(void)arg;
	trash = true;
	return 0;
}

static int
serve_user(const struct front_user *u)
{
	static struct conn conn;
	const struct service s = {
		.conn = &conn,
		.maildir = u->maildir,
		.user = u->name,
		.ip = u->ip,
		.welcome = u->id[0] == '\0' ? "Your own mail" : "Logged in",
		.trash = trash,
	};

	conn_init(&conn, STDIN_FILENO, STDOUT_FILENO, true);
	return session_serve(&s);
}

int
main(int argc, char **argv)
{
	static const struct front front = {
		.program = "pop3-session",
		.usage = "[-t]",
		.greeting = "+OK POP3 server ready\r\n",
		.trouble = "-ERR [SYS/TEMP] Service not available now\r\n",
		.busy = "-ERR [SYS/TEMP] Too many connections from your "
			"address\r\n",
		.letters = "t",
		.option = take_option,
		.serve = login_serve,
		.user = serve_user,
	};

	return front_main(&front, argc, argv);
}
