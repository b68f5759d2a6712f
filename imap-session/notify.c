/* The command NOTIFY, and the wait for the next command. */
#include "imap-session/notify.h"

#include <poll.h>
#include <stdlib.h>

#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "message/clock.h"
#include "message/fail.h"
#include "session/log.h"

enum { LOOK_MS = 30000, AGAIN_MS = 100, RULES_MAX = 64 * 1024 };

static const struct {
	const char *word;
	unsigned event; /* 0: known, but there is no such thing here */
} events[] = {
	{ "MessageNew", EVENT_NEW },
	{ "MessageExpunge", EVENT_EXPUNGE },
	{ "FlagChange", EVENT_FLAGS },
	{ "MailboxName", EVENT_NAME },
	{ "SubscriptionChange", EVENT_SUBSCRIPTION },
	{ "AnnotationChange", 0 },
	{ "MailboxMetadataChange", EVENT_METADATA },
	{ "ServerMetadataChange", EVENT_SERVER },
};

enum { EVENTS = sizeof(events) / sizeof(*events) };

static const struct reply *
no_such_event(struct imap *im)
{
	return imap_no(im,
	    "[BADEVENT (MessageNew MessageExpunge FlagChange MailboxName "
	    "SubscriptionChange%s)] Not supported",
	    capability_on(CAP_METADATA) ?
		" MailboxMetadataChange ServerMetadataChange" :
		"");
}

/* " (UID BODY[HEADER.FIELDS (FROM)])" behind MessageNew: taken over as it is,
 * since FETCH will read it. */
static int
skip_attributes(struct parse *p, struct span *out)
{
	const char *from = p->rest.p;
	unsigned depth = 0;
	size_t n = 0;

	for (; n < p->rest.len; n++) {
		char c = from[n];

		if (c == '"' || c == '{' || c == '\r')
			break;
		depth += c == '(';
		if (c == ')' && --depth == 0)
			break;
	}
	if (n == p->rest.len || from[n] != ')')
		return parse_fail(p, "Closing parenthesis expected");
	*out = span_n(from, n + 1);
	p->rest = span_from(p->rest, n + 1);
	return 0;
}

static const struct reply *
read_event(struct imap *im, struct parse *p, struct rule *r)
{
	struct span word;
	size_t i = 0;

	if (parse_atom(p, &word) == -1)
		return &imap_bad;
	while (i < EVENTS && !span_same(word, span(events[i].word)))
		i++;
	if (i == EVENTS || events[i].event == 0 ||
	    ((events[i].event & (EVENT_METADATA | EVENT_SERVER)) != 0 &&
		!capability_on(CAP_METADATA)))
		return no_such_event(im);
	r->events |= events[i].event;
	if (events[i].event == EVENT_NEW && p->rest.len > 1 &&
	    p->rest.p[0] == ' ' && p->rest.p[1] == '(') {
		(void)parse_space(p);
		if (skip_attributes(p, &r->fetch) == -1)
			return &imap_bad;
	}
	return NULL;
}

/* "(selected (MessageNew MessageExpunge))". */
static const struct reply *
read_rule(struct imap *im, struct parse *p, struct rule *r)
{
	const unsigned messages = EVENT_NEW | EVENT_EXPUNGE;
	const struct reply *wrong;

	*r = (struct rule){ .events = 0 };
	if (parse_char(p, '(') == -1)
		return &imap_bad;
	wrong = source_read(im, p, &r->source);
	if (wrong != NULL)
		return wrong;
	if (parse_space(p) == -1)
		return &imap_bad;
	if (!parse_word(p, "NONE")) {
		if (parse_char(p, '(') == -1)
			return &imap_bad;
		do {
			wrong = read_event(im, p, r);
			if (wrong != NULL)
				return wrong;
		} while (parse_try(p, ' '));
		if (parse_char(p, ')') == -1)
			return &imap_bad;
	}
	/* RFC 5465 s. 5: these come together, and before the third. */
	if (((r->events & messages) != 0 &&
		(r->events & messages) != messages) ||
	    ((r->events & EVENT_FLAGS) != 0 && (r->events & messages) == 0)) {
		(void)parse_fail(p, "Events that need each other");
		return &imap_bad;
	}
	return parse_char(p, ')') == -1 ? &imap_bad : NULL;
}

const struct reply *
notify_read(struct imap *im, struct parse *p, struct rule rule[RULES],
    size_t *n)
{
	*n = 0;
	do {
		const struct reply *wrong;

		if (*n == RULES)
			return imap_no(im, "[LIMIT] Too many sets");
		wrong = read_rule(im, p, &rule[(*n)++]);
		if (wrong != NULL)
			return wrong;
	} while (parse_try(p, ' '));
	return parse_end(p) == -1 ? &imap_bad : NULL;
}

void
notify_end(struct imap *im)
{
	struct notify *n = im->notify;

	if (n == NULL)
		return;
	feed_close(n->feed);
	notify_forget_metadata(n);
	free(n->box);
	buf_free(&n->rules);
	buf_free(&n->fetch);
	free(n);
	im->notify = NULL;
}

/* In place of what was set before. */
static const struct reply *
set(struct imap *im, struct span said, const struct rule *rule, size_t n,
    bool status)
{
	notify_end(im);
	im->notify = calloc(1, sizeof(*im->notify));
	if (im->notify == NULL) {
		(void)fail("notify");
		return &imap_temp;
	}
	buf_init(&im->notify->rules, RULES_MAX);
	buf_init(&im->notify->fetch, RULES_MAX);
	buf_span(&im->notify->rules, said);
	if (im->notify->rules.over || notify_fill(im, rule, n, false) == -1) {
		log_line(LOG_WARNING, "notify-error reason=%s", fail_text());
		notify_end(im);
		return imap_no(im, "[NOTIFICATIONOVERFLOW] Too much to watch");
	}
	for (size_t i = 0; status && i < im->notify->boxes; i++)
		notify_put_status(im, &im->notify->box[i]);
	return &imap_done;
}

const struct reply *
notify_notify(struct imap *im, struct parse *p)
{
	struct rule rule[RULES];
	const struct reply *wrong;
	struct span said;
	bool status;
	size_t n;

	if (parse_space(p) == -1)
		return &imap_bad;
	if (parse_word(p, "NONE")) {
		if (parse_end(p) == -1)
			return &imap_bad;
		notify_end(im);
		return &imap_done;
	}
	if (!parse_word(p, "SET") || parse_space(p) == -1) {
		(void)parse_fail(p, "SET or NONE expected");
		return &imap_bad;
	}
	status = parse_word(p, "STATUS");
	if (status && parse_space(p) == -1)
		return &imap_bad;
	said = p->rest;
	wrong = notify_read(im, p, rule, &n);
	return wrong != NULL ? wrong : set(im, said, rule, n, status);
}

void
notify_watch(struct imap *im)
{
	int64_t begun = clock_seconds();

	while (im->notify != NULL && !conn_waiting(im->conn)) {
		struct pollfd p[3] = { { .fd = im->conn->in,
		    .events = POLLIN } };
		int fd[2];

		notify_tell(im);
		if (conn_flush(im->conn) == -1 || im->lost ||
		    clock_seconds() - begun > im->limit->seconds)
			return;
		notify_wait(im, fd);
		for (int i = 0; i < 2; i++)
			p[i + 1] =
			    (struct pollfd){ .fd = fd[i], .events = POLLIN };
		(void)poll(p, 3, im->notify->again ? AGAIN_MS : LOOK_MS);
		if (p[0].revents != 0)
			return;
	}
}
