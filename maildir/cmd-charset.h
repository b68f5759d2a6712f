/* Character sets that need modules of the C library. */
#ifndef MAILDIR_CMD_CHARSET_H
#define MAILDIR_CMD_CHARSET_H

/* From now on they are the helper's. */
void charset_by_helper(void);

#endif
