#include "mailq-run/sts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/buf.h"
#include "message/domain.h"
#include "message/fail.h"

enum { YEAR = 31557600, FILE_MAX = STS_TEXT + 200 };

/* ---- what the DNS says */

/* "v=STSv1; id=20160831085700Z;", fields in any order after the first. */
static int
read_record(struct span text, char id[STS_ID])
{
	struct span field = span_trim(span_cut(&text, ';')), name;

	if (!span_eq(field, span("v=STSv1")))
		return 0;
	id[0] = '\0';
	while (text.len > 0) {
		field = span_trim(span_cut(&text, ';'));
		name = span_cut(&field, '=');
		if (!span_eq(span_trim(name), span("id")) || id[0] != '\0')
			continue;
		field = span_trim(field);
		if (field.len == 0 || field.len >= STS_ID)
			return 0;
		for (size_t i = 0; i < field.len; i++)
			if (span_find(span("0123456789abcdefghijklmnopqrstuvwx"
					   "yzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
				field.p[i]) == 62)
				return 0;
		memcpy(id, field.p, field.len);
		id[field.len] = '\0';
	}
	return id[0] != '\0';
}

int
sts_record(const struct dns_answer *a, char id[STS_ID])
{
	char other[STS_ID] = "";
	int n = 0;

	if (a->status != DNS_OK)
		return 0;
	for (size_t i = 0; i < a->count; i++)
		n += read_record(span_n(a->rr[i].data, a->rr[i].len),
		    n == 0 ? id : other);
	return n == 1; /* of several none counts */
}

/* ---- policies */

/* A host name, or one with "*." for its first label; folded. */
static int
add_mx(struct sts *s, struct span value)
{
	char name[DOMAIN_MAX + 1];
	bool all = span_starts(value, "*.");
	size_t n = strlen(s->mx);

	if (domain_fold(name, span_from(value, all ? 2 : 0)) == -1)
		return fail_as(EINVAL, "policy: mx is no host");
	if (n + strlen(name) + 4 > sizeof(s->mx))
		return fail_as(E2BIG, "policy: too long");
	(void)snprintf(s->mx + n, sizeof(s->mx) - n, "%s%s\n", all ? "*." : "",
	    name);
	return 0;
}

static int
read_mode(struct sts *s, struct span value)
{
	static const char *const modes[] = {
		[STS_NONE] = "none",
		[STS_TESTING] = "testing",
		[STS_ENFORCE] = "enforce",
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (span_eq(value, span(modes[i]))) {
			s->mode = (enum sts_mode)i;
			return 0;
		}
	return fail_as(EINVAL, "policy: unknown mode");
}

/* The keys that count once: the first (RFC 8461 s. 3.2). */
static const char *const once[] = { "version", "mode", "max_age" };

enum { VERSION, MODE, AGE, ONCE };

/* Unknown keys are for later versions. */
static int
read_field(struct sts *s, struct span line, time_t now, unsigned *has)
{
	struct span value = line, key = span_trim(span_cut(&value, ':'));
	uint64_t n;
	unsigned k = 0;

	value = span_trim(value);
	if (span_eq(key, span("mx")))
		return add_mx(s, value);
	while (k < ONCE && !span_eq(key, span(once[k])))
		k++;
	if (k == ONCE || (*has & 1U << k) != 0)
		return 0;
	*has |= 1U << k;
	if (k == VERSION)
		return span_eq(value, span("STSv1")) ?
		    0 :
		    fail_as(EINVAL, "policy: unknown version");
	if (k == MODE)
		return read_mode(s, value);
	if (span_number(value, UINT32_MAX, &n) == -1)
		return fail_as(EINVAL, "policy: max_age is no number");
	s->until = now + (time_t)(n < YEAR ? n : YEAR);
	return 0;
}

int
sts_parse(struct sts *s, struct span text, time_t now)
{
	unsigned has = 0;

	s->mode = STS_NONE;
	s->mx[0] = '\0';
	s->fetched = s->until = now;
	while (text.len > 0)
		if (read_field(s, span_cut(&text, '\n'), now, &has) == -1)
			return -1;
	if (has != (1U << ONCE) - 1 ||
	    (s->mode != STS_NONE && s->mx[0] == '\0'))
		return fail_as(EINVAL,
		    "policy: version, mode, max_age or mx is missing");
	return 0;
}

bool
sts_match(const struct sts *s, const char *host)
{
	struct span rest = span(s->mx), one;
	const char *dot = strchr(host, '.');

	while (rest.len > 0) {
		one = span_cut(&rest, '\n');
		if (span_starts(one, "*.") ?
			dot != NULL && span_same(span_from(one, 1), span(dot)) :
			span_same(one, span(host)))
			return true;
	}
	return false;
}

/* ---- memory */

static const char *
path(const char *domain, char out[DOMAIN_MAX + 8])
{
	(void)snprintf(out, DOMAIN_MAX + 8, "sts/%s", domain);
	return out;
}

static int
read_head(struct sts *s, struct span line)
{
	struct span word = span_word(&line);
	uint64_t n = 0;

	if (span_eq(word, span("id"))) {
		line = span_trim(line);
		if (line.len >= STS_ID)
			return -1;
		memcpy(s->id, line.p, line.len);
		s->id[line.len] = '\0';
		return 0;
	}
	if (span_number(span_trim(line), INT64_MAX, &n) == -1)
		return -1;
	if (span_eq(word, span("fetched")))
		s->fetched = (time_t)n;
	else
		s->until = (time_t)n;
	return 0;
}

static int
read_file(struct sts *s, struct span text, time_t now)
{
	struct span line;
	time_t fetched, until;

	*s = (struct sts){ .mode = STS_NONE };
	while ((line = span_cut(&text, '\n')).len > 0)
		if (read_head(s, line) == -1)
			return -1;
	fetched = s->fetched;
	until = s->until;
	if (text.len > 0 && sts_parse(s, text, now) == -1)
		return -1;
	s->fetched = fetched;
	s->until = until;
	/* Nor is a clock to be trusted that was wrong then. */
	return fetched <= now && now < until && until <= fetched + YEAR ? 0 :
									  -1;
}

int
sts_load(struct sts *s, int spool, const char *domain, time_t now)
{
	char name[DOMAIN_MAX + 8], text[FILE_MAX];
	ssize_t n;
	int fd;

	fd = openat(spool, path(domain, name),
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	if (n >= 0 && (size_t)n < sizeof(text) &&
	    read_file(s, span_n(text, (size_t)n), now) == 0)
		return 1;
	(void)unlinkat(spool, name, 0);
	return 0;
}

bool
sts_stale(const struct sts *s, const char *id, time_t now)
{
	return strcmp(s->id, id) != 0 ||
	    now - s->fetched > (s->until - s->fetched) / 2;
}

void
sts_save(const struct sts *s, int spool, const char *domain, struct span text)
{
	char name[DOMAIN_MAX + 8];
	struct buf b;
	int fd;

	buf_init(&b, FILE_MAX - 1);
	buf_printf(&b, "id %s\nfetched %lld\nuntil %lld\n\n", s->id,
	    (long long)s->fetched, (long long)s->until);
	buf_span(&b, text);
	(void)mkdirat(spool, "sts", 0700);
	fd = openat(spool, "tmp/sts",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1) {
		if (b.over || write(fd, b.p, b.len) != (ssize_t)b.len ||
		    renameat(spool, "tmp/sts", spool, path(domain, name)) == -1)
			(void)unlinkat(spool, "tmp/sts", 0);
		(void)close(fd);
	}
	buf_free(&b);
}
