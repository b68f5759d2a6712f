#include "smtp-session/srs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/hmac.h"

enum {
	HASH = 6, /* characters: 2^31 to guess from */
	DAY = 86400,
	DAYS = 1024, /* after which TT begins again */
};

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

/* ---- the secrets */

static int
read_secrets(struct srs *s, int fd, const char *path)
{
	char text[SRS_SECRETS_MAX];
	ssize_t n = read(fd, text, sizeof(text));
	struct span rest;

	if (n == -1)
		return fail("read %s", path);
	if (n == (ssize_t)sizeof(text))
		return fail_as(EFBIG, "%s is too long", path);
	rest = span_n(text, (size_t)n);
	while (rest.len > 0) {
		struct span one = span_trim(span_cut(&rest, '\n'));

		if (one.len == 0 || one.p[0] == '#')
			continue;
		buf_span(&s->secrets, one);
		buf_char(&s->secrets, '\0');
	}
	explicit_bzero(text, sizeof(text));
	if (s->secrets.len == 0)
		return fail_as(EINVAL, "%s holds no secret", path);
	return s->secrets.over ? fail_as(ENOMEM, "%s", path) : 1;
}

int
srs_open(struct srs *s, const struct config *c)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, r;

	buf_init(&s->secrets, SRS_SECRETS_MAX);
	config_path(c, SRS_FILE, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
							     fail("%s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & 037) != 0)
		r = fail_as(EPERM, "%s: others may read or write it", path);
	else
		r = read_secrets(s, fd, path);
	(void)close(fd);
	return r;
}

void
srs_close(struct srs *s)
{
	if (s->secrets.size > 0)
		explicit_bzero(s->secrets.p, s->secrets.len);
	buf_free(&s->secrets);
}

/* ---- parts */

/* Of "text" in lower case; its characters are of base 32. */
static void
hash(char out[HASH + 1], const char *secret, struct span text)
{
	uint8_t mac[HMAC_SIZE];
	struct hmac h;

	hmac_begin(&h, span(secret));
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)tolower((unsigned char)text.p[i]);

		hmac_add(&h, span_n(&c, 1));
	}
	hmac_end(&h, mac);
	for (size_t i = 0; i < HASH; i++)
		out[i] = base32[mac[i] & 31];
	out[HASH] = '\0';
}

static bool
is_ours(const struct srs *s, struct span given, struct span text)
{
	struct span all = buf_all(&s->secrets);
	char right[HASH + 1];

	while (all.len > 0) {
		hash(right, span_cut(&all, '\0').p, text);
		if (span_same(given, span(right)))
			return true;
	}
	return false;
}

/* Days since "tt", modulo DAYS; -1: no day. */
static int
age(struct span tt, time_t now)
{
	int day = 0;

	if (tt.len != 2)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		const char *at =
		    memchr(base32, tolower((unsigned char)tt.p[i]), 32);

		if (at == NULL)
			return -1;
		day = day * 32 + (int)(at - base32);
	}
	return (int)((now / DAY - day + DAYS) % DAYS);
}

bool
srs_is(const char *local)
{
	return (strncasecmp(local, "SRS0", 4) == 0 ||
		   strncasecmp(local, "SRS1", 4) == 0) &&
	    local[4] != '\0' && strchr("=+-", local[4]) != NULL;
}

/* ---- there */

/* What stands behind the hash, which is made over it. */
static void
sign(struct buf *out, const struct srs *s, const char *word, struct span text,
    const char *domain)
{
	char mac[HASH + 1];

	hash(mac, s->secrets.p, text);
	buf_printf(out, "%s=%s=%.*s@%s", word, mac, (int)text.len, text.p,
	    domain);
}

int
srs_forward(struct buf *out, const struct srs *s, const char *from,
    const char *domain, time_t now)
{
	struct span rest = span(from);
	struct buf text;
	struct addr a;
	int r = -1;

	if (addr_path(&rest, &a) == -1 || rest.len > 0 || a.utf8 ||
	    a.local[0] == '\0' || a.domain[0] == '\0' || a.domain[0] == '[' ||
	    strpbrk(a.local, " \"\\<>()[]:;@,") != NULL)
		return -1;
	buf_init(&text, ADDR_LOCAL_MAX - HASH - 6);
	if (!srs_is(a.local))
		buf_printf(&text, "%c%c=%s=%s", base32[now / DAY / 32 % 32],
		    base32[now / DAY % 32], a.domain, a.local);
	else if (strncasecmp(a.local, "SRS0", 4) == 0)
		buf_printf(&text, "%s=%s", a.domain, a.local + 4);
	else { /* its first forwarder stays, only the last one changes */
		const char *first = strchr(a.local + 5, '=');

		if (first != NULL)
			buf_str(&text, first + 1);
	}
	if (!text.over && text.len > 0) {
		sign(out, s, srs_is(a.local) ? "SRS1" : "SRS0", buf_all(&text),
		    domain);
		r = out->over ? -1 : 0;
	}
	buf_free(&text);
	return r;
}

/* ---- and back */

static enum srs_got
reverse(struct buf *to, const struct srs *s, const char *local, time_t now)
{
	struct span rest = span(local + 5), given = span_cut(&rest, '=');
	struct span tt, domain;
	int days;

	if (rest.len == 0 || !is_ours(s, given, rest))
		return SRS_BAD;
	if (local[3] == '1') { /* to the first who forwarded it */
		domain = span_cut(&rest, '=');
		if (domain.len == 0 || rest.len == 0)
			return SRS_BAD;
		buf_printf(to, "SRS0%.*s@%.*s", (int)rest.len, rest.p,
		    (int)domain.len, domain.p);
		return SRS_OK;
	}
	tt = span_cut(&rest, '=');
	domain = span_cut(&rest, '=');
	days = age(tt, now);
	if (days == -1 || domain.len == 0 || rest.len == 0)
		return SRS_BAD;
	/* A clock that went back a little is no reason. */
	if (days > SRS_DAYS && days < DAYS - 2)
		return SRS_OLD;
	buf_printf(to, "%.*s@%.*s", (int)rest.len, rest.p, (int)domain.len,
	    domain.p);
	return SRS_OK;
}

enum srs_got
srs_reverse(struct buf *to, const struct config *c, const char *local,
    time_t now)
{
	enum srs_got got = SRS_TROUBLE;
	struct srs s;

	switch (srs_open(&s, c)) {
	case 0:
		got = SRS_NONE;
		break;
	case 1:
		got = reverse(to, &s, local, now);
		if (got == SRS_OK && to->over)
			got = SRS_BAD;
	}
	srs_close(&s);
	return got;
}
