/* Appending to a file of mail (mbox).  Called as its user. */
#ifndef SMTP_SESSION_MBOX_H
#define SMTP_SESSION_MBOX_H

#include "message/span.h"

/* Append "head" and what "fd" holds as one message, "From " lines in it
 * quoted with ">", durably.  /dev/null takes everything.
 * 0; -1: errno, fail_text(), and the file is as it was. */
int mbox_append(const char *path, const char *from, struct span head, int fd);

/* "From SENDER DATE", which begins a message. */
struct buf;
void mbox_line(struct buf *, const char *from);

#endif
