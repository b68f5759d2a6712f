/* SCRAM-SHA-256, with the example of RFC 7677, and what it stands on. */
#include "session/scram.h"

#include "tests/unit/scram-client.h"
#include "tests/unit/test.h"

static struct scram s;
static struct buf out;

/* ---- base64 */

static void
b64(struct span octets, const char *text)
{
	char back[100];
	int n;

	buf_init(&out, 200);
	base64_put(&out, octets);
	CHECK_SPAN(buf_all(&out), text);
	n = base64_get(back, sizeof(back), span(text));
	CHECK(n >= 0 && span_eq(span_n(back, (size_t)n), octets));
	buf_free(&out);
}

TEST(base64)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zh==",
		"Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", " Zm9v",
		"Zm9v=", "Zm-v", "Zm_v", "Zm9\xc3" };
	char octets[100];
	size_t i;

	b64(TEXT(""), "");
	b64(TEXT("f"), "Zg==");
	b64(TEXT("fo"), "Zm8=");
	b64(TEXT("foo"), "Zm9v");
	b64(TEXT("foobar"), "Zm9vYmFy");
	b64(TEXT("\0\xff\xfe"), "AP/+");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(base64_get(octets, sizeof(octets), span(bad[i])) == -1);
	CHECK(base64_get(octets, 5, span("Zm9vYmFy")) == -1);
	CHECK(base64_get(octets, 6, span("Zm9vYmFy")) == 6);
}

/* ---- HMAC (RFC 4231) and PBKDF2 (RFC 7914 s. 11) */

static void
hex(const uint8_t *got, const char *wanted)
{
	char text[2 * HMAC_SIZE + 1];
	int i;

	for (i = 0; i < HMAC_SIZE; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", got[i]);
	CHECK_STR(text, wanted);
}

TEST(hmac)
{
	uint8_t got[HMAC_SIZE], key[131];

	hmac_once(got, span("Jefe"), span("what do ya want for nothing?"));
	hex(got,
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key)); /* longer than a block */
	hmac_once(got, span_n(key, sizeof(key)),
	    span("Test Using Larger Than Block-Size Key - Hash Key First"));
	hex(got,
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
	hmac_pbkdf2(got, span("passwd"), span("salt"), 1);
	hex(got,
	    "55ac046e56e3089fec1691c22544b605"
	    "f94185216dde0465e68b9d57c20dacbc");
	CHECK(hmac_same("abc", "abc", 3) && !hmac_same("abc", "abd", 3));
}

/* ---- the example of RFC 7677 s. 3: user, pencil */

#define FIRST "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
#define NONCE "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define CHALLENGE "r=" NONCE ",s=" SALT ",i=4096"
#define FINAL \
	"c=biws,r=" NONCE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

/* As far as the challenge, whose nonce the example dictates. */
static void
begin(void)
{
	int n;

	CHECK(scram_first(&s, TEXT(FIRST), false, NULL) == 0);
	CHECK_STR(s.name, "user");
	s.key.iterations = 4096;
	n = base64_get(s.key.salt, sizeof(s.key.salt), TEXT(SALT));
	CHECK(n == 16);
	s.key.salt_len = (size_t)n;
	scram_key_make(&s.key, span("pencil"));
	(void)snprintf(s.nonce, sizeof(s.nonce), "%s", NONCE);
	(void)snprintf(s.server_first, sizeof(s.server_first), "%s", CHALLENGE);
	buf_init(&out, 1000);
}

TEST(example)
{
	begin();
	CHECK(scram_final(&s, TEXT(FINAL), &out) == 1);
	CHECK_SPAN(buf_all(&out),
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
	buf_free(&out);
}

TEST(wrong_password)
{
	begin();
	scram_key_make(&s.key, span("pencil "));
	CHECK(scram_final(&s, TEXT(FINAL), &out) == 0);
	CHECK(out.len == 0);
	buf_free(&out);
}

TEST(malformed_second_message)
{
	static const char *const bad[] = { "", "c=biws", "c=biws,", FIRST,
		"c=biws,r=" NONCE,
		"c=biws,r=" NONCE ",p=", "c=biws,r=" NONCE ",p=AAAA",
		"c=biws,r=" NONCE "x,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7A"
		"ndVQ=",
		/* another header: "y,,", and "n,," with something behind */
		"c=eSws,r=" NONCE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7An"
		"dVQ=",
		"c=biwsAA==,r=" NONCE
		",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=" };
	size_t i;

	begin();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(scram_final(&s, span(bad[i]), &out) == -1);
	CHECK(out.len == 0);
	buf_free(&out);
}

TEST(challenge)
{
	static const uint8_t random[18] = "abcdefghijklmnopqr";

	CHECK(scram_first(&s, TEXT("y,,n=bob,r=xyz,e=1"), false, NULL) == 0);
	s.key.iterations = 5000;
	s.key.salt_len = 4;
	memcpy(s.key.salt, "salt", 4);
	buf_init(&out, 1000);
	scram_challenge(&s, random, &out);
	CHECK_SPAN(buf_all(&out),
	    "r=xyzYWJjZGVmZ2hpamtsbW5vcHFy,s=c2FsdA==,i=5000");
	buf_free(&out);
}

TEST(names)
{
	static char longer[200];

	CHECK(scram_first(&s, TEXT("n,,n=a=2Cb=3Dc,r=x"), false, NULL) == 0);
	CHECK_STR(s.name, "a,b=c");
	CHECK(scram_first(&s, TEXT("n,a=bob,n=bob,r=x"), false, NULL) == 0);
	CHECK(scram_first(&s, TEXT("n,a=root,n=bob,r=x"), false, NULL) == -1);
	(void)snprintf(longer, sizeof(longer), "n,,n=%0*d,r=x", 100, 7);
	CHECK(scram_first(&s, span(longer), false, NULL) == 0);
	CHECK_STR(s.name, ""); /* nobody is called that */
}

TEST(malformed_first_message)
{
	static const char *const bad[] = { "", "n", "n,", "n,,",
		"n,,n=", "n,,n=bob", "n,,n=bob,", "n,,n=,r=x",
		"n,,n=bob,r=", "n,,r=x,n=bob", "n,,m=x,n=bob,r=x",
		"x,,n=bob,r=x", "n,b=x,n=bob,r=x", "n,,n=b=2cb,r=x",
		"n,,n=b=,r=x", "n,,n=b=4Fb,r=x", "n,,n=bob,r=a b",
		"n,,n=bob,r=\x7f", "p=tls-exporter,,n=bob,r=x" };
	static char longer[SCRAM_TEXT_MAX + 100];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(scram_first(&s, span(bad[i]), false, NULL) == -1);
	CHECK(scram_first(&s, TEXT("n,,n=b\0b,r=x"), false, NULL) == -1);
	CHECK(scram_first(&s, TEXT("n,,n=bob,r=x\0"), false, NULL) == -1);
	memset(longer, 'x', sizeof(longer) - 1);
	memcpy(longer, "n,,n=bob,r=", 11);
	CHECK(scram_first(&s, span(longer), false, NULL) == -1);
}

/* ---- -PLUS */

static const struct scram_binding tls = { 4, 3, "EXPO", "END" };

TEST(which_binding)
{
	/* Offered: who could use it must; who cannot says so. */
	CHECK(scram_first(&s, TEXT("n,,n=b,r=x"), false, &tls) == 0);
	CHECK(scram_first(&s, TEXT("y,,n=b,r=x"), false, &tls) == -1);
	CHECK(scram_first(&s, TEXT("n,,n=b,r=x"), true, &tls) == -1);
	CHECK(scram_first(&s, TEXT("y,,n=b,r=x"), true, &tls) == -1);
	CHECK(
	    scram_first(&s, TEXT("p=tls-exporter,,n=b,r=x"), true, &tls) == 0);
	CHECK_SPAN(s.data, "EXPO");
	CHECK(scram_first(&s, TEXT("p=tls-server-end-point,,n=b,r=x"), true,
		  &tls) == 0);
	CHECK_SPAN(s.data, "END");
	CHECK(scram_first(&s, TEXT("p=tls-unique,,n=b,r=x"), true, &tls) == -1);
	CHECK(
	    scram_first(&s, TEXT("p=tls-exporter,,n=b,r=x"), true, NULL) == -1);
	CHECK(scram_first(&s, TEXT("p=tls-exporter,,n=b,r=x"), false, &tls) ==
	    -1);
}

static int
login(struct span data, const char *password)
{
	struct buf b;
	int r;

	buf_init(&b, 2000);
	client_final(&b, "p=tls-exporter,,", data, "n=bob,r=x",
	    span(s.server_first), password);
	buf_init(&out, 1000);
	r = scram_final(&s, buf_all(&b), &out);
	buf_free(&b);
	buf_free(&out);
	return r;
}

TEST(bound_login)
{
	static const uint8_t random[18] = "abcdefghijklmnopqr";
	struct scram_key key = { .iterations = 10,
		.salt_len = 4,
		.salt = "salt" };

	scram_key_make(&key, span("secret"));
	CHECK(scram_first(&s, TEXT("p=tls-exporter,,n=bob,r=x"), true, &tls) ==
	    0);
	s.key = key;
	buf_init(&out, 1000);
	scram_challenge(&s, random, &out);
	buf_free(&out);
	CHECK(login(TEXT("EXPO"), "secret") == 1);
	CHECK(login(TEXT("EXPO"), "Secret") == 0);
	/* Somebody in the middle has two other connections. */
	CHECK(login(TEXT("EXPX"), "secret") == -1);
	CHECK(login(TEXT("EXPOX"), "secret") == -1);
	CHECK(login(TEXT(""), "secret") == -1);
}

/* ---- keys */

#define ENTRY                                           \
	"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==," \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=," \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

static bool
same_key(const struct scram_key *a, const struct scram_key *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, 300);
	buf_init(&y, 300);
	scram_key_put(&x, a);
	scram_key_put(&y, b);
	same = span_eq(buf_all(&x), buf_all(&y));
	buf_free(&x);
	buf_free(&y);
	return same;
}

TEST(entries)
{
	static const char *const bad[] = { "{SCRAM-SHA-256}",
		"{SCRAM-SHA-256}4096", "{SCRAM-SHA-256}0,AAAA,AAAA,AAAA",
		"{SCRAM-SHA-256}4096,AAAA,AAAA,AAAA",
		"{SCRAM-SHA-256}9999999,W22ZaJ0SNY7soEsUEjb6gQ==,"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		ENTRY "," };
	struct scram_key k, made;
	size_t i;

	CHECK(scram_key_parse(&k, "{CRYPT}x") == 0);
	CHECK(scram_key_parse(&k, ENTRY) == 1);
	CHECK(k.iterations == 4096 && k.salt_len == 16);
	CHECK(scram_key_is(&k, span("pencil")));
	CHECK(!scram_key_is(&k, span("Pencil")));
	buf_init(&out, 300);
	scram_key_put(&out, &k);
	CHECK_SPAN(buf_all(&out), ENTRY);
	buf_free(&out);
	made = k;
	scram_key_make(&made, span("pencil"));
	CHECK(same_key(&made, &k));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(scram_key_parse(&k, bad[i]) == -1);
}

/* Nobody can see that a name is not here. */
TEST(dummies)
{
	struct scram_key k, a, b, c;

	CHECK(scram_key_parse(&k, ENTRY) == 1);
	scram_key_dummy(&a, &k, "mallory");
	scram_key_dummy(&b, &k, "mallory");
	scram_key_dummy(&c, &k, "oscar");
	CHECK(same_key(&a, &b));
	CHECK(a.iterations == k.iterations && a.salt_len == k.salt_len);
	CHECK(memcmp(a.salt, k.salt, k.salt_len) != 0);
	CHECK(memcmp(a.salt, c.salt, k.salt_len) != 0);
	CHECK(!scram_key_is(&a, span("pencil")));
}
