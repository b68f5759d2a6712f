/* Floor: the least that a receiver can do and keep its promise: write, fsync,
 * rename, fsync of the directory.  No policy, no log, no checks.
 *
 * usage: floor MAILDIR UID       descriptors 0 and 1 are the connection */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static char content[1 << 20];

static void
say(const char *s)
{
	if (fputs(s, stdout) == EOF || fflush(stdout) == EOF)
		exit(1);
}

/* Content up to the dot, unstuffed, with LF line ends. */
static size_t
receive(void)
{
	char line[2048];
	size_t n = 0;

	while (fgets(line, sizeof line, stdin) != NULL) {
		const char *p = line + (line[0] == '.');
		size_t len = strlen(p);

		if (strcmp(line, ".\r\n") == 0)
			return n;
		if (len > 1 && p[len - 2] == '\r')
			len--;
		if (n + len > sizeof content)
			break;
		memcpy(content + n, p, len);
		n += len;
		content[n - 1] = '\n';
	}
	exit(1);
}

static int
deliver(int newdir, size_t len)
{
	static unsigned count;
	char tmp[100], new[100];
	struct timespec t;
	int fd;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	(void)snprintf(tmp, sizeof tmp, "tmp/%lld.%ld.%d.%u",
	    (long long)t.tv_sec, t.tv_nsec, (int)getpid(), count++);
	(void)snprintf(new, sizeof new, "new/%s", tmp + 4);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd == -1 || write(fd, content, len) != (ssize_t)len ||
	    fsync(fd) == -1 || rename(tmp, new) == -1 || fsync(newdir) == -1)
		return -1;
	return close(fd);
}

int
main(int argc, char *argv[])
{
	char line[2048];
	int newdir;

	if (argc != 3 || chdir(argv[1]) == -1 ||
	    setgid((gid_t)atoi(argv[2])) == -1 ||
	    setuid((uid_t)atoi(argv[2])) == -1 ||
	    (newdir = open("new", O_RDONLY | O_DIRECTORY)) == -1)
		return 1;
	say("220 floor ESMTP\r\n");
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strncasecmp(line, "QUIT", 4) == 0) {
			say("221 bye\r\n");
			return 0;
		}
		if (strncasecmp(line, "DATA", 4) == 0) {
			say("354 go\r\n");
			if (deliver(newdir, receive()) == -1)
				return 1;
		}
		say("250 ok\r\n");
	}
	return 0;
}
