/* What Courier kept beside the mail; internal to the store. */
#ifndef MAILDIR_IMPORT_H
#define MAILDIR_IMPORT_H

#include <stddef.h>

struct uidl; /* of one message */

/* UIDLs of courierpop3dsizelist by base name. */
struct uidls {
	struct uidl *uidl;
	size_t n;
	char *text;
};

/* Read them; no file is none.  0; -1 no memory. */
int uidls_read(struct uidls *, int dir);
void uidls_free(struct uidls *);
/* The field "PUID5-1234" for that message; NULL. */
const char *uidls_field(const struct uidls *, const char *name);

#endif
