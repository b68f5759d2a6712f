/* By what clients are counted: one IPv4 address, or the half of an IPv6
 * address that names a network, because that is what one of them owns. */
#ifndef SESSION_ADDRESS_H
#define SESSION_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "message/span.h"

struct address_key {
	unsigned char octets[8]; /* all zero: no Internet address */
};

/* IPv4 in its IPv6 form ("::ffff:192.0.2.1") becomes IPv4. */
void address_unmap(struct sockaddr_storage *);

/* Unmaps it too.  Address and port as text, into ip[INET6_ADDRSTRLEN] and
 * port[8]; *loop: from 127/8 or ::1.  Other families leave all three alone. */
void address_text(struct sockaddr_storage *, char *ip, char *port, bool *loop);

/* Unmaps it too. */
struct address_key address_key(struct sockaddr_storage *);

/* A list of "192.0.2.1", "2001:db8::/32" ..., blanks between: is it one, and
 * is an address (as text) in it? */
bool address_list_ok(struct span list);
bool address_listed(struct span list, const char *ip);

/* The same key from text; "" and what is no address give zero. */
struct address_key address_key_text(const char *ip);

#endif
