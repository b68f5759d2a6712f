/* The verbs of the `maildir` command: each has its options and arguments in
 * struct cmd, and sets its status. */
#ifndef MAILDIR_CMD_VERBS_H
#define MAILDIR_CMD_VERBS_H

struct cmd;

void cmd_list(struct cmd *);
void cmd_show(struct cmd *);
void cmd_headers(struct cmd *);
void cmd_raw(struct cmd *);
void cmd_save(struct cmd *);
void cmd_mark(struct cmd *);
void cmd_unmark(struct cmd *);
void cmd_move(struct cmd *);
void cmd_copy(struct cmd *);
void cmd_delete(struct cmd *);
void cmd_undelete(struct cmd *);
void cmd_folders(struct cmd *);
void cmd_write(struct cmd *);
void cmd_reply(struct cmd *);
void cmd_forward(struct cmd *);
void cmd_bounce(struct cmd *);
void cmd_send(struct cmd *);
void cmd_search(struct cmd *);
void cmd_threads(struct cmd *);
void cmd_watch(struct cmd *);
void cmd_import(struct cmd *);
void cmd_export(struct cmd *);
void cmd_deliver(struct cmd *);
void cmd_dedupe(struct cmd *);
void cmd_check(struct cmd *);
void cmd_repair(struct cmd *);
void cmd_quota(struct cmd *);
void cmd_contacts(struct cmd *);
void cmd_password(struct cmd *);
void cmd_create(struct cmd *);
void cmd_rename(struct cmd *);
void cmd_remove(struct cmd *);
void cmd_subscribe(struct cmd *);
void cmd_unsubscribe(struct cmd *);
void cmd_status(struct cmd *);

#endif
