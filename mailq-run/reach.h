/* Who can reach an address: everybody, or only those who are near it. */
#ifndef MAILQ_RUN_REACH_H
#define MAILQ_RUN_REACH_H

enum reach {
	REACH_ALL,
	REACH_HOST, /* this one: loopback, and "no address" */
	REACH_SITE, /* private, link-local, shared behind a provider's NAT */
	REACH_NONE, /* no host: multicast, reserved */
};

/* Of the octets of an address, AF_INET or AF_INET6 (RFC 6890; RFC 1918, 3927,
 * 4193, 4291, 6598).  IPv4 in its IPv6 form is IPv4. */
enum reach reach_of(int family, const unsigned char *octets);

#endif
