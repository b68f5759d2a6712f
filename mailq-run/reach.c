#include "mailq-run/reach.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

static enum reach
reach4(const unsigned char *octets)
{
	uint32_t ip;

	memcpy(&ip, octets, sizeof(ip));
	ip = ntohl(ip);
	if (ip >> 24 == 127 || ip >> 24 == 0)
		return REACH_HOST;
	if (ip >> 28 >= 14)
		return REACH_NONE;
	if (ip >> 24 == 10 || ip >> 20 == 0xac1 || ip >> 16 == 0xc0a8 ||
	    ip >> 16 == 0xa9fe || ip >> 22 == 0x64400000 >> 22)
		return REACH_SITE;
	return REACH_ALL;
}

enum reach
reach_of(int family, const unsigned char *octets)
{
	struct in6_addr ip;

	if (family == AF_INET)
		return reach4(octets);
	memcpy(&ip, octets, sizeof(ip));
	if (IN6_IS_ADDR_V4MAPPED(&ip))
		return reach4(octets + 12);
	if (IN6_IS_ADDR_LOOPBACK(&ip) || IN6_IS_ADDR_UNSPECIFIED(&ip))
		return REACH_HOST;
	if (IN6_IS_ADDR_MULTICAST(&ip))
		return REACH_NONE;
	if (IN6_IS_ADDR_LINKLOCAL(&ip) || IN6_IS_ADDR_SITELOCAL(&ip) ||
	    (octets[0] & 0xfe) == 0xfc)
		return REACH_SITE;
	return REACH_ALL;
}
