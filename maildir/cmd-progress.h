/* How far long work is, on a terminal. */
#ifndef MAILDIR_CMD_PROGRESS_H
#define MAILDIR_CMD_PROGRESS_H

#include <stdint.h>

/* Show "what" with a bar on standard error, a few times in a second, when that
 * is a terminal; nothing else.  "total" 0: nobody knows.  With done == total
 * the line is cleared, which must come before any other output there. */
void progress(const char *what, uint64_t done, uint64_t total);

/* The same for one long call, of which nothing is known until it ends: a sign
 * of life until progress_over. */
void progress_wait(const char *what);
void progress_over(void);

#endif
