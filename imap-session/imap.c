/* The command table and the loop: what a command means, when it exists, and
 * what may be announced in its answer. */
#include "imap-session/imap.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/notify.h"
#include "imap-session/selected.h"
#include "message/clock.h"
#include "message/fail.h"
#include "session/log.h"

enum {
	OUT_MAX = 16 << 20, /* of one untagged response without content */
	PART = 32 << 10, /* of a longer one */
	TEXT_MAX = 1 << 20,
	ERRORS_START = 3, /* then the client is sent away */
	ERRORS_IN = 20,
	PAUSE_MS = 2, /* in which a client goes on that has more to say */
	HURRY = 32, /* see catch_up */
};

enum {
	F_UID = 1 << 0, /* exists with UID before it, too */
	F_NUMBERS = 1 << 1, /* without UID no message may vanish in its answer:
			     * RFC 9051 s. 7.5.1 */
	F_SET = F_UID | F_NUMBERS,
};

const struct reply imap_done = { SAY_OK, "Done" };
const struct reply imap_bad = { SAY_BAD, "Syntax error" };
const struct reply imap_temp = { SAY_NO, "[SERVERBUG] Internal error" };
static const struct reply in_text = { SAY_OK, NULL };
static const struct reply unknown = { SAY_BAD, "Unknown command" };
static const struct reply disorder = { SAY_BAD, "Not in this state" };
static const struct reply weary = { SAY_BYE, "Too many errors" };
static const struct reply nothing = { SAY_NOTHING, NULL };
static const struct reply bye = { SAY_OK, "Bye" };

static const struct reply *
noop(struct imap *im, struct parse *p)
{
	(void)im;
	return parse_end(p) == 0 ? &imap_done : &imap_bad;
}

static const struct reply *
logout(struct imap *im, struct parse *p)
{
	if (parse_end(p) == -1)
		return &imap_bad;
	conn_printf(im->conn, "* BYE Logging out\r\n");
	return &bye;
}

/* clang-format off */
static const struct row {
	const char *verb;
	enum capability needs; /* CAP_REV1: always there */
	unsigned in; /* S_* bits: states in which it exists */
	unsigned flags;
	handler *run;
} rows[] = {	/* RFC 9051 s. 6 */
	{ "CAPABILITY",		CAP_REV1,	S_ANY, 0, announce_capability },
	{ "NOOP",		CAP_REV1,	S_ANY, 0, noop },
	{ "LOGOUT",		CAP_REV1,	S_ANY, 0, logout },
	{ "ID",			CAP_ID,		S_ANY, 0, announce_id },
	{ "LOGIN",		CAP_REV1,	S_START, 0, login_login },
	{ "AUTHENTICATE",	CAP_REV1,	S_START, 0, login_authenticate },
	{ "STARTTLS",		CAP_REV1,	S_START, 0, login_starttls },
	{ "ENABLE",		CAP_ENABLE,	S_USER, 0, announce_enable },
	{ "NAMESPACE",		CAP_NAMESPACE,	S_USER, 0, announce_namespace },
	{ "SELECT",		CAP_REV1,	S_USER, 0, select_select },
	{ "EXAMINE",		CAP_REV1,	S_USER, 0, select_examine },
	{ "STATUS",		CAP_REV1,	S_USER, 0, status_status },
	{ "LIST",		CAP_REV1,	S_USER, 0, list_list },
	{ "LSUB",		CAP_REV1,	S_USER, 0, list_lsub },
	{ "XLIST",		CAP_XLIST,	S_USER, 0, list_xlist },
	{ "CREATE",		CAP_REV1,	S_USER, 0, folders_create },
	{ "DELETE",		CAP_REV1,	S_USER, 0, folders_delete },
	{ "RENAME",		CAP_REV1,	S_USER, 0, folders_rename },
	{ "SUBSCRIBE",		CAP_REV1,	S_USER, 0, folders_subscribe },
	{ "UNSUBSCRIBE",	CAP_REV1,	S_USER, 0, folders_unsubscribe },
	{ "APPEND",		CAP_REV1,	S_USER, 0, append_append },
	{ "IDLE",		CAP_IDLE,	S_USER, 0, idle_idle },
	{ "COMPRESS",		CAP_COMPRESS,	S_USER, 0, compress_compress },
	{ "CHECK",		CAP_REV1,	S_BOX, 0, select_check },
	{ "CLOSE",		CAP_REV1,	S_BOX, 0, select_close },
	{ "UNSELECT",		CAP_UNSELECT,	S_BOX, 0, select_unselect },
	{ "EXPUNGE",		CAP_REV1,	S_BOX, F_UID, select_expunge },
	{ "FETCH",		CAP_REV1,	S_BOX, F_SET, fetch_fetch },
	{ "STORE",		CAP_REV1,	S_BOX, F_SET, flags_store },
	{ "SEARCH",		CAP_REV1,	S_BOX, F_SET, search_search },
	{ "GETQUOTA",		CAP_QUOTA,	S_USER, 0, quota_get },
	{ "GETQUOTAROOT",	CAP_QUOTA,	S_USER, 0, quota_get_root },
	{ "SETQUOTA",		CAP_QUOTA,	S_USER, 0, quota_set },
	{ "GETMETADATA",	CAP_METADATA,	S_USER, 0, metadata_get },
	{ "SETMETADATA",	CAP_METADATA,	S_USER, 0, metadata_set },
	{ "MYRIGHTS",		CAP_ACL,	S_USER, 0, acl_my_rights },
	{ "GETACL",		CAP_ACL,	S_USER, 0, acl_get },
	{ "LISTRIGHTS",		CAP_ACL,	S_USER, 0, acl_list_rights },
	{ "SETACL",		CAP_ACL,	S_USER, 0, acl_set },
	{ "DELETEACL",		CAP_ACL,	S_USER, 0, acl_delete },
	{ "ESEARCH",		CAP_MULTISEARCH, S_USER, 0, multisearch_esearch },
	{ "NOTIFY",		CAP_NOTIFY,	S_USER, 0, notify_notify },
	{ "SORT",		CAP_SORT,	S_BOX, F_SET, sort_sort },
	{ "THREAD",		CAP_REV1,	S_BOX, F_SET, thread_thread },
	{ "REPLACE",		CAP_REPLACE,	S_BOX, F_UID, append_replace },
	{ "COPY",		CAP_REV1,	S_BOX, F_UID, copy_copy },
	{ "MOVE",		CAP_MOVE,	S_BOX, F_UID, copy_move },
};
/* clang-format on */

int
imap_init(struct imap *im, struct conn *c, const struct limit *limit,
    size_t arena)
{
	*im = (struct imap){ .conn = c, .state = S_START, .limit = limit };
	buf_init(&im->text, TEXT_MAX);
	buf_init(&im->out, OUT_MAX);
	if (arena_init(&im->arena, arena) == -1)
		return -1;
	return command_init(&im->command);
}

void
imap_free(struct imap *im)
{
	notify_end(im);
	free(im->saved);
	command_free(&im->command);
	arena_free(&im->arena);
	buf_free(&im->text);
	buf_free(&im->out);
}

static const struct reply *say(struct imap *, const struct reply *,
    const char *, va_list) __attribute__((format(printf, 3, 0)));

static const struct reply *
say(struct imap *im, const struct reply *r, const char *format, va_list ap)
{
	buf_reset(&im->text);
	buf_vprintf(&im->text, format, ap);
	return im->text.over ? &imap_temp : r;
}

const struct reply *
imap_ok(struct imap *im, const char *format, ...)
{
	const struct reply *r;
	va_list ap;

	va_start(ap, format);
	r = say(im, &in_text, format, ap);
	va_end(ap);
	return r;
}

const struct reply *
imap_no(struct imap *im, const char *format, ...)
{
	static const struct reply no = { SAY_NO, NULL };
	const struct reply *r;
	va_list ap;

	va_start(ap, format);
	r = say(im, &no, format, ap);
	va_end(ap);
	return r;
}

const struct reply *
imap_long(struct imap *im)
{
	buf_reset(&im->text);
	buf_span(&im->text, buf_all(&im->out));
	buf_reset(&im->out);
	return im->text.over ? &imap_done : &in_text;
}

const struct reply *
imap_failed(struct imap *im)
{
	switch (errno) {
	case ENOENT:
		return imap_no(im, "[NONEXISTENT] No such mailbox");
	case EEXIST:
		return imap_no(im, "[ALREADYEXISTS] There is one already");
	case EINVAL:
	case ENAMETOOLONG:
		return imap_no(im, "[CANNOT] Impossible name");
	case ENOSPC:
	case EDQUOT:
		return imap_no(im, "[OVERQUOTA] No room left");
	case EMFILE:
		return imap_no(im, "[LIMIT] Too many open folders");
	case EAGAIN:
		return imap_no(im, "[INUSE] Mailbox is locked, try again");
	case EROFS:
	case EACCES:
	case EPERM:
		return imap_no(im, "[NOPERM] Not permitted");
	case ESTALE:
		im->lost = true;
		return imap_no(im, "[NONEXISTENT] Mailbox was removed");
	default:
		return &imap_temp;
	}
}

static void
put_out(struct imap *im)
{
	if (im->out.over)
		im->conn->broken = true; /* a response is never cut */
	conn_put(im->conn, im->out.p, im->out.len);
	buf_reset(&im->out);
}

void
imap_line(struct imap *im)
{
	put_out(im);
	conn_put(im->conn, "\r\n", 2);
}

void
imap_part(struct imap *im)
{
	if (im->out.len > PART)
		put_out(im);
}

static const struct row *
find(struct span verb)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (span_same(verb, span(rows[i].verb)))
			return &rows[i];
	return NULL;
}

static const struct reply *
obey(struct imap *im, struct parse *p)
{
	const struct reply *r;
	const struct row *row;
	struct span verb;

	if (p->error != NULL || im->tag.p[0] == '*') {
		p->error = "Invalid tag";
		return &imap_bad;
	}
	if (parse_space(p) == -1 || parse_atom(p, &verb) == -1)
		return &imap_bad;
	im->uid = span_same(verb, span("UID"));
	if (im->uid && (parse_space(p) == -1 || parse_atom(p, &verb) == -1))
		return &imap_bad;
	row = find(verb);
	if (row == NULL || !capability_on(row->needs) ||
	    (im->uid && (row->flags & F_UID) == 0)) {
		p->error = unknown.text;
		return &unknown;
	}
	if ((row->in & im->state) == 0) {
		p->error = disorder.text;
		return &disorder;
	}
	r = row->run(im, p);
	if (im->state == S_BOX && p->error == NULL)
		selected_announce(im, im->uid || (row->flags & F_NUMBERS) == 0);
	if (r == &imap_temp)
		log_line(LOG_ERR, "error reason=%s", fail_text());
	return r;
}

static void
put_reply(struct imap *im, struct span tag, const char *kind, const char *text)
{
	conn_put(im->conn, tag.p, tag.len);
	conn_printf(im->conn, " %s ", kind);
	conn_put(im->conn, text, strlen(text));
	conn_put(im->conn, "\r\n", 2);
}

/* Write a reply, with the tag if there is one.  True: go on. */
static bool
answer(struct imap *im, const struct reply *r, const char *error)
{
	static const char *const kinds[] = { "OK", "NO", "BAD", "BYE" };
	unsigned most = im->state == S_START ? ERRORS_START : ERRORS_IN;
	const char *text = r->text != NULL ? r->text : im->text.p;

	if (error != NULL)
		put_reply(im, im->tag, "BAD", error);
	else if (r->kind != SAY_NOTHING)
		put_reply(im, r->kind == SAY_BYE ? span("*") : im->tag,
		    kinds[r->kind], text);
	im->errors = error != NULL ? im->errors + 1 : 0;
	if (im->errors >= most) {
		conn_printf(im->conn, "* BYE %s\r\n", weary.text);
		return false;
	}
	if (im->lost) {
		conn_printf(im->conn, "* BYE Mailbox was removed\r\n");
		return false;
	}
	return r->kind != SAY_BYE && r != &bye;
}

/* The tag of a command that was skipped, so that its NO or BAD has one. */
static void
find_tag(struct imap *im, struct parse *p)
{
	parse_init(p, command_span(&im->command), &im->arena);
	if (parse_tag(p, &im->tag) == -1 || im->tag.len > TAG_MAX)
		im->tag = span("*");
	/* APPEND reads more of the command over it. */
	memcpy(im->tag_text, im->tag.p, im->tag.len);
	im->tag.p = im->tag_text;
}

/* Is there a command, or does one come within so many ms? */
static bool
commanded(const struct imap *im, int ms)
{
	return conn_waiting(im->conn) ||
	    conn_await(im->conn->in, POLLIN, clock_ms() + ms) == 0;
}

/* The answer is out.  A first list is written before anything else; the names of
 * many files may be yet to follow: when the client has nothing to say, as long as
 * that lasts.  One that always has waits for some of them now and then. */
static void
catch_up(struct imap *im)
{
	if (im->folder == NULL || !folder_is_late(im->folder))
		return;
	/* who takes no answer keeps nobody waiting */
	if (conn_await(im->conn->out, POLLOUT, 0) == 0)
		(void)conn_flush(im->conn);
	if (folder_listed(im->folder) == -1 || !folder_is_late(im->folder))
		return;
	if (++im->hurried % HURRY != 0 && commanded(im, PAUSE_MS))
		return;
	while (folder_late(im->folder) == 1 && !commanded(im, 0))
		continue;
}

/* One command.  True: go on. */
static bool
one(struct imap *im)
{
	enum command_got got;
	const struct reply *r = &nothing;
	struct parse p;

	arena_reset(&im->arena);
	catch_up(im);
	notify_watch(im);
	if (im->lost)
		return answer(im, &nothing, NULL);
	got = command_read(&im->command, im->conn, im->limit);
	find_tag(im, &p);
	if (got == COMMAND_OK) {
		r = obey(im, &p);
		got = command_end(&im->command, im->conn, im->limit);
	}
	switch (got) {
	case COMMAND_OK:
		return answer(im, r, p.error);
	case COMMAND_BAD:
		return answer(im, &imap_bad, im->command.why);
	case COMMAND_NO:
		return answer(im, imap_no(im, "%s", im->command.why), NULL);
	case COMMAND_BYE:
		conn_printf(im->conn, "* BYE %s\r\n", im->command.why);
		return false;
	case COMMAND_IDLE:
		conn_printf(im->conn, "* BYE Idle for too long\r\n");
		return false;
	case COMMAND_GONE:
		break;
	}
	return false;
}

void
imap_serve(struct imap *im)
{
	while (one(im))
		continue;
	(void)conn_flush(im->conn);
}
