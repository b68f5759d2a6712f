/* A process that knows the character sets of iconv(3), for those that do not:
 * its modules are out of reach behind a sandbox, may not be loaded into a
 * program that has its C library within, and are too large for each session.
 *
 * It sleeps.  The first text that needs it makes it load all modules and go
 * into a sandbox of its own, which has no files at all, before it looks at the
 * first octet.  It ends with who asks. */
#ifndef SESSION_CONVERTER_H
#define SESSION_CONVERTER_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

/* Have one for charset_elsewhere, forked from this process now.  Where none can
 * be had, its sets stay unknown. */
void converter_start(void);

/* Start the helper to-utf8 as one, from the directory of this program or from
 * "helpers".  0; -1: errno, and fail_text(). */
int converter_exec(const char *helpers);

/* A charset_converter, that asks whichever was started. */
int converter_convert(struct buf *out, const char *name, struct span in);

/* Be one, for who is at the other end of descriptor 0. */
_Noreturn void converter_serve(void);

#endif
