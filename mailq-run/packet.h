/* DNS packets: RFC 1035 s. 4, EDNS RFC 6891.  libresolv knows the wire form;
 * what is believed of a packet is decided here. */
#ifndef MAILQ_RUN_PACKET_H
#define MAILQ_RUN_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailq-run/dns.h"

enum { PACKET_QUERY = 512, PACKET_EDNS = 1232 };

/* To be called once before packet_query, and before a chroot. */
int packet_start(void);

/* A query into out[PACKET_QUERY].  Its length; -1: no name for the DNS. */
int packet_query(unsigned char *out, uint16_t id, const char *name,
    enum dns_type, bool edns);

enum packet_got {
	PACKET_ANSWER, /* *a is filled: status, records, name */
	PACKET_ALIAS, /* a->name is where a CNAME leads; ask that */
	PACKET_CUT, /* TC: ask by TCP */
	PACKET_PLAIN, /* the server does not know EDNS */
	PACKET_REFUSED, /* the server will not or cannot tell: a->why */
	PACKET_STRANGE, /* not an answer to this query: as if it never came */
};

/* Read a packet that answers the query for id, name and type.  a->secure is
 * its AD bit.  MX records come out sorted by preference, so that the best are
 * kept when there are too many. */
enum packet_got packet_read(struct dns_answer *a, const unsigned char *p,
    size_t len, uint16_t id, const char *name, enum dns_type);

#endif
