/* What this server announces, and what was switched off: one table.
 *
 * A capability that is off (-x, or the user's own file) is not announced, its
 * commands and words do not exist, and its data are not sent. */
#ifndef IMAP_SESSION_CAPABILITY_H
#define IMAP_SESSION_CAPABILITY_H

#include <stdbool.h>

#include "message/buf.h"
#include "message/span.h"

struct imap;

enum capability { /* in the order in which they are announced */
	CAP_REV1, /* never off: what belongs to no other */
	CAP_REV2,
	CAP_LITERAL,
	CAP_SASL_IR,
	CAP_ID,
	CAP_ENABLE,
	CAP_NAMESPACE,
	CAP_UNSELECT,
	CAP_UIDPLUS,
	CAP_MOVE,
	CAP_MULTIAPPEND,
	CAP_IDLE,
	CAP_COMPRESS,
	CAP_CHILDREN,
	CAP_SPECIAL_USE,
	CAP_CREATE_SPECIAL_USE,
	CAP_XLIST,
	CAP_LIST_EXTENDED,
	CAP_LIST_STATUS,
	CAP_STATUS_SIZE,
	CAP_ESEARCH,
	CAP_SEARCHRES,
	CAP_WITHIN,
	CAP_INPROGRESS,
	CAP_MULTISEARCH,
	CAP_NOTIFY,
	CAP_SORT,
	CAP_SORT_DISPLAY,
	CAP_ESORT,
	CAP_THREAD_REFERENCES,
	CAP_THREAD_ORDEREDSUBJECT,
	CAP_THREAD_REFS,
	CAP_QUOTA,
	CAP_QUOTA_STORAGE,
	CAP_QUOTA_MESSAGE,
	CAP_METADATA,
	CAP_ACL,
	CAP_RIGHTS,
	CAP_LIST_MYRIGHTS,
	CAP_CONDSTORE,
	CAP_QRESYNC,
	CAP_UTF8,
	CAP_SAVEDATE,
	CAP_BINARY,
	CAP_PREVIEW,
	CAP_OBJECTID,
	CAP_PARTIAL,
	CAP_REPLACE,
	CAP_APPENDLIMIT,
	CAPABILITIES,
};

_Static_assert(CAPABILITIES <= 64, "one bit for each");

/* May it be announced, asked for and answered? */
bool capability_on(enum capability);

/* Switch one off, and with it all that needs it.  0; -1: there is none of that
 * name, or it must stay. */
int capability_off(struct span name);

/* Those of the state, after "CAPABILITY ". */
void capability_put(struct buf *, const struct imap *);

#endif
