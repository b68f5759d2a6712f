/* find-user NAME, find-user -u UID: who that is, asked of the name service.
 *
 * Prints a line of passwd(5) (password, gecos and shell empty) and exits 0;
 * 67: there is nobody; 75: it cannot be told now, and standard output says
 * why.  A program of its own, because what nsswitch.conf(5) names is loaded
 * into whoever asks: the sessions stay free of it, and small.
 *
 * MAY HOLD ROOT: sources of the name service may be for root alone. */
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SECONDS = 20 };

/* What getpwnam leaves in errno when there simply is no such name depends on
 * the module that was asked last. */
static bool
means_unknown(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH ||
	    error == EBADF || error == EPERM;
}

int
main(int argc, char *argv[])
{
	const struct passwd *pw;
	char *end;
	unsigned long uid;

	(void)alarm(SECONDS);
	errno = 0;
	if (argc == 2 && argv[1][0] != '-') {
		pw = getpwnam(argv[1]);
	} else if (argc == 3 && strcmp(argv[1], "-u") == 0) {
		uid = strtoul(argv[2], &end, 10);
		if (*end != '\0' || errno != 0)
			return EX_USAGE;
		pw = getpwuid((uid_t)uid);
	} else
		return EX_USAGE;
	if (pw == NULL && means_unknown(errno))
		return EX_NOUSER;
	if (pw == NULL)
		return puts(strerror(errno)) == EOF ? EX_IOERR : EX_TEMPFAIL;
	return printf("%s::%u:%u::%s:\n", pw->pw_name, pw->pw_uid, pw->pw_gid,
		   pw->pw_dir) < 0 ||
		fflush(stdout) == EOF ?
	    EX_IOERR :
	    0;
}
