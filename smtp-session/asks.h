/* Requests of the parser to its monitor (rights.h). */
#ifndef SMTP_SESSION_ASKS_H
#define SMTP_SESSION_ASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "session/record.h"

/* record_send to the monitor.  -1 with EUSERS: that was asked as often as it
 * may be, so it was not sent. */
int asks_send(int monitor, uint32_t kind, int value, struct span data, int fd);

/* Is half of it used up?  Then no new message begins: the rest is for the one
 * at hand. */
bool asks_many(void);

#endif
