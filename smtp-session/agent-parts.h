/* What all kinds of agents share: agent.c, agent-maildir.c, agent-outlet.c,
 * agent-spool.c. */
#ifndef SMTP_SESSION_AGENT_PARTS_H
#define SMTP_SESSION_AGENT_PARTS_H

#include "session/record.h"
#include "smtp-session/agent.h"
#include "smtp-session/box.h"
#include "smtp-session/room.h"

/* What every agent does once it is its user and has opened "dir" (its
 * maildir or spool): limits and sandbox.  0 / -1. */
int agent_lock_down(const struct config *, int dir);

/* Wait for a request (1), with the time limit on its work set; exits when
 * the parser is gone. */
void agent_wait(int sock, struct record *, int *fd);

/* AGENT_DONE for 0, else AGENT_FAILED with errno and fail_text(). */
void agent_answer(int sock, int result);

/* Any answer.  Who cannot be told sees an end. */
void agent_tell(int sock, enum agent_record, int value, struct span text);

/* AGENT_TROUBLE, and the end. */
noreturn void agent_give_up(int sock);

/* AGENT_TARGETS: TARGET_* address NUL ..., in as many records as it takes. */
void agent_targets(int sock, const struct buf *);
void agent_found(int sock, const struct box *); /* AGENT_MAILBOX */
/* Become the user; from here on there is no way back.  With his groups where he
 * may deliver into a Maildir of one (the word `shared-folders`). */
void agent_become(int sock, const struct box *, bool groups);
/* As the user: open his Maildir, or a folder of it (its name is added to
 * user.name), and look for its quota.  A descriptor; -1. */
int agent_move_in(struct box *, struct room *);

/* AGENT_MAILBOX, if the Maildir "dir" of that box (-1: fail_text() says why
 * not) has room; then lock down and write there what comes. */
noreturn void agent_maildir(int sock, const struct config *, const struct box *,
    int dir, struct room *);
/* Find the command or file of that name, and give it what comes. */
noreturn void agent_outlet(int sock, const struct config *,
    const struct addr *);

#endif
