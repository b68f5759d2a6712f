/* mbox of the form mboxrd, as export writes it and import reads it.
 *
 *	From SENDER DATE
 *	X-Mailroom-Export: 2 unended
 *	Status: RO
 *	X-Status: AF
 *	...the message...
 *
 * An empty line is behind each message; its lines that begin with "From ",
 * ">From " and so on have one ">" more.  The first field tells how many of the
 * lines behind it are of the export, too, and "unended" that the message has
 * no line end at its end; so all of it can be taken back, and other programs
 * know the flags. */
#ifndef MAILDIR_CMD_MBOX_H
#define MAILDIR_CMD_MBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "message/span.h"

struct append;
struct cmd;
struct copied;
struct folder;

enum { TOGETHER = 200 /* messages that are appended in one step */ };

#define MBOX_MARK "X-Mailroom-Export"

/* "From ", behind any number of ">". */
bool mbox_from(struct span line);

/* Flags and keywords of fields Status, X-Status and X-Keywords. */
struct mbox_flags {
	uint32_t flags;
	char text[1024]; /* of the keywords */
	const char *keyword[32];
	size_t keywords;
};
void mbox_flags(struct mbox_flags *, struct span name, struct span value);

/* Import from another Maildir at that path, with all its folders; or what
 * another server has left in ours ("kind": as the user says it). */
void import_maildir(struct cmd *, const char *path);
void import_here(struct cmd *, const char *kind);
/* From mbox files; "folder" as it is on disk. */
void import_mbox(struct cmd *, const char *path, const char *folder);

/* Append a message of "from" as it is, with flags, keywords and date.  0 (also
 * when it is gone); -1. */
int import_one(struct append *, struct folder *from, uint32_t number);

/* Tell of messages that were appended. */
void import_done(struct cmd *, const struct copied *);

#endif
