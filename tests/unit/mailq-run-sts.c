#include "mailq-run/sts.h"

#include "message/fail.h"
#include "tests/unit/test.h"

static struct dns_answer txt;
static char id[STS_ID];

static int
record(const char *one, const char *two)
{
	const char *text[] = { one, two };

	memset(&txt, 0, sizeof(txt));
	txt.status = DNS_OK;
	for (size_t i = 0; i < 2 && text[i] != NULL; i++) {
		txt.rr[i].len = (uint16_t)strlen(text[i]);
		memcpy(txt.rr[i].data, text[i], strlen(text[i]));
		txt.count++;
	}
	return sts_record(&txt, id);
}

TEST(records)
{
	CHECK(record("v=STSv1; id=20160831085700Z;", NULL) == 1);
	CHECK_STR(id, "20160831085700Z");
	CHECK(record("v=STSv1;id=a", "v=spf1 -all") == 1);
	CHECK(record("v=spf1 -all", "v=STSv1; new=x; id=B") == 1);
	CHECK_STR(id, "B");
	/* Several are none (RFC 8461 s. 3.1). */
	CHECK(record("v=STSv1; id=a", "v=STSv1; id=b") == 0);
	CHECK(record("v=STSv1", NULL) == 0);
	CHECK(record("v=STSv1; id=", NULL) == 0);
	CHECK(record("v=STSv1; id=a-b", NULL) == 0);
	CHECK(record("v=STSv1; id=a; id=b", NULL) == 1);
	CHECK_STR(id, "a"); /* s. 3.2: the first of several */
	CHECK(record("v=STSv2; id=a", NULL) == 0);
	CHECK(record("id=a; v=STSv1", NULL) == 0);
	CHECK(
	    record("v=STSv1; id=123456789012345678901234567890123", NULL) == 0);
}

static struct sts s;

static int
policy(const char *text)
{
	return sts_parse(&s, span(text), 1000);
}

TEST(policies)
{
	CHECK(policy("version: STSv1\r\nmode: enforce\r\nmx: mail.example.com"
		     "\r\nmx: *.Example.NET\r\nmx: b\303\274cher.example\r\n"
		     "max_age: 604800\r\n") == 0);
	CHECK(s.mode == STS_ENFORCE && s.until == 1000 + 604800);
	CHECK(sts_match(&s, "mail.example.com"));
	CHECK(sts_match(&s, "a.example.net"));
	CHECK(sts_match(&s, "xn--bcher-kva.example"));
	CHECK(!sts_match(&s, "a.b.example.net"));
	CHECK(!sts_match(&s, "example.net"));
	CHECK(!sts_match(&s, "xmail.example.com"));
	CHECK(policy("version: STSv1\nmode: none\nmax_age: 1\nnew: x") == 0);
	CHECK(s.mode == STS_NONE && !sts_match(&s, "a"));
	/* Of all but mx the first counts (s. 3.2). */
	CHECK(policy("version: STSv1\nmode: enforce\nmode: none\nmx: a.b\n"
		     "max_age: 86400\nmax_age: 1\nversion: x\n") == 0);
	CHECK(s.mode == STS_ENFORCE && s.until == 1000 + 86400);
	CHECK(policy("version: STSv2\nversion: STSv1\nmode: none\n"
		     "max_age: 1\n") == -1);
	/* A year at most. */
	CHECK(policy("version: STSv1\nmode: none\nmax_age: 99999999") == 0);
	CHECK(s.until == 1000 + 31557600);
	CHECK(policy("") == -1);
	CHECK(policy("version: STSv1\nmode: enforce\nmax_age: 1\n") == -1);
	CHECK(policy("version: STSv1\nmode: most\nmax_age: 1\n") == -1);
	CHECK(policy("version: STSv1\nmode: none\nmax_age: -1\n") == -1);
	CHECK(policy("version: STSv2\nmode: none\nmax_age: 1\n") == -1);
	CHECK(policy("version: STSv1\nmode: testing\nmax_age: 1\nmx: a..b") ==
	    -1);
	CHECK_STR(fail_text(), "policy: mx is no host");
}

TEST(age)
{
	s = (struct sts){ .id = "a", .fetched = 0, .until = 100 };
	CHECK(!sts_stale(&s, "a", 50) && sts_stale(&s, "a", 51));
	CHECK(sts_stale(&s, "b", 0));
}
