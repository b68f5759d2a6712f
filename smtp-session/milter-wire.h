/* Packets of the mail filter protocol of sendmail(8), version 6.
 *
 * A packet is a length of four octets, most significant first, a command or
 * answer of one octet, and its data; the length counts both.  Nothing here
 * makes a system call, and nothing of an answer is believed: whatever is
 * short, long, not ended, or not of its form is refused whole. */
#ifndef SMTP_SESSION_MILTER_WIRE_H
#define SMTP_SESSION_MILTER_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "message/buf.h"
#include "message/span.h"
#include "smtp-session/milter-words.h"

struct milter_options {
	uint32_t version, actions, steps;
	bool asked[MILTER_STAGES];
	char symbols[MILTER_STAGES][MILTER_SYMBOLS]; /* "i {auth_type}" */
};

/* Spans point into the packet. */
struct milter_answer {
	char kind;
	uint32_t index; /* of a field */
	struct span name; /* of a field; an address */
	struct span value; /* of a field; a body, a reason, a reply */
};

/* Begin a packet at the end of "out" and, when its data is there, give it its
 * length; "at" is what the first returned. */
size_t milter_begin(struct buf *out, enum milter_command);
void milter_finish(struct buf *out, size_t at);

/* A string with its NUL, and a number. */
void milter_string(struct buf *out, struct span);
void milter_number(struct buf *out, uint32_t);

/* The packet at the start of "in", without its length.  How many octets of
 * "in" it took; 0: not all there yet; -1: of no length that can be. */
ssize_t milter_frame(struct span in, struct span *packet);

/* What it says.  0 / -1. */
int milter_parse(struct milter_answer *, struct span packet);

/* The answer to MILTER_OPTIONS.  0 / -1. */
int milter_parse_options(struct milter_options *, struct span packet);

/* The SMTP reply in an answer MILTER_REPLY: "550 5.7.1 No", or lines like
 * "550-5.7.1 No".  The status ("" when it has none) stands in "status", the
 * lines go to "text", divided by LF.  The code, 400 to 599; 0 when it is none. */
unsigned milter_reply(struct span, char status[12], struct buf *text);

/* Print a field into "out", with its line end: folds are LF and a blank, and
 * stray control octets blanks.  "blank": the value has what stands behind the
 * colon.  "name" is one (milter_parse has looked). */
void milter_field(struct buf *out, struct span name, struct span value,
    bool blank);

#endif
