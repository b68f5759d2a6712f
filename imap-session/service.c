#include "imap-session/service.h"

#include <fcntl.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "imap-session/capability.h"
#include "imap-session/imap.h"
#include "imap-session/selected.h"
#include "maildir/delivery.h"
#include "maildir/maildir.h"
#include "message/date.h"
#include "message/fail.h"
#include "session/converter.h"
#include "session/log.h"
#include "session/sandbox.h"

static const struct limit limit = {
	.line = CONN_IN - 2,
	.literal = COMMAND_MAX,
	.total = COMMAND_MAX,
	.seconds = 1800, /* RFC 9051 s. 5.4: at least half an hour */
};
#define OFF_FILE "mailroom-imap-off"
enum { ARENA = 32 << 20 }; /* octets of one command's memory, at most */

static unsigned options = STORE_LATE | STORE_WATCH | STORE_SETTLE;

void
service_keep_new(void)
{
	options |= STORE_KEEP_NEW;
}

/* The user's own file of capabilities to do without, a name in each line. */
static void
switch_off(int maildir)
{
	int fd = openat(maildir, OFF_FILE,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[4096];
	struct span rest, line;
	ssize_t n;

	if (fd == -1)
		return;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	rest = span_n(text, n > 0 ? (size_t)n : 0);
	while (rest.len > 0) {
		line = span_trim(span_cut(&rest, '\n'));
		if (line.len > 0 && capability_off(line) == -1)
			log_line(LOG_NOTICE,
			    "ignored file=" OFF_FILE " capability=%.*s",
			    (int)line.len, line.p);
	}
}

/* Nothing but these: the Maildir, and the directory of shared ones, if there is
 * one that can be entered. */
static int
give_up_files(int dir, const char *shared)
{
	int both[2] = { dir, -1 }, r;

	if (shared[0] != '\0')
		both[1] = open(shared, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = sandbox_files(both, both[1] == -1 ? 1 : 2);
	if (both[1] != -1)
		(void)close(both[1]);
	return r;
}

/* What is opened for the last time: then there are only the Maildirs. */
static struct store *
confine(const char *maildir, const char *shared)
{
	const struct limits l = {
		.memory = (uint64_t)1 << 40, /* files of the index */
		.data = (uint64_t)1 << 30,
		.file = LIMIT_NONE,
		.files = 256,
		.procs = 0,
	};
	struct store *store;
	int dir;

	converter_start();
	date_zone();
	tzset();
	dir = maildir_open(maildir);
	if (dir == -1)
		return NULL;
	if (sandbox_limits(&l) == -1 || give_up_files(dir, shared) == -1 ||
	    sandbox_calls(SANDBOX_STORE) == -1)
		store = NULL;
	else {
		switch_off(dir);
		store = store_open(maildir, NULL, options);
		if (store != NULL && shared[0] != '\0' &&
		    store_share(store, shared) == -1)
			log_line(LOG_NOTICE, "no-shared-folders reason=\"%s\"",
			    fail_text());
	}
	(void)close(dir);
	return store;
}

static void
welcome(struct imap *im, const char *tag)
{
	if (tag[0] == '\0')
		buf_str(&im->out, "* PREAUTH [CAPABILITY ");
	else
		buf_printf(&im->out, "%s OK [CAPABILITY ", tag);
	capability_put(&im->out, im);
	buf_str(&im->out, "] Logged in");
	imap_line(im);
}

int
service_run(struct conn *c, const struct front_user *u, uint64_t largest)
{
	static struct imap im;
	struct store *store = confine(u->maildir, u->shared);

	if (store == NULL || imap_init(&im, c, &limit, ARENA) == -1) {
		log_line(LOG_ERR, "mailbox-error user=%s ip=%s reason=%s",
		    u->name, u->ip, fail_text());
		conn_printf(c,
		    "%s %s [UNAVAILABLE] Mail cannot be opened "
		    "now\r\n",
		    u->word[0] == '\0' ? "*" : u->word,
		    u->word[0] == '\0' ? "BYE" : "NO");
		(void)conn_flush(c);
		return EX_TEMPFAIL;
	}
	im.state = S_IN;
	im.store = store;
	im.user = u->name;
	im.append_limit = largest;
	welcome(&im, u->word);
	imap_serve(&im);
	conn_end(c); /* before names follow and a watch ends, in their time */
	selected_leave(&im);
	store_close(store);
	imap_free(&im);
	log_line(LOG_INFO, "end user=%s ip=%s", u->name, u->ip);
	return 0;
}
