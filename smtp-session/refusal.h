/* What an alias says in a refusal: ":fail: 551 5.1.6 she is carol@new now". */
#ifndef SMTP_SESSION_REFUSAL_H
#define SMTP_SESSION_REFUSAL_H

#include "message/span.h"

struct refusal {
	unsigned code; /* 400 to 599; 550 when none is given */
	char status[12]; /* RFC 3463, of the same class */
	struct span text; /* what is left; "Refused" when nothing */
};

void refusal_read(struct refusal *, struct span text);

#endif
