/* Borrowed octets: a pointer and a length, passed by value.
 *
 * What comes from the network is a span, never a C string: it may hold NUL
 * and ends where len says.  A span owns nothing and is valid only as long as
 * what it was cut from. */
#ifndef MESSAGE_SPAN_H
#define MESSAGE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *p;
	size_t len;
};

/* The whole of a C string, without its NUL. */
static inline struct span
span(const char *s)
{
	return (struct span){ s, strlen(s) };
}

static inline struct span
span_n(const void *p, size_t len)
{
	return (struct span){ p, len };
}

/* Same octets; and the same but for the case of ASCII letters. */
bool span_eq(struct span, struct span);
bool span_same(struct span, struct span);

/* Begins with "word", ASCII case ignored. */
bool span_starts(struct span, const char *word);

/* "s" without its first n octets (n <= s.len).  n is looked at because
 * adding even 0 to a null pointer is undefined. */
static inline struct span
span_from(struct span s, size_t n)
{
	return n == 0 ? s : (struct span){ s.p + n, s.len - n };
}

/* Without blanks (space, tab) and line ends on either side. */
struct span span_trim(struct span);

/* Cut at the first "sep": what stands before it is returned, *rest keeps what
 * stands after it.  Without a "sep" all of it is returned and *rest is empty
 * (rest->p == NULL). */
struct span span_cut(struct span *rest, char sep);

/* The next word of *rest between blanks; empty when none is left. */
struct span span_word(struct span *rest);

/* Decimal digits only, no sign, no blanks, at most "max".
 * 0: *out is set.  -1: anything else. */
int span_number(struct span, uint64_t max, uint64_t *out);

/* Do "mark" and two hexadecimal digits stand at i (i < s.len)?  Then *c is the
 * octet that they mean. */
bool span_escaped(struct span, size_t i, char mark, char *c);

/* The value of a hexadecimal digit of either case; -1 for anything else. */
int span_hex(char);

/* Its octets as a string of at most size - 1; false, and to is as it was, when
 * they are more. */
bool span_copy(struct span, char *to, size_t size);

/* The first octet "c" in s, as an index; s.len when there is none. */
size_t span_find(struct span, char c);

#endif
