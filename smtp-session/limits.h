/* What a client may use of us; smtp-session(8) has the same list. */
#ifndef SMTP_SESSION_LIMITS_H
#define SMTP_SESSION_LIMITS_H

enum {
	SMTP_LINE_MAX = 2048, /* of a command */
	SMTP_COMMAND_SECONDS = 300,
	SMTP_STRESS_SECONDS =
	    10, /* the same when four of five slots are taken */
	SMTP_DATA_SECONDS = 180, /* for a block of content */
	SMTP_SESSION_SECONDS = 1800,
	SMTP_RATE = 500, /* octets a second, the least a client must do ... */
	SMTP_RATE_GRACE = 60, /* ... after so many seconds */
	SMTP_MAILS = 1000, /* transactions of a session */
	SMTP_SLOW_ERRORS = 10, /* from then on each costs a second */
	SMTP_ERRORS = 20,
	SMTP_IDLE = 100, /* NOOP, RSET, VRFY and the like without mail */
	SMTP_MEMORY = 1 << 20, /* octets of content before it goes to disk */
};

#endif
