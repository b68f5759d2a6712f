/* The file "subscriptions" as Dovecot has it; internal to the store.
 *
 *	V	2
 *
 *	Work	2026		(version 2: parts between tabs)
 *
 * or, without that head, one name per line with "." between the parts. */
#ifndef MAILDIR_SUBSCRIPTIONS_H
#define MAILDIR_SUBSCRIPTIONS_H

struct store;

/* Each subscribed name, until "take" returns -1.  0; -1. */
int subscriptions_each(const struct store *,
    int (*take)(void *with, const char *name), void *with);

#endif
