/* The PROXY protocol, version 2: a TCP balancer in front of us says who the
 * client is, before the first octet of the session.
 *
 * MAY HOLD ROOT: what is read has a fixed layout of a few octets, and is read
 * only from addresses of the word `proxy-from`.  Nobody else's first octets
 * are looked at. */
#ifndef SESSION_PROXY_H
#define SESSION_PROXY_H

#include "session/config.h"
#include "session/start.h"

/* Is descriptor 0 a connection from such a balancer?  Then *p becomes its
 * client (never one of loopback), unless it is a connection of the balancer's
 * own (LOCAL), as for checks of health.
 * 0; -1: it sent something else, or nothing in time: close, nothing is to be
 * said.  It is logged why. */
int proxy_peer(const struct config *c, struct peer *p);

#endif
