/* A process that knows the character sets of iconv(3), whose modules are out
 * of reach behind the sandbox, and too large to be loaded for each session.
 *
 * It is forked before the sandbox and sleeps.  The first text that needs it
 * makes it load all modules and go into a sandbox of its own, which has no
 * files at all, before it looks at the first octet.  It ends with the
 * session. */
#ifndef IMAP_SESSION_CONVERTER_H
#define IMAP_SESSION_CONVERTER_H

/* Have one, for charset_elsewhere.  Where none can be had, its sets stay
 * unknown. */
void converter_start(void);

#endif
