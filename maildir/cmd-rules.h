/* Where a message goes: the file mailroom-rules of the Maildir.
 *
 *	# comment
 *	move Lists/Dev
 *		List-Id: <dev.lists.test>
 *	mark flagged,boss
 *		From: boss@here.test
 *		not To, Cc: all@here.test
 *
 * A rule is a line with what to do and, indented, its conditions, which must
 * all be true: one of the fields is there and holds the text, in any case, as
 * it would be shown.  Rules are asked in their order; "move", "keep" and
 * "discard" end that. */
#ifndef MAILDIR_CMD_RULES_H
#define MAILDIR_CMD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/span.h"

struct cmd;

enum { RULES_FILE_MAX = 256 * 1024, RULES_KEYWORDS = 32 };

struct verdict {
	char folder[256]; /* as it is on disk; "INBOX" */
	uint32_t flags;
	char *keyword[RULES_KEYWORDS]; /* for free() */
	size_t keywords;
	bool no_answer;
	bool discard; /* into the place for expunged mail */
};

/* What the rules say of a message.  Without the file: INBOX.  A line that is
 * no rule is complained of and its rule left out.  verdict_free afterwards. */
void rules_ask(struct cmd *, struct span message, struct verdict *);
void verdict_free(struct verdict *);

#endif
