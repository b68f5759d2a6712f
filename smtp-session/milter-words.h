/* The numbers of the mail filter protocol of sendmail(8), version 6. */
#ifndef SMTP_SESSION_MILTER_WORDS_H
#define SMTP_SESSION_MILTER_WORDS_H

enum {
	MILTER_VERSION = 6,
	MILTER_LEAST = 2, /* the oldest version we talk with */
	MILTER_PIECE = 65535, /* octets of data in one packet */
	MILTER_PACKET = 4 + 1 + MILTER_PIECE,
	MILTER_SYMBOLS = 512, /* names of macros for one stage */
};

enum milter_command { /* from us */
	MILTER_ABORT = 'A',
	MILTER_BODY = 'B',
	MILTER_CONNECT = 'C',
	MILTER_MACROS = 'D',
	MILTER_END = 'E', /* of the body */
	MILTER_HELO = 'H',
	MILTER_HEADER = 'L',
	MILTER_MAIL = 'M',
	MILTER_END_HEADER = 'N',
	MILTER_OPTIONS = 'O', /* and its answer */
	MILTER_QUIT = 'Q',
	MILTER_RCPT = 'R',
	MILTER_DATA = 'T',
	MILTER_UNKNOWN = 'U',
};

enum milter_kind { /* of answers */
	MILTER_ADD_RCPT = '+',
	MILTER_ADD_RCPT_PAR = '2',
	MILTER_DEL_RCPT = '-',
	MILTER_SHUTDOWN = '4',
	MILTER_ACCEPTED = 'a',
	MILTER_NEW_BODY = 'b',
	MILTER_CONTINUE = 'c',
	MILTER_DISCARD = 'd',
	MILTER_NEW_FROM = 'e',
	MILTER_CONN_FAIL = 'f',
	MILTER_ADD_FIELD = 'h',
	MILTER_INSERT_FIELD = 'i',
	MILTER_CHANGE_FIELD = 'm',
	MILTER_PROGRESS = 'p',
	MILTER_QUARANTINE = 'q',
	MILTER_REJECTED = 'r',
	MILTER_SKIP = 's',
	MILTER_TEMPFAILED = 't',
	MILTER_REPLY = 'y',
};

enum { /* what a filter may do to a message */
	MILTER_DOES_ADD_FIELDS = 0x01,
	MILTER_DOES_BODY = 0x02,
	MILTER_DOES_ADD_RCPT = 0x04,
	MILTER_DOES_DEL_RCPT = 0x08,
	MILTER_DOES_CHANGE_FIELDS = 0x10,
	MILTER_DOES_QUARANTINE = 0x20,
	MILTER_DOES_FROM = 0x40,
	MILTER_DOES_ADD_RCPT_PAR = 0x80,
	MILTER_DOES_SYMBOLS = 0x100,
	MILTER_DOES_ALL = 0x1ff,
};

enum { /* what it does not want to hear, or not to answer */
	MILTER_NO_CONNECT = 0x01,
	MILTER_NO_HELO = 0x02,
	MILTER_NO_MAIL = 0x04,
	MILTER_NO_RCPT = 0x08,
	MILTER_NO_BODY = 0x10,
	MILTER_NO_FIELDS = 0x20,
	MILTER_NO_END_HEADER = 0x40,
	MILTER_MUTE_FIELD = 0x80,
	MILTER_NO_UNKNOWN = 0x100,
	MILTER_NO_DATA = 0x200,
	MILTER_SKIPS = 0x400, /* knows the answer SKIP */
	MILTER_REFUSED_RCPT = 0x800, /* wants those, too */
	MILTER_MUTE_CONNECT = 0x1000,
	MILTER_MUTE_HELO = 0x2000,
	MILTER_MUTE_MAIL = 0x4000,
	MILTER_MUTE_RCPT = 0x8000,
	MILTER_MUTE_DATA = 0x10000,
	MILTER_MUTE_UNKNOWN = 0x20000,
	MILTER_MUTE_END_HEADER = 0x40000,
	MILTER_MUTE_BODY = 0x80000,
	MILTER_BLANK = 0x100000, /* values with the blank behind the colon */
	MILTER_STEPS_ALL = 0x1fffff,
};

enum milter_stage { /* for which macros can be asked */
	MILTER_AT_CONNECT,
	MILTER_AT_HELO,
	MILTER_AT_MAIL,
	MILTER_AT_RCPT,
	MILTER_AT_DATA,
	MILTER_AT_END,
	MILTER_AT_END_HEADER,
	MILTER_STAGES,
};

#endif
