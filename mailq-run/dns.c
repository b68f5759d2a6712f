#include "mailq-run/dns.h"

#include <arpa/inet.h>
#include <bsd/string.h>
#include <errno.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

#include "message/fail.h"
#include "message/span.h"

enum dns_kind { DNS_ASK = 1, DNS_SAYS = 2 };

/* What goes in front of an answer's records. */
struct head {
	uint16_t type;
	uint8_t status;
	uint8_t secure;
	uint32_t ttl;
	uint32_t count;
	char name[DNS_NAME];
	char why[64];
};

struct rr_head {
	uint16_t preference;
	uint16_t len;
};

static bool
loopback(const struct sockaddr_storage *ss)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	memcpy(&in6, ss, sizeof(in6));
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

/* Add a server by its text; 0 / -1. */
static int
add_server(struct dns_servers *s, const char *ip, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	size_t i = s->count;

	if (i == DNS_SERVERS)
		return 0;
	if (inet_pton(AF_INET, ip, &in.sin_addr) == 1) {
		in.sin_port = htons(port);
		memcpy(&s->addr[i], &in, sizeof(in));
		s->len[i] = sizeof(in);
	} else if (inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1) {
		in6.sin6_port = htons(port);
		memcpy(&s->addr[i], &in6, sizeof(in6));
		s->len[i] = sizeof(in6);
	} else {
		return -1;
	}
	s->trusted =
	    s->vouched || ((i == 0 || s->trusted) && loopback(&s->addr[i]));
	s->count++;
	return 0;
}

static void
add_address(struct dns_servers *s, const void *p, socklen_t len)
{
	size_t i = s->count;

	if (i == DNS_SERVERS)
		return;
	memcpy(&s->addr[i], p, len);
	s->len[i] = len;
	s->trusted =
	    s->vouched || ((i == 0 || s->trusted) && loopback(&s->addr[i]));
	s->count++;
}

/* What libc found in resolv.conf. */
static int
from_system(struct dns_servers *s)
{
	struct __res_state res;

	memset(&res, 0, sizeof(res));
	if (res_ninit(&res) == -1)
		return fail_as(EIO, "cannot read resolv.conf");
	s->vouched = (res.options & RES_TRUSTAD) != 0;
	for (int i = 0; i < res.nscount && i < MAXNS; i++) {
		if (res.nsaddr_list[i].sin_family == AF_INET)
			add_address(s, &res.nsaddr_list[i],
			    sizeof(struct sockaddr_in));
		else if (res._u._ext.nsaddrs[i] != NULL)
			add_address(s, res._u._ext.nsaddrs[i],
			    sizeof(struct sockaddr_in6));
	}
	res_nclose(&res);
	if (s->count == 0)
		(void)add_server(s, "127.0.0.1", 53);
	return 0;
}

int
dns_servers(struct dns_servers *s, const char *setting)
{
	struct span words, rest, addr;
	char ip[INET6_ADDRSTRLEN];
	uint64_t port = 53;

	*s = (struct dns_servers){ .count = 0 };
	if (setting[0] == '\0')
		return from_system(s);
	words = span(setting);
	rest = span_word(&words);
	s->vouched = span_eq(span_trim(words), span("trust-ad"));
	addr = span_cut(&rest, '@');
	if (addr.len >= sizeof(ip) ||
	    (rest.len > 0 && span_number(rest, 65535, &port) == -1))
		return fail_as(EINVAL, "dns: \"%s\" is no ADDR@PORT", setting);
	memcpy(ip, addr.p, addr.len);
	ip[addr.len] = '\0';
	if (add_server(s, ip, (uint16_t)port) == -1)
		return fail_as(EINVAL, "dns: \"%s\" is no address", ip);
	return 0;
}

void
dns_reverse(char out[DNS_NAME], int family, const unsigned char *address,
    struct span zone)
{
	char *at = out;

	if (zone.len == 0)
		zone = span(family == AF_INET ? "in-addr.arpa" : "ip6.arpa");
	if (family == AF_INET)
		at += snprintf(out, DNS_NAME, "%u.%u.%u.%u.", address[3],
		    address[2], address[1], address[0]);
	for (int i = family == AF_INET ? -1 : 15; i >= 0; i--)
		at += snprintf(at, (size_t)(out + DNS_NAME - at), "%x.%x.",
		    address[i] & 15, address[i] >> 4);
	(void)snprintf(at, (size_t)(out + DNS_NAME - at), "%.*s", (int)zone.len,
	    zone.p);
}

int
dns_ask(int sock, uint32_t id, enum dns_type type, const char *name)
{
	char data[2 + DNS_NAME];
	uint16_t t = (uint16_t)type;
	size_t n = strlen(name);

	if (n >= DNS_NAME)
		return fail_as(EMSGSIZE, "name too long for the DNS");
	memcpy(data, &t, 2);
	memcpy(data + 2, name, n);
	return record_send(sock, DNS_ASK, (int32_t)id, span_n(data, 2 + n), -1);
}

static bool
known(uint16_t type)
{
	return type == DNS_A || type == DNS_CNAME || type == DNS_PTR ||
	    type == DNS_MX || type == DNS_TXT || type == DNS_AAAA ||
	    type == DNS_TLSA;
}

int
dns_question(const struct record *r, uint32_t *id, enum dns_type *type,
    char name[DNS_NAME])
{
	uint16_t t;
	size_t n;

	if (r->kind != DNS_ASK || r->len < 3 || r->len - 2 >= DNS_NAME)
		return fail_as(EBADMSG, "no question");
	memcpy(&t, r->data, 2);
	n = r->len - 2;
	if (!known(t) || memchr(r->data + 2, '\0', n) != NULL)
		return fail_as(EBADMSG, "no question");
	*id = (uint32_t)r->value;
	*type = (enum dns_type)t;
	memcpy(name, r->data + 2, n);
	name[n] = '\0';
	return 0;
}

int
dns_reply(int sock, const struct dns_answer *a)
{
	struct head h = {
		.type = (uint16_t)a->type,
		.status = (uint8_t)a->status,
		.secure = a->secure,
		.ttl = a->ttl,
	};
	char data[RECORD_DATA - 1];
	size_t at = sizeof(h);

	for (size_t i = 0; i < a->count; i++) {
		struct rr_head rh = {
			.preference = a->rr[i].preference,
			.len = a->rr[i].len,
		};

		if (sizeof(data) - at < sizeof(rh) + rh.len)
			break;
		memcpy(data + at, &rh, sizeof(rh));
		memcpy(data + at + sizeof(rh), a->rr[i].data, rh.len);
		at += sizeof(rh) + rh.len;
		h.count++;
	}
	(void)strlcpy(h.name, a->name, sizeof(h.name));
	(void)strlcpy(h.why, a->why, sizeof(h.why));
	memcpy(data, &h, sizeof(h));
	return record_send(sock, DNS_SAYS, (int32_t)a->id, span_n(data, at),
	    -1);
}

/* A host name that can be looked up and shown; "" is the root. */
static bool
name_ok(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f)
			return false;
	return len < DNS_NAME;
}

static bool
rr_ok(enum dns_type type, const struct dns_rr *rr)
{
	switch (type) {
	case DNS_A:
		return rr->len == 4;
	case DNS_AAAA:
		return rr->len == 16;
	case DNS_MX:
	case DNS_CNAME:
	case DNS_PTR:
		return name_ok(rr->data, rr->len);
	default:
		return true;
	}
}

int
dns_answer(const struct record *r, struct dns_answer *a)
{
	struct head h;
	size_t at = sizeof(h);

	if (r->kind != DNS_SAYS || r->len < sizeof(h))
		return fail_as(EBADMSG, "no answer of the resolver");
	memcpy(&h, r->data, sizeof(h));
	if (!known(h.type) || h.status > DNS_LOOP || h.count > DNS_RRS ||
	    memchr(h.name, '\0', sizeof(h.name)) == NULL ||
	    memchr(h.why, '\0', sizeof(h.why)) == NULL ||
	    !name_ok(h.name, strlen(h.name)))
		return fail_as(EBADMSG, "bad answer of the resolver");
	a->id = (uint32_t)r->value;
	a->type = (enum dns_type)h.type;
	a->status = (enum dns_status)h.status;
	a->secure = h.secure != 0;
	a->ttl = h.ttl;
	a->count = h.count;
	memcpy(a->name, h.name, sizeof(a->name));
	memcpy(a->why, h.why, sizeof(a->why));
	for (size_t i = 0; i < a->count; i++) {
		struct dns_rr *rr = &a->rr[i];
		struct rr_head rh;

		if (r->len - at < sizeof(rh))
			return fail_as(EBADMSG, "short answer");
		memcpy(&rh, r->data + at, sizeof(rh));
		at += sizeof(rh);
		if (rh.len > DNS_DATA || r->len - at < rh.len)
			return fail_as(EBADMSG, "short answer");
		rr->preference = rh.preference;
		rr->len = rh.len;
		memcpy(rr->data, r->data + at, rh.len);
		rr->data[rh.len] = '\0';
		at += rh.len;
		if (!rr_ok(a->type, rr))
			return fail_as(EBADMSG, "bad record");
	}
	return at == r->len ? 0 : fail_as(EBADMSG, "long answer");
}
