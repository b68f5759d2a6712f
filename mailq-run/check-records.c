/* What to publish, as lines of a zone file (RFC 1035 s. 5); what somebody else
 * has to publish, or can only be guessed, is a comment. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mailq-run/check.h"
#include "mailq-run/reach.h"
#include "message/domain.h"
#include "message/fail.h"
#include "session/tls.h"

static void
print_address(struct check *k, const struct check_address *a)
{
	char reverse[DNS_NAME];

	dns_reverse(reverse, a->family, a->octets, span(""));
	(void)printf("%s.\tIN %s\t%s\n", k->config.hostname,
	    a->family == AF_INET ? "A" : "AAAA", a->text);
	(void)printf("; by who gave you the address:\n; %s. IN PTR %s.\n",
	    reverse, k->config.hostname);
}

/* What the DNS has already, else what our interfaces have. */
static void
print_addresses(struct check *k)
{
	const struct check_addresses *l =
	    k->addresses.count > 0 ? &k->addresses : &k->own;
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		if (reach_of(l->at[i].family, l->at[i].octets) == REACH_ALL ||
		    (k->config.loopback_mx && l == &k->addresses)) {
			print_address(k, &l->at[i]);
			n++;
		}
	if (n == 0)
		(void)printf("; %s. IN A ADDRESS, by which others reach this "
			     "host; it is on no interface\n",
		    k->config.hostname);
}

static void
print_tlsa(struct check *k)
{
	static struct tls_certs certs;

	if (!tls_configured(&k->config) ||
	    tls_look(&k->config, k->config.hostname, &certs) == -1 ||
	    certs.count == 0) {
		(void)printf("; no TLSA record: there is no certificate\n");
		return;
	}
	(void)printf("; only where the zone is signed (DNSSEC); it holds as "
		     "long as the key, so keep\n; the key when the "
		     "certificate is renewed (certbot: --reuse-key)\n");
	for (uint32_t i = 0; i < certs.count; i++) {
		(void)printf("_25._tcp.%s.\tIN TLSA\t3 1 1 ",
		    k->config.hostname);
		for (size_t j = 0; j < sizeof(certs.cert->key_sha256); j++)
			(void)printf("%02x", certs.cert[i].key_sha256[j]);
		(void)printf("\n");
	}
}

/* Who may send for the domain, and what happens to others' mail. */
static void
print_policies(struct check *k, const char *domain)
{
	const struct routes_line *smart = routes_find(&k->routes, "");

	if (smart != NULL && !smart->mx)
		(void)printf("; mail leaves by %s: add the include: that its "
			     "owner names\n",
		    smart->host);
	(void)printf("%s.\tIN TXT\t\"v=spf1 mx -all\"\n", domain);
	(void)printf("_dmarc.%s.\tIN TXT\t\"v=DMARC1; p=none; "
		     "rua=mailto:postmaster@%s\"\n",
	    domain, domain);
	(void)printf("; p=quarantine when the reports show that all of your "
		     "mail is signed\n");
	(void)printf("; DKIM: SELECTOR._domainkey.%s. IN TXT, as "
		     "opendkim-genkey -d %s -s SELECTOR\n; prints it; "
		     "milters in mailroom.conf(5)\n",
	    domain, domain);
}

static void
print_sts(struct check *k, const char *domain)
{
	const time_t now = time(NULL);
	struct tm tm;
	char id[32] = "";

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(id, sizeof(id), "%Y%m%d%H%M%S", &tm);
	(void)printf("_smtp._tls.%s.\tIN TXT\t\"v=TLSRPTv1; "
		     "rua=mailto:postmaster@%s\"\n",
	    domain, domain);
	(void)printf("; only with the file "
		     "https://mta-sts.%s/.well-known/mta-sts.txt:\n"
		     "; version: STSv1\n; mode: enforce\n; mx: %s\n"
		     "; max_age: 604800\n",
	    domain, k->config.hostname);
	(void)printf("; _mta-sts.%s. IN TXT \"v=STSv1; id=%s\"\n", domain, id);
}

static void
print_services(struct check *k, const char *domain)
{
	static const struct {
		const char *name;
		unsigned priority, port;
	} srv[] = {
		{ "_submissions._tcp", 0, 465 },
		{ "_submission._tcp", 10, 587 },
		{ "_imaps._tcp", 0, 993 },
		{ "_pop3s._tcp", 10, 995 },
	};

	for (size_t i = 0; i < sizeof(srv) / sizeof(*srv); i++)
		(void)printf("%s.%s.\tIN SRV\t%u 1 %u %s.\n", srv[i].name,
		    domain, srv[i].priority, srv[i].port, k->config.hostname);
}

static int
print_domain(void *ctx, const char *domain)
{
	struct check *k = ctx;

	if (strcmp(domain, "localhost") == 0)
		return 0;
	(void)printf("\n; ---- %s\n", domain);
	(void)printf("%s.\tIN MX\t10 %s.\n", domain, k->config.hostname);
	print_policies(k, domain);
	print_sts(k, domain);
	print_services(k, domain);
	return 0;
}

int
check_records(struct check *k, char **domain)
{
	char folded[DOMAIN_MAX + 1];
	size_t n = 0;

	(void)routes_load(&k->routes, &k->config);
	check_know(k);
	(void)printf("; ---- %s, this host\n", k->config.hostname);
	if (strchr(k->config.hostname, '.') == NULL)
		(void)printf("; first give it a full name: hostname in "
			     "mailroom.conf\n");
	print_addresses(k);
	print_tlsa(k);
	for (; domain[n] != NULL; n++) {
		if (domain_fold(folded, span(domain[n])) == -1)
			return fail_as(EINVAL, "%s: not a domain", domain[n]);
		(void)print_domain(k, folded);
	}
	return n > 0 ? 0 : config_domains(&k->config, print_domain, k);
}
