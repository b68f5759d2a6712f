/* What a list says of a message, kept by the store once it was read. */
#ifndef MAILDIR_CMD_BRIEF_H
#define MAILDIR_CMD_BRIEF_H

#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"

struct folder;

enum brief_field { /* UTF-8, one line each but for the last */
	BRIEF_FROM, /* the name, or the address without one */
	BRIEF_ADDRESS, /* of From */
	BRIEF_TO, /* names */
	BRIEF_SUBJECT,
	BRIEF_DATE, /* seconds, decimal; empty: none */
	BRIEF_ATTACHMENTS, /* how many */
	BRIEF_ID, /* Message-ID */
	BRIEF_REFERENCES, /* ids, blanks between */
	BRIEF_RECIPIENTS, /* a line for each of To and Cc: NAME tab ADDRESS */
	BRIEF_FIELDS,
};

struct brief {
	struct span field[BRIEF_FIELDS];
	struct buf text; /* what they point to */
};

void brief_init(struct brief *);
void brief_free(struct brief *);
/* Of a message of the view; good until the next brief_get.  0; -1. */
int brief_get(struct brief *, struct folder *, uint32_t number);

#endif
