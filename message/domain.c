#include "message/domain.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>

enum {
	LABEL_MAX = 63,
	NAME_MAX_DNS = 253, /* as text, without the root's dot */
	UNICODE_MAX = 1024 /* octets of an IDN before it is made ASCII */
};

/* The ASCII form: letters, digits, hyphen inside a label, underscore. */
static int
fold_ascii(char *out, struct span name)
{
	size_t i, label = 0;
	char c;

	if (name.len > 0 && name.p[name.len - 1] == '.')
		name.len--;
	if (name.len == 0 || name.len > NAME_MAX_DNS)
		return -1;
	for (i = 0; i < name.len; i++) {
		c = name.p[i];
		if (c == '.') {
			if (label == 0 || out[i - 1] == '-')
				return -1;
			label = 0;
			out[i] = c;
			continue;
		}
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '_' || (c == '-' && label > 0)))
			return -1;
		if (++label > LABEL_MAX)
			return -1;
		out[i] = c;
	}
	out[i] = '\0';
	return label == 0 || out[i - 1] == '-' ? -1 : 0;
}

/* U-labels to A-labels by UTS #46, as browsers do, sharp s kept apart. */
static int
fold_idn(char *out, struct span name)
{
	char text[UNICODE_MAX + 1];
	char *ascii;
	int r;

	if (name.len > UNICODE_MAX || span_find(name, '\0') < name.len)
		return -1;
	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	if (idn2_to_ascii_8z(text, &ascii,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return -1;
	r = fold_ascii(out, span(ascii));
	idn2_free(ascii);
	return r;
}

int
domain_fold(char *out, struct span name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if ((unsigned char)name.p[i] > 0x7f)
			return fold_idn(out, name);
	return fold_ascii(out, name);
}

int
domain_literal(struct span s, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char text[INET6_ADDRSTRLEN];
	bool six;

	if (s.len < 2 || s.p[0] != '[' || s.p[s.len - 1] != ']')
		return -1;
	s = span_n(s.p + 1, s.len - 2);
	six = span_starts(s, "IPv6:");
	if (six)
		s = span_from(s, strlen("IPv6:"));
	if (s.len >= sizeof text || span_find(s, '\0') < s.len)
		return -1;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	if (inet_pton(six ? AF_INET6 : AF_INET, text,
		six ? (void *)&in6.sin6_addr : (void *)&in.sin_addr) != 1)
		return -1;
	memset(ss, 0, sizeof *ss);
	*len = six ? sizeof in6 : sizeof in;
	memcpy(ss, six ? (void *)&in6 : (void *)&in, *len);
	return 0;
}
