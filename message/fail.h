/* The text of what went wrong, kept until somebody reports it.
 *
 * A function that makes system calls ends a failed one with
 *	return fail("rename %s", name);
 * which keeps errno, stores "rename NAME: No space left on device" and gives
 * -1.  Nobody logs on the way up; who turns the failure into a reply logs
 * fail_text(). */
#ifndef MESSAGE_FAIL_H
#define MESSAGE_FAIL_H

/* Store the text and strerror(errno); errno is unchanged.  Always -1. */
int fail(const char *, ...) __attribute__((format(printf, 1, 2)));

/* The same for a failure that no system call had: errno is set to "error"
 * and its strerror is not appended.  Always -1. */
int fail_as(int error, const char *, ...) __attribute__((format(printf, 2, 3)));

/* The last text stored; "" before the first.  Valid until the next fail. */
const char *fail_text(void);

#endif
