/* The store, searching: which messages need not be read. */
#ifndef MAILDIR_SIGNATURE_H
#define MAILDIR_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "message/span.h"

struct folder;

/* Trigram signatures: which messages can hold a text?  "text" is folded by the
 * caller, the same way for messages and needles (search.h does all that).
 * folder_may_hold is true for every message that holds it or has no signature:
 * then read the text, and give it one.  Copies and moves keep theirs. */
enum { SIGNATURE = 256 };
void signature_add(uint8_t signature[SIGNATURE], struct span text);
int folder_sign(struct folder *, uint32_t number, const uint8_t *signature);
bool folder_signed(struct folder *, uint32_t number);
bool folder_may_hold(struct folder *, uint32_t number, struct span text);

#endif
