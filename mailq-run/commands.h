/* MAIL and RCPT with what the server understands of a letter's parameters
 * (RFC 1870, 3461, 6152, 6531). */
#ifndef MAILQ_RUN_COMMANDS_H
#define MAILQ_RUN_COMMANDS_H

#include "mailq-run/client.h"

enum { COMMANDS_LINE = 2048, COMMANDS_ROOM = 2 * COMMANDS_LINE };

/* An address that the server takes, into out[COMMANDS_LINE]: as it is, or
 * with its domain as A-labels for one without SMTPUTF8 (RFC 6531 s. 3.2).
 * 0; -1: there is none. */
int commands_spell(const struct client *, const char *addr, char *out);

/* Collect the command; the address can be spelled. */
void commands_mail(struct client *, const struct letter *);
void commands_rcpt(struct client *, const struct letter_rcpt *);

#endif
