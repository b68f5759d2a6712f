/* Rights of the user in a mailbox (RFC 4314), also as LIST returns them. */
#ifndef IMAP_SESSION_ACL_H
#define IMAP_SESSION_ACL_H

#include "imap-session/imap.h"

/* Write the line "* MYRIGHTS mailbox rights" of one that exists. */
void acl_put_mine(struct imap *, const char *disk);

#endif
