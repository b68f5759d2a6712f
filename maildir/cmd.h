/* The `maildir` command: what its verbs share.  These files belong to the
 * program alone, the sessions have no part of them. */
#ifndef MAILDIR_CMD_H
#define MAILDIR_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/maildir.h"
#include "message/buf.h"
#include "message/span.h"

struct cmd {
	const char *verb;
	const char *path; /* of the Maildir */
	const char *own; /* the same, when no option says another */
	struct store *store;
	struct folder *folder; /* once cmd_open was called */
	char folder_name[256]; /* on disk */
	const char *folder_said;
	bool chosen; /* by -f */
	bool quiet; /* -q: numbers only */
	bool json; /* -j, --json */
	bool all; /* -a */
	bool raw; /* -r */
	bool unread; /* -u */
	bool threads; /* -t, --thread */
	bool edit; /* -E */
	bool list; /* -l */
	bool within; /* -i: the original in the text */
	bool force; /* -y */
	bool keep; /* -k: unread stays unread; duplicates are kept */
	uint32_t most; /* -n */
	const char *into; /* -d: directory, or other thing of the verb */
	const char *subject; /* -s */
	const char *to; /* -t */
	const char *cc; /* -C */
	const char *from; /* -F */
	const char *exec; /* -x */
	bool no_edit; /* -e: the text comes from standard input */
	char **attach; /* -A, several */
	size_t attaches;
	int argc;
	char **argv;
	uint32_t *number; /* of the folder's view, ascending: cmd_pick */
	size_t n;
	uint32_t *depth; /* of each in its thread; NULL: none is asked */
	struct buf out;
	int status;
};

/* A folder "Shared/NAME" is another Maildir, if there are any: path and
 * folder_name become those in it. */
void cmd_shared(struct cmd *);
/* Open the folder.  Ends the program when that fails. */
void cmd_open(struct cmd *, bool write);
/* The same, to change the messages that "arg" names: by numbers alone, the
 * folder need not be listed. */
void cmd_open_known(struct cmd *, char **arg, int args);
/* folder_open, with a sign of life on a terminal while it looks for what has
 * come. */
struct folder *cmd_folder(struct store *, const char *disk, bool write);

/* The folder's name for the disk (modified UTF-7) from what a user types, and
 * back.  0; -1 and a complaint. */
int cmd_disk_name(char disk[256], const char *said);
void cmd_said_name(struct buf *, const char *disk);

/* Is it for what the user sends: Sent, Drafts, and what stands below them? */
bool cmd_own_folder(const char *disk);

enum pick { PICK_CURRENT, PICK_ALL }; /* what no argument means */
/* Fill number[] from the arguments (sets as cmd_next_range reads them, names of
 * files), or from standard input when there is none and it is no terminal, or
 * "-".  A message that is not there is complained of. */
void cmd_pick(struct cmd *, char **arg, int args, enum pick none);
/* The last "most" messages, without a look at the others. */
void cmd_pick_last(struct cmd *, uint32_t most);
/* One more, by its number in the view. */
void cmd_add(struct cmd *, uint32_t number);
/* Put what is picked into the order of conversations. */
void cmd_thread_picked(struct cmd *);
/* The lines of list for what is picked. */
void cmd_list_picked(struct cmd *);
/* The message whose file has this name, whatever its path and flags.  true: it
 * is there. */
bool cmd_pick_name(struct cmd *, const char *path);
/* Cut the first member off a set of UIDs like "1,4:9", where "." is the current
 * message, "$" and "*" the newest, and "all" any: the lowest and the highest.
 * 1; 0: none is left; -1: it is no set. */
int cmd_next_range(struct cmd *, struct span *set, uint32_t range[2]);

/* The current message: its UID; 0: none. */
uint32_t cmd_current(struct cmd *);
void cmd_set_current(struct cmd *, uint32_t uid);

/* Say what went wrong with the text of fail(), and exit 1 at the end. */
void cmd_complain(struct cmd *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Write c->out and empty it. */
void cmd_flush(struct cmd *);
/* Print the numbers that were done, with -q or --json. */
void cmd_done(struct cmd *, uint32_t uid, const char *said);

/* The flag of that name; 0: none. */
uint32_t cmd_flag(const char *name);
/* Change flags of the picked messages, and print which. */
void cmd_change(struct cmd *, const struct change *, const char *said);

#endif
