#include "mailq-run/packet.h"

#include <arpa/nameser.h>
#include <bsd/string.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "message/fail.h"

enum { HEAD = 12, OPT = 11, SEEN = 4096 };

static struct __res_state res;

int
packet_start(void)
{
	memset(&res, 0, sizeof(res));
	return res_ninit(&res) == 0 ? 0 : fail("res_ninit");
}

int
packet_query(unsigned char *out, uint16_t id, const char *name,
    enum dns_type type, bool edns)
{
	int n = res_nmkquery(&res, ns_o_query, name, ns_c_in, (int)type, NULL,
	    0, NULL, out, PACKET_QUERY - OPT);
	/* Root name, type OPT, our size; no extended flags, no options. */
	static const unsigned char opt[OPT] = {
		0,
		0,
		ns_t_opt,
		PACKET_EDNS >> 8,
		PACKET_EDNS & 0xff,
	};

	if (n < HEAD)
		return -1;
	ns_put16(id, out);
	out[2] = 1; /* RD */
	out[3] = 0x20; /* AD: tell us whether it is validated (RFC 6840) */
	if (edns) {
		memcpy(out + n, opt, OPT);
		out[11] = 1; /* one additional record */
		n += OPT;
	}
	return n;
}

/* Names compare without case; the parser writes none with a trailing dot. */
static bool
same(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

/* The question in the packet is ours. */
static bool
asked(ns_msg *m, uint16_t id, const char *name, enum dns_type type)
{
	ns_rr q;

	return ns_msg_id(*m) == id && ns_msg_getflag(*m, ns_f_qr) == 1 &&
	    ns_msg_getflag(*m, ns_f_opcode) == ns_o_query &&
	    ns_msg_count(*m, ns_s_qd) == 1 &&
	    ns_parserr(m, ns_s_qd, 0, &q) == 0 && same(ns_rr_name(q), name) &&
	    ns_rr_type(q) == (ns_type)type && ns_rr_class(q) == ns_c_in;
}

/* Expand the name at "at" of the record's data. */
static int
expand(const ns_msg *m, const unsigned char *at, char *out)
{
	int n = dn_expand(ns_msg_base(*m), ns_msg_end(*m), at, out, DNS_NAME);

	return n > 0 && strlen(out) < DNS_NAME ? n : -1;
}

/* The strings of a TXT record, joined. */
static int
read_txt(struct dns_rr *out, const unsigned char *p, size_t len)
{
	while (len > 0) {
		size_t n = *p;

		if (n + 1 > len || out->len + n > DNS_DATA)
			return -1;
		memcpy(out->data + out->len, p + 1, n);
		out->len = (uint16_t)(out->len + n);
		p += n + 1;
		len -= n + 1;
	}
	return 0;
}

/* One record's data; -1: bad, skip it. */
static int
read_rr(const ns_msg *m, const ns_rr *rr, enum dns_type type,
    struct dns_rr *out)
{
	const unsigned char *p = ns_rr_rdata(*rr);
	size_t len = ns_rr_rdlen(*rr);

	*out = (struct dns_rr){ .len = 0 };
	switch (type) {
	case DNS_MX:
		if (len < 3 || expand(m, p + 2, out->data) == -1)
			return -1;
		out->preference = (uint16_t)ns_get16(p);
		out->len = (uint16_t)strlen(out->data);
		return 0;
	case DNS_CNAME:
	case DNS_PTR:
		if (expand(m, p, out->data) == -1)
			return -1;
		out->len = (uint16_t)strlen(out->data);
		return 0;
	case DNS_TXT:
		return read_txt(out, p, len);
	case DNS_TLSA:
		/* One that is too long is one that cannot be used, which is
		 * not the same as none (RFC 7672 s. 2.2). */
		if (len > DNS_DATA)
			len = 1;
		memcpy(out->data, p, len);
		out->len = (uint16_t)len;
		return 0;
	default:
		if (len > DNS_DATA || (type == DNS_A && len != 4) ||
		    (type == DNS_AAAA && len != 16))
			return -1;
		memcpy(out->data, p, len);
		out->len = (uint16_t)len;
		return 0;
	}
}

/* Follow one CNAME from a->name: true when there was one. */
static bool
follow(struct dns_answer *a, ns_msg *m, int count)
{
	struct dns_rr target;
	ns_rr rr;

	for (int i = 0; i < count; i++) {
		if (ns_parserr(m, ns_s_an, i, &rr) == -1)
			return false;
		if (ns_rr_type(rr) != ns_t_cname ||
		    ns_rr_class(rr) != ns_c_in ||
		    !same(ns_rr_name(rr), a->name))
			continue;
		if (read_rr(m, &rr, DNS_CNAME, &target) == -1)
			return false;
		(void)strlcpy(a->name, target.data, sizeof(a->name));
		if (ns_rr_ttl(rr) < a->ttl)
			a->ttl = ns_rr_ttl(rr);
		return true;
	}
	return false;
}

static int
by_preference(const void *a, const void *b)
{
	const struct dns_rr *x = a, *y = b;

	return (int)x->preference - (int)y->preference;
}

/* Keep the record; of too many MX the worst go. */
static void
add(struct dns_answer *a, const struct dns_rr *rr)
{
	if (a->count < DNS_RRS) {
		a->rr[a->count++] = *rr;
	} else if (a->type == DNS_MX) {
		qsort(a->rr, a->count, sizeof(*a->rr), by_preference);
		if (rr->preference < a->rr[a->count - 1].preference)
			a->rr[a->count - 1] = *rr;
	}
}

static void
collect(struct dns_answer *a, ns_msg *m, int count)
{
	struct dns_rr one;
	ns_rr rr;

	for (int i = 0; i < count; i++) {
		if (ns_parserr(m, ns_s_an, i, &rr) == -1)
			return;
		if (ns_rr_type(rr) != (ns_type)a->type ||
		    ns_rr_class(rr) != ns_c_in ||
		    !same(ns_rr_name(rr), a->name) ||
		    read_rr(m, &rr, a->type, &one) == -1)
			continue;
		if (ns_rr_ttl(rr) < a->ttl)
			a->ttl = ns_rr_ttl(rr);
		add(a, &one);
	}
	if (a->type == DNS_MX && a->count > 1)
		qsort(a->rr, a->count, sizeof(*a->rr), by_preference);
}

static enum packet_got
answer(struct dns_answer *a, ns_msg *m, bool nxdomain)
{
	int count = ns_msg_count(*m, ns_s_an), aliases = 0;

	if (count > SEEN)
		count = SEEN;
	if (a->type != DNS_CNAME)
		while (follow(a, m, count))
			if (++aliases > DNS_ALIASES) {
				a->status = DNS_LOOP;
				return PACKET_ANSWER;
			}
	collect(a, m, count);
	if (a->count > 0)
		a->status = DNS_OK;
	else if (nxdomain)
		a->status = DNS_NXDOMAIN;
	else if (aliases > 0)
		return PACKET_ALIAS;
	else
		a->status = DNS_NODATA;
	return PACKET_ANSWER;
}

enum packet_got
packet_read(struct dns_answer *a, const unsigned char *p, size_t len,
    uint16_t id, const char *name, enum dns_type type)
{
	ns_msg m;
	int rcode;

	a->type = type;
	a->count = 0;
	a->ttl = UINT32_MAX;
	(void)strlcpy(a->name, name, sizeof(a->name));
	if (len < HEAD || len > UINT16_MAX ||
	    ns_initparse(p, (int)len, &m) == -1 || !asked(&m, id, name, type))
		return PACKET_STRANGE;
	rcode = ns_msg_getflag(m, ns_f_rcode);
	if (ns_msg_getflag(m, ns_f_tc) == 1)
		return PACKET_CUT;
	if (rcode == ns_r_formerr || rcode == ns_r_notimpl)
		return PACKET_PLAIN;
	a->secure = ns_msg_getflag(m, ns_f_ad) == 1;
	if (rcode != ns_r_noerror && rcode != ns_r_nxdomain) {
		(void)snprintf(a->why, sizeof(a->why), "%s",
		    rcode == ns_r_servfail    ? "server failure" :
			rcode == ns_r_refused ? "refused" :
						"strange answer code");
		return PACKET_REFUSED;
	}
	return answer(a, &m, rcode == ns_r_nxdomain);
}
