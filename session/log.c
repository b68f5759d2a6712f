/* Lines to syslog or a file, over one descriptor that survives everything.
 *
 * Not syslog(3): that one opens its socket again when it likes, which a
 * process in a chroot or under seccomp cannot, and hides the descriptor that
 * an exec should keep. */
#include "session/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char *ident = "mailroom";
static char id[16];
static bool file; /* LOG_FD is a file: one line per write, our own time */
static void (*elsewhere)(int, const char *, size_t);

static int
open_syslog(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd;

	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd != -1 &&
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	if (fd != -1)
		(void)close(fd);
	return -1;
}

void
log_open(const char *program, const char *to)
{
	int fd;

	ident = program;
	file = to != NULL && strcmp(to, "syslog") != 0;
	if (file)
		fd = open(to,
		    O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK,
		    0640);
	else
		fd = open_syslog();
	if (fd == LOG_FD)
		return;
	if (fd == -1) { /* keep the number, so that nothing else takes it */
		file = true;
		fd = open("/dev/null", O_WRONLY);
	}
	if (fd != -1 && fd != LOG_FD) {
		(void)dup2(fd, LOG_FD);
		(void)close(fd);
	}
}

void
log_inherit(const char *program)
{
	int type;
	socklen_t len = sizeof(type);

	ident = program;
	file = getsockopt(LOG_FD, SOL_SOCKET, SO_TYPE, &type, &len) == -1;
}

void
log_id(const char *s)
{
	(void)snprintf(id, sizeof(id), "%s", s);
}

const char *
log_id_get(void)
{
	return id;
}

static void
digits(char *out, int n, uint64_t value)
{
	static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";

	while (n-- > 0) {
		out[n] = base62[value % 62];
		value /= 62;
	}
}

/* Seconds since 2025, then pid and a count: ids sort by time, and two of one
 * second differ by process or, for 8192 of one process, by count. */
void
log_id_new(char *out)
{
	static uint32_t count;
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (count == 0) /* an exec keeps the pid and loses the count */
		count = (uint32_t)t.tv_nsec >> 10;
	count++;
	digits(out, 5, (uint64_t)t.tv_sec - 1735689600);
	digits(out + 5, 6,
	    ((uint64_t)getpid() & 0x3fffff) << 13 | (count & 0x1fff));
	out[11] = '\0';
}

void
log_to(void (*writer)(int, const char *, size_t))
{
	elsewhere = writer;
}

/* Printable ASCII as it is, all else as \xHH; out takes LOG_LINE_MAX + 1. */
static size_t
escape(char *out, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		bool plain = c >= ' ' && c < 0x7f;

		if (n + (plain ? 1 : 4) > LOG_LINE_MAX - 3) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	out[n] = '\0';
	return n;
}

/* "2026-11-21T00:00:00.000Z"; not gmtime_r, which reads the zone files. */
static int
utc(char *out, size_t size)
{
	struct timespec now;
	long days, sec, era, doe, yoe, doy, m;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	sec = now.tv_sec % 86400;
	/* Years of 400 begin in March, so that leap days come last. */
	days = now.tv_sec / 86400 + 719468;
	era = days / 146097;
	doe = days % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	m = (5 * doy + 2) / 153;
	return snprintf(out, size, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%03ldZ",
	    era * 400 + yoe + (m >= 10), m < 10 ? m + 3 : m - 9,
	    doy - (153 * m + 2) / 5 + 1, sec / 3600, sec / 60 % 60, sec % 60,
	    now.tv_nsec / 1000000);
}

/* What stands before the text.  A file gets the time; syslogd has its own
 * clock and needs no zone of ours, which a process in a chroot could not
 * read (RFC 3164 s. 4.3.2). */
static int
head(char *out, size_t size, int priority)
{
	int n = file ? utc(out, size) :
		       snprintf(out, size, "<%d>", LOG_MAIL | priority);

	return n +
	    snprintf(out + n, size - (size_t)n, "%s%s[%ld]: ", file ? " " : "",
		ident, (long)getpid());
}

void
log_raw(int priority, const char *line, size_t len)
{
	char out[LOG_LINE_MAX + 128];
	size_t n;
	int e = errno;

	n = (size_t)head(out, 100, priority & LOG_PRIMASK);
	n += escape(out + n, line, len);
	if (file)
		out[n++] = '\n';
	if (file)
		(void)!write(LOG_FD, out, n);
	else
		(void)send(LOG_FD, out, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	errno = e;
}

void
log_line(int priority, const char *format, ...)
{
	char line[LOG_LINE_MAX + 2];
	va_list ap;
	int n = 0, m, e = errno;

	if (id[0] != '\0')
		n = snprintf(line, sizeof(line), "%s ", id);
	errno = e; /* for %m */
	va_start(ap, format);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n, format, ap);
	va_end(ap);
	if (m < 0)
		return;
	n += m;
	if (n > LOG_LINE_MAX + 1) /* escape() sees that there was more */
		n = LOG_LINE_MAX + 1;
	if (elsewhere != NULL)
		elsewhere(priority, line, (size_t)n);
	else
		log_raw(priority, line, (size_t)n);
	errno = e;
}
