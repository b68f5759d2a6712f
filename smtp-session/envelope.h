/* What MAIL and RCPT say: addresses and parameters (RFC 5321 s. 4.1.1.11,
 * RFC 1870, 6152, 3461, 6531, 4954). */
#ifndef SMTP_SESSION_ENVELOPE_H
#define SMTP_SESSION_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/addr.h"
#include "message/buf.h"
#include "message/span.h"

enum {
	ENVELOPE_ENVID_MAX = 100, /* RFC 3461 s. 4.4 */
	ENVELOPE_ORCPT_MAX = 500, /* s. 4.2 */
	ENVELOPE_TEXT = ADDR_MAX + 80, /* an address, quoted, and its NUL */
};

/* MAIL */
struct envelope {
	struct addr sender;
	char from[ENVELOPE_TEXT]; /* the same as text; "" is the null path */
	uint64_t size; /* as announced; 0 not */
	bool body8; /* BODY=8BITMIME */
	bool utf8; /* SMTPUTF8 */
	bool tls; /* REQUIRETLS */
	bool filter; /* XFILTER: no filter has seen it yet */
	char ret; /* 'F', 'H' or 0 */
	char envid[ENVELOPE_ENVID_MAX + 1]; /* xtext as given */
};

/* RCPT */
struct recipient {
	struct addr addr;
	char text[ENVELOPE_TEXT];
	unsigned notify; /* NOTIFY_* bits; 0 not given */
	char orcpt[ENVELOPE_ORCPT_MAX + 1]; /* "type;xtext" */
};

enum envelope_fault {
	ENVELOPE_OK,
	ENVELOPE_SYNTAX, /* no FROM: or TO:, or not an address */
	ENVELOPE_UNKNOWN, /* a parameter that we do not have */
	ENVELOPE_VALUE, /* one twice, or with a value it cannot have */
	ENVELOPE_UTF8, /* octets above 0x7f without SMTPUTF8 */
};

/* Parse what stands behind the verb: "FROM:<a@b> SIZE=1", leniently. */
enum envelope_fault envelope_mail(struct envelope *, struct span arg);

/* The same for "TO:<a@b> NOTIFY=..."; "utf8": MAIL had SMTPUTF8. */
enum envelope_fault envelope_rcpt(struct recipient *, struct span arg,
    bool utf8);

/* One address alone, brackets or not (VRFY, EXPN). */
enum envelope_fault envelope_path(struct recipient *, struct span arg);

/* An address as text. */
void envelope_text(char out[ENVELOPE_TEXT], const struct addr *);

/* Give an address its domain when it has none; text is made anew. */
void envelope_qualify(struct addr *, char text[ENVELOPE_TEXT],
    const char *domain);

#endif
