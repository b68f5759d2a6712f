#include "mailq-run/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
check_say(struct check *k, enum check_level level, const char *where,
    const char *fix, const char *what, ...)
{
	va_list ap;

	if (level > k->worst)
		k->worst = level;
	(void)printf("%s: %s: %s: ", level == CHECK_FAULT ? "fault" : "warning",
	    k->topic, where);
	va_start(ap, what);
	(void)vprintf(what, ap);
	va_end(ap);
	(void)printf("; %s\n", fix);
}

void
check_ok(struct check *k, const char *what, ...)
{
	va_list ap;

	if (!k->verbose)
		return;
	(void)printf("ok: %s: ", k->topic);
	va_start(ap, what);
	(void)vprintf(what, ap);
	va_end(ap);
	(void)printf("\n");
}

const char *
check_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void
check_sibling(char path[PATH_MAX], const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	path[0] = '\0';
	if (slash != NULL &&
	    (size_t)(slash - self) + strlen(name) + 2 < PATH_MAX)
		(void)snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self),
		    self, name);
}
