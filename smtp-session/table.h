/* Small files of the run directory in which all sessions write. */
#ifndef SMTP_SESSION_TABLE_H
#define SMTP_SESSION_TABLE_H

/* Open RUN/name, of ours alone (0600), and lock it until it is closed; "flags"
 * beside O_RDWR, with O_CREAT it is made, and the directory too.
 * A descriptor; -1: fail_text(), errno ENOENT: there is none. */
int table_open(const char *run, const char *name, int flags);

#endif
