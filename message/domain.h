/* Domain names: folding, IDN (libidn2), address literals. */
#ifndef MESSAGE_DOMAIN_H
#define MESSAGE_DOMAIN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "message/span.h"

enum { DOMAIN_MAX = 255 };

/* Fold to the form in which names are compared and looked up: lower case,
 * no trailing dot, A-labels (RFC 5890) when it has octets above 0x7f.
 * "out" takes DOMAIN_MAX + 1 octets and is NUL-terminated.
 * 0; -1: no host name (empty label, label > 63, name > 253, bad octet,
 * IDNA error). Underscores are tolerated. */
int domain_fold(char *out, struct span name);

/* An address literal with its brackets, "[192.0.2.1]" or "[IPv6:2001:db8::1]"
 * (RFC 5321 s. 4.1.3).  0: *ss and *len are set, port 0.  -1: none. */
int domain_literal(struct span, struct sockaddr_storage *ss, socklen_t *len);

#endif
