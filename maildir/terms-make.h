/* Making a part of a file of terms: internal to terms.h. */
#ifndef MAILDIR_TERMS_MAKE_H
#define MAILDIR_TERMS_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/terms-part.h"
#include "message/buf.h"

struct pair {
	uint32_t word, place;
};

struct make_table {
	struct buf text; /* a NUL behind each */
	struct buf begin; /* uint32_t of each, in text */
	struct buf seen; /* uint32_t of each: the turn that had it last */
	struct buf pair; /* struct pair */
	uint64_t *slot; /* hash table: hash and word + 1 */
	uint32_t slots, words;
};

struct make {
	struct buf uid;
	uint32_t turn; /* of the message that is being put */
	bool failed; /* no memory: nothing of it is of use */
	struct make_table table[TERMS_TABLES];
};

void make_init(struct make *);
void make_free(struct make *);
uint32_t make_uids(const struct make *);
/* Memory that its pairs take, about; it is too much. */
size_t make_size(const struct make *);
bool make_full(const struct make *);

/* A message; strings are of the last one. */
void make_uid(struct make *, uint32_t uid);
void make_add(struct make *, unsigned table, struct span word);
/* What was said of the last one does not count. */
void make_drop(struct make *);
/* Those of a part that are not gone, too. */
void make_absorb(struct make *, struct part *);

/* The whole part, for a file.  0; -1 no memory. */
int make_part(struct make *, struct buf *out);

#endif
