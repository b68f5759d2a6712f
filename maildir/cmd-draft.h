/* What write, reply and forward begin with: a draft, and its editor. */
#ifndef MAILDIR_CMD_DRAFT_H
#define MAILDIR_CMD_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"

struct cmd;
struct letter;

enum { DRAFT_MAX = 64 << 20, DRAFT_WIDTH = 74 };

/* Append fields of a draft.  letter: the original; NULL, there is none. */
void draft_from(struct cmd *, struct buf *, const struct letter *);
void draft_field(struct buf *, const char *name, const char *value);
/* With "before" in front of the original's, if that has not. */
void draft_subject(struct cmd *, struct buf *, const struct letter *,
    const char *before);
/* Those of -A. */
void draft_files(struct cmd *, struct buf *);

/* All of standard input. */
void draft_input(struct buf *);
/* The signature, if there is one. */
void draft_signature(struct buf *);
/* The original's text with "> " before its lines, up to its signature. */
void draft_quote(struct buf *, const struct letter *);

/* The one message that is picked; its UID.  Ends the program when it is not
 * one. */
uint32_t draft_original(struct cmd *, struct letter *, char **arg, int args);

/* What sends the draft of that path another time, from the same Maildir.
 * Owned by the function until the next call. */
const char *draft_command(const struct cmd *, const char *path);

/* Have it edited, ask, and send it.  whole: it may be sent as it is. */
void draft_finish(struct cmd *, const struct buf *draft, bool whole);

#endif
