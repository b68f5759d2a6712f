/* Grey lists: who is not known is asked to come again in a while, which mail
 * servers do and many senders of bulk do not.
 *
 * One small file in the run directory, RUN/grey, of records of fixed size: for
 * a network, sender and recipient when they were met first, and for a network
 * that did come again when it was here last.  Nobody writes a name into it;
 * what is old or has no room is forgotten, which only costs a wait. */
#ifndef SMTP_SESSION_GREY_H
#define SMTP_SESSION_GREY_H

#include <time.h>

enum {
	GREY_PLACES = 65536, /* records */
	GREY_NEAR = 16, /* places where a record may be */
	GREY_AGAIN = 2 * 86400, /* so long it may take to come again */
	GREY_KNOWN = 36 * 86400, /* so long is known who did */
};

/* May mail "from" "ip" to "rcpt" come in?  IPv4 counts by /24, IPv6 by /64;
 * "from" "" is the null path.  "delay" seconds after the first try it may.
 * 0: yes.  Else so many seconds are left.  -1: cannot tell, fail_text(). */
long grey_ask(const char *run, const char *ip, const char *from,
    const char *rcpt, unsigned delay, time_t now);

/* The same, but nothing is noted: what would be said. */
long grey_look(const char *run, const char *ip, const char *from,
    const char *rcpt, unsigned delay, time_t now);

#endif
