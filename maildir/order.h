/* Messages in order (RFC 5256, RFC 5957), and in conversations. */
#ifndef MAILDIR_ORDER_H
#define MAILDIR_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/thread.h"

struct folder;
struct search_watcher;

enum order_by {
	ORDER_ARRIVAL, /* INTERNALDATE */
	ORDER_CC, /* the first mailbox */
	ORDER_DATE, /* Date field, else INTERNALDATE */
	ORDER_FROM,
	ORDER_SIZE,
	ORDER_SUBJECT, /* base subject */
	ORDER_TO,
	ORDER_DISPLAYFROM, /* name, or address without one */
	ORDER_DISPLAYTO,
};

struct order_key {
	enum order_by by;
	bool reverse;
};

enum { ORDER_KEYS = 16 };

/* Sort messages of the view, whose numbers are ascending; what is equal stays
 * so.  0; -1. */
int order_sort(struct folder *, const struct order_key *, size_t keys,
    const struct search_watcher *, uint32_t *number, size_t n);

/* Put them into threads; "message" of a node counts from the beginning of
 * number[].  0; -1.  threads_free in either case. */
int order_threads(struct folder *, enum thread_algorithm,
    const struct search_watcher *, const uint32_t *number, size_t n,
    struct threads *);

#endif
