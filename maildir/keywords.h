/* dovecot-keywords: which name the letter a .. z of a file name stands for.
 *
 *	0 $Forwarded
 *	1 work
 *
 * Bits 26 and up have no letter; they live in the index, and their names in
 * mailroom-keywords of the same form. */
#ifndef MAILDIR_KEYWORDS_H
#define MAILDIR_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "maildir/maildir.h"

enum { KEYWORD_LONGEST = 255, KEYWORDS_STANDARD = 5 };

/* Those that have a meaning of their own (RFC 9051 s. 2.3.2). */
extern const char *const keywords_standard[KEYWORDS_STANDARD];

struct keywords {
	const char *name[KEYWORDS]; /* NULL: not given */
	uint64_t named; /* bits that have one */
	char *text;
	struct stat st[2]; /* of the two files as read */
};

/* Read both files of the folder open at "dir"; none is no failure.  0; -1. */
int keywords_read(struct keywords *, int dir);
void keywords_free(struct keywords *);
bool keywords_changed(const struct keywords *, int dir);

/* The bit of that name, ASCII case ignored; -1: none. */
int keywords_find(const struct keywords *, const char *name);

/* Give "name" a bit, under dovecot-uidlist.lock, which this takes.  The names
 * of RFC 9051 s. 2.3.2 get theirs with the first.  The bit; -1: ENOSPC all
 * are taken, EINVAL no keyword, or what writing brought. */
int keywords_make(struct keywords *, int dir, const char *name);

#endif
