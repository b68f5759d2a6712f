/* From a draft to a sent message. */
#ifndef MAILDIR_CMD_SEND_H
#define MAILDIR_CMD_SEND_H

#include "maildir/cmd.h"
#include "message/buf.h"
#include "message/date.h"
#include "message/span.h"

/* Send the draft in that file: UTF-8, fields, an empty line, the text.  Beside
 * fields of the message it has those of maildir/cmd-files.h, and
 *	Original: FLAG UID FOLDER	a message that is marked when it was sent
 * A copy goes to Sent, then the file is removed.  0; -1: it is still there, and
 * why and where was said. */
int send_draft(struct cmd *, const char *path);

/* Give the message to sendmail for these addresses, NULL at their end.  "from":
 * envelope sender, "<>" for none; NULL: the user.  0; -1: said why. */
int send_message(struct cmd *, struct span message, const char *from,
    char **address);

/* All of the file "fd" is open at, which is closed.  0; -1. */
int send_read(struct buf *, int fd);

/* A Message-ID with its brackets. */
void send_id(struct buf *);
/* The present date, in the local zone. */
char *send_date(char now[DATE_SIZE]);

#endif
