/* What the files of session/front.h share. */
#ifndef SESSION_FRONT_PARTS_H
#define SESSION_FRONT_PARTS_H

#include <stdbool.h>

#include "session/auth.h"
#include "session/front.h"
#include "session/monitor.h"

enum { /* requests of the parser; 0 is ASK_LOG */
	ASK_LOGIN = 1, /* name NUL password NUL word */
	ASK_FIRST, /* a client's first message of SCRAM */
	ASK_FINAL, /* its second */
	ASK_IN, /* word: he is content with the answer to that */
};

enum { /* answers; to the right password there is none */
	ANSWER_BAD = 1,
	ANSWER_TEMP,
	ANSWER_TEXT, /* of SCRAM, for the client */
};

/* The monitor's. */
struct entry {
	const struct front *front;
	const struct peer *peer;
	struct auth_scram scram;
	struct user user; /* who has logged in */
	char word[FRONT_WORD_MAX + 1];
	bool proven; /* by SCRAM */
	bool in;
};

extern const struct right front_rights[MONITOR_KINDS];

#endif
