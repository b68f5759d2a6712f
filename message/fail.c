#include "message/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char text[512];

/* The text is cut when it is too long: it is for people only.  The error's
 * name comes from strerrordesc_np, which neither allocates nor looks at the
 * locale. */
__attribute__((format(printf, 2, 0))) static void
keep(int error, const char *format, va_list ap)
{
	const char *why;
	size_t used;
	int n;

	n = vsnprintf(text, sizeof text, format, ap);
	if (n < 0)
		text[0] = '\0';
	if (error == 0)
		return;
	used = strlen(text);
	why = strerrordesc_np(error);
	if (why != NULL)
		(void)snprintf(text + used, sizeof text - used, ": %s", why);
	else
		(void)snprintf(text + used, sizeof text - used, ": error %d",
		    error);
}

int
fail(const char *format, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, format);
	keep(error, format, ap);
	va_end(ap);
	errno = error;
	return -1;
}

int
fail_as(int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	keep(0, format, ap);
	va_end(ap);
	errno = error;
	return -1;
}

const char *
fail_text(void)
{
	return text;
}
