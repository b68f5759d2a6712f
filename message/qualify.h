/* Addresses without a domain, as programs of a host write them. */
#ifndef MESSAGE_QUALIFY_H
#define MESSAGE_QUALIFY_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/header.h"

/* Is it a field of addresses (RFC 5322 s. 3.6.2, 3.6.3 and 3.6.6)? */
bool qualify_is_for(struct span name);

/* Append the value of such a field with "@domain" behind each address that is
 * one word alone: "root (Cron Daemon)" and "Bob <bob>", but not "Backup Job",
 * which is none.  All else stays as it is. */
void qualify_put(struct buf *, struct span value, const char *domain);

#endif
