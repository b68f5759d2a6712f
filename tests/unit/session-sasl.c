/* SASL between a client and a parser, and the exchange behind it. */
#include "session/sasl.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/auth.h"
#include "tests/unit/scram-client.h"
#include "tests/unit/test.h"

enum { ALL = SASL_PLAIN | SASL_LOGIN | SASL_SCRAM | SASL_SCRAM_PLUS };

static struct sasl s;

/* AUTH with an initial response, or without (NULL). */
static enum sasl_step
begin(const char *mechanism, const char *initial)
{
	struct span i = span(initial == NULL ? "" : initial);

	return sasl_begin(&s, span(mechanism), ALL,
	    initial == NULL ? NULL : &i);
}

static enum sasl_step
begin_octets(const char *mechanism, struct span octets)
{
	enum sasl_step step;
	struct buf b;

	buf_init(&b, 10000);
	base64_put(&b, octets);
	step = begin(mechanism, b.p);
	buf_free(&b);
	return step;
}

static enum sasl_step
line(struct span octets)
{
	enum sasl_step step;
	struct buf b;

	buf_init(&b, 10000);
	base64_put(&b, octets);
	step = sasl_line(&s, buf_all(&b));
	buf_free(&b);
	return step;
}

TEST(offers)
{
	struct buf b;

	buf_init(&b, 100);
	sasl_names(&b, SASL_PLAIN | SASL_LOGIN);
	CHECK_SPAN(buf_all(&b), "PLAIN LOGIN");
	buf_reset(&b);
	buf_str(&b, "250-AUTH ");
	sasl_names(&b, ALL);
	CHECK_SPAN(buf_all(&b),
	    "250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN");
	buf_free(&b);
	CHECK(sasl_begin(&s, span("LOGIN"), SASL_PLAIN, NULL) == SASL_UNKNOWN);
	sasl_end(&s);
	CHECK(begin("CRAM-MD5", NULL) == SASL_UNKNOWN);
	sasl_end(&s);
	CHECK(begin("", NULL) == SASL_UNKNOWN);
	sasl_end(&s);
}

TEST(plain)
{
	static char big[2000];

	CHECK(begin_octets("plain", TEXT("\0bob\0secret")) == SASL_PASSWORD);
	CHECK_STR(s.name, "bob");
	CHECK_STR(s.password, "secret");
	sasl_end(&s);
	CHECK_STR(s.password, "");
	CHECK(begin("PLAIN", NULL) == SASL_SEND);
	CHECK_SPAN(buf_all(&s.out), "");
	CHECK(line(TEXT("bob\0bob\0s e c")) == SASL_PASSWORD);
	CHECK_STR(s.password, "s e c");
	sasl_end(&s);
	CHECK(begin_octets("PLAIN", TEXT("root\0bob\0x")) == SASL_OTHER);
	sasl_end(&s);
	CHECK(begin_octets("PLAIN", TEXT("bob\0x")) == SASL_SYNTAX);
	sasl_end(&s);
	CHECK(begin_octets("PLAIN", TEXT("\0bob\0")) == SASL_SYNTAX);
	sasl_end(&s);
	CHECK(begin_octets("PLAIN", TEXT("\0\0x")) == SASL_SYNTAX);
	sasl_end(&s);
	CHECK(begin_octets("PLAIN", TEXT("\0bob\0x\0y")) == SASL_SYNTAX);
	sasl_end(&s);
	CHECK(begin("PLAIN", "=") == SASL_SYNTAX);
	sasl_end(&s);
	CHECK(begin("PLAIN", "%%%") == SASL_SYNTAX);
	sasl_end(&s);
	/* Longer than any of ours: a wrong password, no error. */
	memset(big, 'x', sizeof(big));
	memcpy(big, "\0bob", 5);
	CHECK(begin_octets("PLAIN", span_n(big, 700)) == SASL_PASSWORD);
	CHECK_STR(s.password, "");
	sasl_end(&s);
	CHECK(begin_octets("PLAIN", span_n(big, 2000)) == SASL_SYNTAX);
	sasl_end(&s);
}

TEST(login)
{
	CHECK(begin("LOGIN", NULL) == SASL_SEND);
	CHECK_SPAN(buf_all(&s.out), "VXNlciBOYW1l"); /* User Name */
	CHECK(line(TEXT("bob")) == SASL_SEND);
	CHECK_SPAN(buf_all(&s.out), "UGFzc3dvcmQ="); /* Password */
	CHECK(line(TEXT("secret")) == SASL_PASSWORD);
	CHECK_STR(s.name, "bob");
	CHECK_STR(s.password, "secret");
	sasl_end(&s);
	CHECK(begin_octets("LOGIN", TEXT("bob")) == SASL_SEND);
	CHECK_SPAN(buf_all(&s.out), "UGFzc3dvcmQ=");
	CHECK(sasl_line(&s, TEXT("*")) == SASL_CANCELLED);
	sasl_end(&s);
	CHECK(begin("LOGIN", NULL) == SASL_SEND);
	CHECK(sasl_line(&s, TEXT("")) == SASL_SYNTAX);
	sasl_end(&s);
	CHECK(begin_octets("LOGIN", TEXT("b\0b")) == SASL_SEND);
	CHECK(line(TEXT("x\0y")) == SASL_PASSWORD);
	CHECK_STR(s.name, "");
	CHECK_STR(s.password, "");
	sasl_end(&s);
}

/* ---- SCRAM, with the checker */

static char dir[] = "/tmp/session-sasl.XXXXXX", file[64];
static struct config c;
static struct record answer;
static struct auth_scram a;
static struct user u;

static void
make_users(void)
{
	struct scram_key k = { .iterations = 4096,
		.salt_len = 6,
		.salt = "salty" };
	struct buf b;
	FILE *f;

	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(file, sizeof(file), "%s/users", dir);
	scram_key_make(&k, span("secret"));
	buf_init(&b, 300);
	scram_key_put(&b, &k);
	f = fopen(file, "w");
	if (f == NULL)
		_exit(71);
	(void)fprintf(f, "bob:%s:1001:1001::/home/bob\n", b.p);
	(void)fprintf(f, "eve:{PLAIN}secret:1002:1002::/home/eve\n");
	CHECK(fclose(f) == 0 && chmod(file, 0600) == 0);
	buf_free(&b);
	CHECK(config_load(&c, dir) == 0);
	(void)strcpy(c.run, "/dev/null/none");
}

static void
remove_users(void)
{
	CHECK(unlink(file) == 0 && rmdir(dir) == 0);
}

/* A whole login of a client that offers this binding. */
static enum auth_verdict
exchange(const char *mechanism, const char *header, struct span data,
    const struct scram_binding *tls, const char *name, const char *password)
{
	enum auth_verdict v;
	char bare[100], first[200];
	struct buf b;

	(void)snprintf(bare, sizeof(bare), "n=%s,r=abcdef", name);
	(void)snprintf(first, sizeof(first), "%s%s", header, bare);
	CHECK(begin_octets(mechanism, span(first)) == SASL_FIRST);
	CHECK_SPAN(s.text, first);
	v = auth_scram_first(&a, &c, s.text, s.mechanism == SASL_SCRAM_PLUS,
	    tls, &answer);
	if (v != AUTH_OK) {
		auth_scram_end(&a);
		sasl_end(&s);
		return v;
	}
	CHECK(sasl_answer(&s, record_span(&answer)) == SASL_SEND);
	buf_init(&b, 2000);
	client_final(&b, header, data, bare, record_span(&answer), password);
	CHECK(line(buf_all(&b)) == SASL_FINAL);
	buf_free(&b);
	memset(&u, 'x', sizeof(u));
	v = auth_scram_final(&a, s.text, &answer, &u);
	if (v == AUTH_OK) {
		CHECK(strncmp(answer.data, "v=", 2) == 0);
		CHECK(sasl_answer(&s, record_span(&answer)) == SASL_SEND);
		CHECK(sasl_line(&s, span("")) == SASL_DONE);
	}
	CHECK(a.child == 0);
	sasl_end(&s);
	return v;
}

TEST(scram)
{
	const char *m = "SCRAM-SHA-256";

	make_users();
	CHECK(exchange(m, "n,,", TEXT(""), NULL, "bob", "secret") == AUTH_OK);
	CHECK_STR(u.name, "bob");
	CHECK_STR(u.home, "/home/bob");
	CHECK_STR(u.password, "");
	CHECK(exchange(m, "y,,", TEXT(""), NULL, "BOB", "secret") == AUTH_OK);
	CHECK(exchange(m, "n,,", TEXT(""), NULL, "bob", "Secret") == AUTH_BAD);
	/* No keys, and no user: challenged like all, and refused. */
	CHECK(exchange(m, "n,,", TEXT(""), NULL, "eve", "secret") == AUTH_BAD);
	CHECK(exchange(m, "n,,", TEXT(""), NULL, "mal", "secret") == AUTH_BAD);
	CHECK(exchange(m, "n,,", TEXT(""), NULL, "../x", "") == AUTH_BAD);
	/* The same entry for PLAIN and LOGIN. */
	CHECK(auth_check(&c, "bob", "secret", "", &u) == AUTH_OK);
	CHECK(auth_check(&c, "bob", "Secret", "", &u) == AUTH_BAD);
	remove_users();
}

TEST(scram_plus)
{
	const struct scram_binding tls = { 4, 0, "EXPO", "" };
	const char *m = "SCRAM-SHA-256-PLUS", *h = "p=tls-exporter,,";

	make_users();
	CHECK(exchange(m, h, TEXT("EXPO"), &tls, "bob", "secret") == AUTH_OK);
	CHECK(exchange(m, h, TEXT("XXXX"), &tls, "bob", "secret") == AUTH_BAD);
	CHECK(exchange(m, "n,,", TEXT(""), &tls, "bob", "secret") == AUTH_BAD);
	CHECK(exchange("SCRAM-SHA-256", "y,,", TEXT(""), &tls, "bob",
		  "secret") == AUTH_BAD);
	remove_users();
}

TEST(scram_out_of_order)
{
	struct auth_scram none = { 0 };

	make_users();
	CHECK(auth_scram_final(&none, span("x"), &answer, &u) == AUTH_TEMP);
	auth_scram_end(&none);
	CHECK(auth_scram_first(&a, &c, span("junk"), false, NULL, &answer) ==
	    AUTH_BAD);
	auth_scram_end(&a);
	/* A second first message ends the first exchange. */
	CHECK(auth_scram_first(&a, &c, span("n,,n=bob,r=x"), false, NULL,
		  &answer) == AUTH_OK);
	CHECK(auth_scram_first(&a, &c, span("n,,n=bob,r=x"), false, NULL,
		  &answer) == AUTH_OK);
	CHECK(auth_scram_final(&a, span("junk"), &answer, &u) == AUTH_BAD);
	CHECK(auth_scram_final(&a, span("junk"), &answer, &u) == AUTH_TEMP);
	CHECK(chmod(file, 0602) == 0);
	CHECK(auth_scram_first(&a, &c, span("n,,n=bob,r=x"), false, NULL,
		  &answer) == AUTH_TEMP);
	CHECK(strstr(fail_text(), "others may write") != NULL);
	auth_scram_end(&a);
	remove_users();
	/* With the users of the system there are no keys. */
	CHECK(config_load(&c, "/nonexistent") == 0);
	CHECK(auth_scram_first(&a, &c, span("n,,n=bob,r=x"), false, NULL,
		  &answer) == AUTH_BAD);
	auth_scram_end(&a);
}
