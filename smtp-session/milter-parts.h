/* What the files of the mail filters share. */
#ifndef SMTP_SESSION_MILTER_PARTS_H
#define SMTP_SESSION_MILTER_PARTS_H

#include "session/milter-place.h"
#include "smtp-session/edit.h"
#include "smtp-session/milter-wire.h"
#include "smtp-session/smtp.h"
#include "smtp-session/stow.h"

enum {
	MILTER_PATIENCE = 600, /* seconds for the end of a message, however
				* often a filter says that it goes on */
	MILTER_LONGER = 10, /* times as long as another answer */
};

/* A reply that a filter wants. */
struct refusal {
	unsigned code;
	char status[12]; /* "" none */
	struct buf text;
};

struct milter {
	struct milter_place place;
	int fd; /* -1: not there, or not any more */
	enum {
		FILTER_IDLE, /* no message */
		FILTER_ASKED, /* in one */
		FILTER_DONE, /* has accepted it */
		FILTER_OUT, /* has accepted all of this session */
	} at;
	struct milter_options o;
};

struct milters {
	struct milter m[MILTERS_MAX];
	size_t n;
	char helo[256], tls[96]; /* as they know it */
	const struct milter *barred; /* "bar" is the answer to each message */
	struct refusal bar, now;
	struct buf out; /* packets */
	struct milter_answer answer;
	size_t at, end; /* of octets that came */
	char in[MILTER_PACKET];

	/* the message */
	char id[SPOOL_ID];
	const struct recipient *asked; /* of RCPT */
	bool refused; /* he is */
	struct recipient *rcpt; /* those taken */
	size_t rcpts, room;
	bool discard;
	struct edit edit;
	struct buf field; /* scratch */
	bool gap; /* an empty line behind the header */
	off_t body_at; /* in s->content */
	struct stow body, fresh; /* the new body; the new content */
	bool new_body, body_cr; /* its last octet was a CR, not written */
	struct buf from; /* the new sender, "" none: it has brackets */
	struct buf moves; /* recipients: '+' or '-', address, NUL ... */
	struct buf hold; /* why it is to be held; "" it is not */
};

enum heard {
	HEARD_GO,
	HEARD_DONE, /* the filter accepts */
	HEARD_REFUSED, /* ms->now says how */
	HEARD_DISCARD,
	HEARD_SKIP,
	HEARD_EDIT, /* ms->answer; hear again */
};

/* One step of the protocol. */
struct milter_step {
	enum milter_command command;
	const char *name; /* for the log */
	uint32_t no, mute; /* MILTER_NO_*, MILTER_MUTE_* */
	uint32_t since; /* version */
	enum milter_stage stage;
};

/* milter-talk.c */

/* Begin ms->out anew with the macros for a step. */
void milter_macros(struct smtp *, const struct milter *,
    const struct milter_step *);

/* Send a step that has no data and no answer. */
void milter_tell(struct smtp *, struct milter *, const struct milter_step *);

/* Send ms->out and, unless the filter is mute there, hear the answer; a
 * filter that fails is HEARD_GO or HEARD_REFUSED. */
enum heard milter_ask(struct smtp *, struct milter *,
    const struct milter_step *);

/* The next answer after HEARD_EDIT; it is allowed until "until". */
enum heard milter_hear(struct smtp *, struct milter *,
    const struct milter_step *, int64_t until);

/* Agree on what is sent.  The same. */
enum heard milter_negotiate(struct smtp *, struct milter *);

/* Nonsense, or nothing at all: done with this filter. */
enum heard milter_lost(struct smtp *, struct milter *,
    const struct milter_step *, const char *why);

/* What its place says of failures. */
enum heard milter_failed(struct smtp *, const struct milter *);

/* milter-envelope.c: what is to change about sender and recipients.  The reply
 * when the message goes no further. */
const struct reply *milter_envelope(struct smtp *);

/* milter-talk.c: what a filter said as a reply. */
const struct reply *milter_refuse(struct smtp *, const struct milter *,
    const struct refusal *);

#endif
