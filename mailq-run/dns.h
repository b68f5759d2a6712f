/* Questions to the DNS and their answers, as they cross between the manager
 * and the resolver process (resolver.h). */
#ifndef MAILQ_RUN_DNS_H
#define MAILQ_RUN_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "session/record.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_OK, /* at least one record */
	DNS_NODATA, /* the name exists, without records of this type */
	DNS_NXDOMAIN,
	DNS_TEMP, /* nobody could tell: "why" */
	DNS_LOOP, /* CNAMEs without end */
};

enum {
	DNS_NAME = 256, /* text of a name with its NUL, no trailing dot; the
			 * root is "" */
	DNS_DATA = 255, /* octets of a record's data that are kept */
	DNS_RRS = 64, /* records of an answer that are kept */
	DNS_ALIASES = 8, /* CNAMEs followed */
	DNS_WINDOW = 64, /* questions in flight */
	DNS_SERVERS = 3,
};

struct dns_rr {
	uint16_t preference; /* MX */
	uint16_t len;
	/* MX, CNAME, PTR: the name, NUL-terminated; A, AAAA: 4 or 16 octets;
	 * TXT, TLSA: the data, a TXT's strings joined */
	char data[DNS_NAME];
};

struct dns_answer {
	uint32_t id; /* of the question */
	enum dns_type type;
	enum dns_status status;
	bool secure; /* AD bit of every step, from a resolver we trust */
	uint32_t ttl; /* the smallest */
	char name[DNS_NAME]; /* what was asked, behind all CNAMEs */
	char why[64]; /* DNS_TEMP */
	size_t count;
	struct dns_rr rr[DNS_RRS];
};

/* Whom to ask. */
struct dns_servers {
	size_t count;
	struct sockaddr_storage addr[DNS_SERVERS];
	socklen_t len[DNS_SERVERS];
	bool vouched; /* whoever set them up says so: trust-ad */
	bool trusted; /* their AD bit counts: vouched, or all on loopback */
};

/* From the config word `dns` ("ADDR" or "ADDR@PORT", " trust-ad" behind it or
 * not), or with "" from resolv.conf.  0; -1: fail_text(). */
int dns_servers(struct dns_servers *, const char *setting);

/* "1.2.0.192.zone" of the octets of 192.0.2.1, and so for IPv6: the name to ask
 * for an address in a list (RFC 5782), or with "" in in-addr.arpa or ip6.arpa
 * (RFC 1035 s. 3.5, RFC 3596 s. 2.5). */
void dns_reverse(char out[DNS_NAME], int family, const unsigned char *address,
    struct span zone);

/* Send a question; the answer carries the id.  0 / -1. */
int dns_ask(int sock, uint32_t id, enum dns_type, const char *name);
/* Read one.  0; -1: no question (EBADMSG). */
int dns_question(const struct record *, uint32_t *id, enum dns_type *,
    char name[DNS_NAME]);

/* Send an answer; records that do not fit into one record are left out, the
 * last ones first.  0 / -1. */
int dns_reply(int sock, const struct dns_answer *);
/* Read one; names in it are checked.  0; -1: EBADMSG. */
int dns_answer(const struct record *, struct dns_answer *);

#endif
