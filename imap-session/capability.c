#include "imap-session/capability.h"

#include <stdint.h>

#include "imap-session/handlers.h"
#include "imap-session/login.h"
#include "imap-session/put.h"
#include "session/sasl.h"

#define BIT(c) ((uint64_t)1 << (c))

/* Part of RFC 9051, which cannot be announced without them. */
#define REV2                                                               \
	(BIT(CAP_ENABLE) | BIT(CAP_NAMESPACE) | BIT(CAP_UNSELECT) |        \
	    BIT(CAP_UIDPLUS) | BIT(CAP_MOVE) | BIT(CAP_IDLE) |             \
	    BIT(CAP_CHILDREN) | BIT(CAP_SPECIAL_USE) |                     \
	    BIT(CAP_LIST_EXTENDED) | BIT(CAP_LIST_STATUS) |                \
	    BIT(CAP_STATUS_SIZE) | BIT(CAP_ESEARCH) | BIT(CAP_SEARCHRES) | \
	    BIT(CAP_SASL_IR) | BIT(CAP_LITERAL))

/* clang-format off */
static const struct {
	const char *name;
	unsigned in; /* S_* bits: states in which it is announced */
	uint64_t needs; /* off when one of these is */
} capabilities[CAPABILITIES] = {
	[CAP_REV1] =		{ "IMAP4rev1",		S_ANY,	0 },
	[CAP_REV2] =		{ "IMAP4rev2",		S_ANY,	REV2 },
	[CAP_LITERAL] =		{ "LITERAL+",		S_ANY,	0 },
	[CAP_SASL_IR] =		{ "SASL-IR",		S_START, 0 },
	[CAP_ID] =		{ "ID",			S_ANY,	0 },
	[CAP_ENABLE] =		{ "ENABLE",		S_ANY,	0 },
	[CAP_NAMESPACE] =	{ "NAMESPACE",		S_USER,	0 },
	[CAP_UNSELECT] =	{ "UNSELECT",		S_USER,	0 },
	[CAP_UIDPLUS] =		{ "UIDPLUS",		S_USER,	0 },
	[CAP_MOVE] =		{ "MOVE",		S_USER,	0 },
	[CAP_MULTIAPPEND] =	{ "MULTIAPPEND",	S_USER,	0 },
	[CAP_IDLE] =		{ "IDLE",		S_USER,	0 },
	[CAP_COMPRESS] =	{ "COMPRESS=DEFLATE",	S_USER,	0 },
	[CAP_CHILDREN] =	{ "CHILDREN",		S_USER,	0 },
	[CAP_SPECIAL_USE] =	{ "SPECIAL-USE",	S_USER,	0 },
	[CAP_CREATE_SPECIAL_USE] = { "CREATE-SPECIAL-USE", S_USER,
				    BIT(CAP_SPECIAL_USE) },
	[CAP_XLIST] =		{ "XLIST",		S_USER,	0 },
	[CAP_LIST_EXTENDED] =	{ "LIST-EXTENDED",	S_USER,	0 },
	[CAP_LIST_STATUS] =	{ "LIST-STATUS",	S_USER,
				    BIT(CAP_LIST_EXTENDED) },
	[CAP_STATUS_SIZE] =	{ "STATUS=SIZE",	S_USER,	0 },
	[CAP_ESEARCH] =		{ "ESEARCH",		S_USER,	0 },
	[CAP_SEARCHRES] =	{ "SEARCHRES",		S_USER,
				    BIT(CAP_ESEARCH) },
	[CAP_WITHIN] =		{ "WITHIN",		S_USER,	0 },
	[CAP_INPROGRESS] =	{ "INPROGRESS",		S_USER,	0 },
	[CAP_NOTIFY] =		{ "NOTIFY",		S_USER,	0 },
	[CAP_MULTISEARCH] =	{ "MULTISEARCH",	S_USER,
				    BIT(CAP_ESEARCH) },
	[CAP_SORT] =		{ "SORT",		S_USER,	0 },
	[CAP_SORT_DISPLAY] =	{ "SORT=DISPLAY",	S_USER,
				    BIT(CAP_SORT) },
	[CAP_ESORT] =		{ "ESORT",		S_USER,
				    BIT(CAP_SORT) | BIT(CAP_ESEARCH) },
	[CAP_THREAD_REFERENCES] = { "THREAD=REFERENCES", S_USER, 0 },
	[CAP_THREAD_ORDEREDSUBJECT] = { "THREAD=ORDEREDSUBJECT", S_USER, 0 },
	[CAP_THREAD_REFS] =	{ "THREAD=REFS",	S_USER,	0 },
	[CAP_QUOTA] =		{ "QUOTA",		S_USER,	0 },
	[CAP_QUOTA_STORAGE] =	{ "QUOTA=RES-STORAGE",	S_USER,
				    BIT(CAP_QUOTA) },
	[CAP_QUOTA_MESSAGE] =	{ "QUOTA=RES-MESSAGE",	S_USER,
				    BIT(CAP_QUOTA) },
	[CAP_METADATA] =	{ "METADATA",		S_USER,	0 },
	[CAP_ACL] =		{ "ACL",		S_USER,	0 },
	[CAP_RIGHTS] =		{ "RIGHTS=texk",	S_USER,	BIT(CAP_ACL) },
	[CAP_LIST_MYRIGHTS] =	{ "LIST-MYRIGHTS",	S_USER,
				    BIT(CAP_ACL) | BIT(CAP_LIST_EXTENDED) },
	[CAP_CONDSTORE] =	{ "CONDSTORE",		S_USER,	0 },
	[CAP_QRESYNC] =		{ "QRESYNC",		S_USER,
				    BIT(CAP_CONDSTORE) | BIT(CAP_ENABLE) },
	[CAP_UTF8] =		{ "UTF8=ACCEPT",	S_USER,
				    BIT(CAP_ENABLE) },
	[CAP_SAVEDATE] =	{ "SAVEDATE",		S_USER,	0 },
	[CAP_BINARY] =		{ "BINARY",		S_USER,	0 },
	[CAP_PREVIEW] =		{ "PREVIEW",		S_USER,	0 },
	[CAP_OBJECTID] =	{ "OBJECTID",		S_USER,	0 },
	[CAP_PARTIAL] =		{ "PARTIAL",		S_USER,	0 },
	[CAP_REPLACE] =		{ "REPLACE",		S_USER,	0 },
	[CAP_APPENDLIMIT] =	{ "APPENDLIMIT",	S_USER,	0 },
};
/* clang-format on */

static uint64_t off;

bool
capability_on(enum capability c)
{
	return (off & BIT(c)) == 0;
}

int
capability_off(struct span name)
{
	uint64_t before;
	size_t i;

	for (i = CAP_REV1 + 1; i < CAPABILITIES; i++)
		if (span_same(name, span(capabilities[i].name)))
			break;
	if (i == CAPABILITIES)
		return -1;
	off |= BIT(i);
	do {
		before = off;
		for (i = 0; i < CAPABILITIES; i++)
			if ((capabilities[i].needs & off) != 0)
				off |= BIT(i);
	} while (off != before);
	return 0;
}

/* How passwords may be sent. */
static void
put_logins(struct buf *b, const struct imap *im)
{
	struct span rest, name;
	struct buf names;

	if (login_can_tls(im))
		buf_str(b, " STARTTLS");
	if (login_offered(im) == 0)
		buf_str(b, " LOGINDISABLED");
	buf_init(&names, 200);
	sasl_names(&names, login_offered(im));
	rest = buf_all(&names);
	while ((name = span_word(&rest)).len > 0) {
		buf_str(b, " AUTH=");
		buf_span(b, name);
	}
	buf_free(&names);
}

void
capability_put(struct buf *b, const struct imap *im)
{
	const char *gap = "";

	for (size_t i = 0; i < CAPABILITIES; i++) {
		if ((capabilities[i].in & im->state) == 0 ||
		    !capability_on((enum capability)i))
			continue;
		buf_printf(b, "%s%s", gap, capabilities[i].name);
		if (i == CAP_APPENDLIMIT) {
			buf_char(b, '=');
			put_number(b, im->append_limit);
		}
		gap = " ";
	}
	if (im->state == S_START)
		put_logins(b, im);
}
