/* What the rows of the command table point to. */
#ifndef IMAP_SESSION_HANDLERS_H
#define IMAP_SESSION_HANDLERS_H

#include "imap-session/imap.h"

/* The parser stands behind the verb: what it finds wrong is BAD, whatever the
 * handler returns then. */
typedef const struct reply *handler(struct imap *, struct parse *);

/* By file. */
handler announce_capability, announce_id, announce_enable, announce_namespace;
handler login_login, login_authenticate, login_starttls;
handler select_select, select_examine, select_close, select_unselect,
    select_check, select_expunge;
handler status_status;
handler list_list, list_lsub, list_xlist;
handler folders_create, folders_delete, folders_rename, folders_subscribe,
    folders_unsubscribe;
handler fetch_fetch;
handler flags_store;
handler copy_copy, copy_move;
handler append_append, append_replace;
handler search_search;
handler sort_sort;
handler thread_thread;
handler multisearch_esearch;
handler notify_notify;
handler quota_get, quota_get_root, quota_set;
handler metadata_get, metadata_set;
handler acl_my_rights, acl_get, acl_list_rights, acl_set, acl_delete;
handler idle_idle;
handler compress_compress;

#endif
