/* The end of write, reply, forward and send. */
#include "maildir/cmd-send.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-draft.h"
#include "maildir/cmd-files.h"
#include "maildir/cmd-people.h"
#include "maildir/cmd-person.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "message/compose.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/file.h"
#include "message/header.h"

enum { MESSAGE_MAX = 256 << 20 };

struct draft {
	struct cmd *c;
	const char *path;
	struct buf text; /* as it was read */
	struct buf header; /* what goes on */
	struct buf out; /* the message */
	struct files files;
	struct people to;
	char flag[32], folder[256];
	uint64_t uid; /* 0: of no message */
};

/* ---- parts of it */

int
send_read(struct buf *b, int fd)
{
	char piece[65536];
	ssize_t n = -1;

	if (fd == -1)
		return fail("open");
	while (!b->over &&
	    ((n = read(fd, piece, sizeof(piece))) > 0 ||
		(n == -1 && errno == EINTR)))
		buf_add(b, piece, n > 0 ? (size_t)n : 0);
	(void)close(fd);
	if (b->over)
		return fail_as(EFBIG, "too large");
	return n == -1 ? fail("read") : 0;
}

char *
send_date(char now[DATE_SIZE])
{
	date_zone();
	return date_put(now, time(NULL));
}

void
send_id(struct buf *b)
{
	char host[256];

	person_host(host);
	buf_printf(b, "<%jx.%08x%08x@%s>", (uintmax_t)time(NULL), arc4random(),
	    arc4random(), host);
}

/* ---- sendmail */

/* Beside this program, else where PATH has it. */
static __attribute__((noreturn)) void
exec_sendmail(const char **words)
{
	char *const *argv = (char *const *)(uintptr_t)words;

	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		(void)strlcpy(slash + 1, "sendmail", 12);
		(void)execv(path, argv);
	}
	(void)execvp("sendmail", argv);
	(void)execv("/usr/sbin/sendmail", argv);
	_exit(EX_UNAVAILABLE);
}

/* Its arguments, for free(); NULL. */
static const char **
arguments(const char *from, char **address)
{
	const char *first[] = { "sendmail", "-i", "-oem" };
	size_t n = 0, i = sizeof(first) / sizeof(*first);
	const char **argv;

	while (address[n] != NULL)
		n++;
	argv = calloc(n + i + 4, sizeof(*argv));
	if (argv == NULL)
		return NULL;
	(void)memcpy(argv, first, sizeof(first));
	if (from != NULL) {
		argv[i++] = "-f";
		argv[i++] = from;
	}
	argv[i++] = "--";
	(void)memcpy(argv + i, address, n * sizeof(*argv));
	return argv;
}

int
send_message(struct cmd *c, struct span message, const char *from,
    char **address)
{
	const char **argv;
	int end[2], status = -1, fed;
	pid_t pid;

	if (address == NULL || address[0] == NULL) {
		cmd_complain(c, "there is no recipient");
		return -1;
	}
	argv = arguments(from, address);
	if (argv == NULL || pipe2(end, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(EX_TEMPFAIL, "sendmail");
	if (pid == 0) {
		(void)dup2(end[0], STDIN_FILENO);
		exec_sendmail(argv);
	}
	(void)close(end[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	fed = file_write(end[1], message);
	(void)close(end[1]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	free(argv);
	if (fed == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	cmd_complain(c, "sendmail: exit status %d",
	    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return -1;
}

/* ---- reading a draft */

static void
read_original(struct draft *d, struct span value)
{
	struct span flag = span_word(&value), uid = span_word(&value);
	struct span folder = span_trim(value);

	if (flag.len >= sizeof(d->flag) || folder.len >= sizeof(d->folder) ||
	    span_number(uid, UINT32_MAX, &d->uid) == -1)
		return;
	(void)memcpy(d->flag, flag.p, flag.len);
	(void)memcpy(d->folder, folder.p, folder.len);
}

/* It goes on, or is for us. */
static int
read_field(struct draft *d, const struct field *f)
{
	static const char *const to[] = { "To", "Cc", "Bcc" };
	struct span value = span_trim(f->value);
	int r;

	for (size_t i = 0; i < sizeof(to) / sizeof(*to); i++)
		if (span_same(f->name, span(to[i])) &&
		    people_add(&d->to, f->value) == -1)
			return -1;
	r = files_add(&d->files, d->c->store, f);
	if (span_same(f->name, span("Original")))
		read_original(d, value);
	else if (r == 0)
		buf_span(&d->header, f->whole);
	return r == -1 ? -1 : 0;
}

static int
read_draft(struct draft *d, struct span *body)
{
	struct span rest = buf_all(&d->text), whole = rest;
	struct field f;
	bool date = false, id = false;
	char now[DATE_SIZE];

	while (header_next(&rest, &f) == 1) {
		date |= span_same(f.name, span("Date"));
		id |= span_same(f.name, span("Message-ID"));
		if (read_field(d, &f) == -1)
			return -1;
	}
	/* It ended at an empty line, or with the draft. */
	if (rest.len > 0 &&
	    (rest.p == whole.p || rest.p[-1] != '\n' ||
		(rest.p - 1 != whole.p && rest.p[-2] != '\n')))
		return fail_as(EINVAL,
		    "a line before the empty one is no field: %.60s", rest.p);
	*body = rest;
	if (!date)
		buf_printf(&d->header, "Date: %s\n", send_date(now));
	if (!id) {
		buf_str(&d->header, "Message-ID: ");
		send_id(&d->header);
		buf_char(&d->header, '\n');
	}
	return 0;
}

/* ---- afterwards */

static uint32_t
keep_sent(struct draft *d)
{
	uint32_t uid = 0;
	struct store *s = d->c->store;
	struct append *a = append_new(s, "Sent");
	struct copied done = { 0 };

	if (a == NULL && errno == ENOENT && store_create(s, "Sent") == 0) {
		(void)store_subscribe(s, "Sent", true);
		a = append_new(s, "Sent");
	}
	if (a == NULL || append_begin(a, FLAG_SEEN, NULL, 0, 0) == -1 ||
	    append_add(a, buf_all(&d->out)) == -1 ||
	    append_commit(a, &done) == -1)
		cmd_complain(d->c, "sent, but no copy in Sent: %s",
		    fail_text());
	else
		uid = done.to[0];
	copied_free(&done);
	if (a != NULL)
		append_free(a);
	return uid;
}

/* -q: the number of the copy in Sent. */
static void
tell(struct draft *d, uint32_t uid)
{
	struct buf *out = &d->c->out;
	struct field f;

	if (d->c->json) {
		buf_printf(out, "{\"uid\":%u,\"folder\":\"Sent\",", uid);
		buf_str(out, "\"message_id\":");
		json_string(out,
		    header_find(buf_all(&d->header), "Message-ID", &f) ?
			span_trim(f.value) :
			span(""));
		buf_str(out, ",\"recipients\":[");
		for (size_t i = 0; i < d->to.n; i++) {
			buf_str(out, i > 0 ? "," : "");
			json_string(out, span(d->to.address[i]));
		}
		buf_str(out, "]}\n");
	} else if (d->c->quiet && uid != 0)
		buf_printf(out, "%u\n", uid);
	cmd_flush(d->c);
}

static void
mark_original(struct draft *d)
{
	const struct change change = {
		.mode = CHANGE_ADD,
		.flags = cmd_flag(d->flag) | FLAG_SEEN,
		.unchanged_since = UINT64_MAX,
	};
	struct folder *f = folder_open(d->c->store, d->folder, false);
	struct message m;
	uint8_t result;
	uint32_t number;

	if (f == NULL)
		return; /* it is gone */
	number = folder_number(f, (uint32_t)d->uid);
	if (number <= folder_count(f) && folder_get(f, number, &m) == 0 &&
	    m.uid == d->uid &&
	    folder_change(f, &number, 1, &change, &result) == -1)
		cmd_complain(d->c, "sent, but %ju is not marked: %s",
		    (uintmax_t)d->uid, fail_text());
	folder_close(f);
}

/* The message without Bcc, which the copy in Sent has. */
static int
build(struct draft *d, struct span body, bool blind)
{
	char boundary[32];
	struct compose c = { .body = body,
		.file = d->files.file,
		.files = d->files.n,
		.boundary = boundary };
	struct span rest = buf_all(&d->header);
	struct buf header;
	struct field f;
	int r;

	(void)snprintf(boundary, sizeof(boundary), "=_%08x%08x", arc4random(),
	    arc4random());
	buf_init(&header, MESSAGE_MAX);
	while (header_next(&rest, &f) == 1)
		if (blind || !span_same(f.name, span("Bcc")))
			buf_span(&header, f.whole);
	c.header = buf_all(&header);
	buf_reset(&d->out);
	r = compose_put(&d->out, &c);
	buf_free(&header);
	return r;
}

static int
deliver(struct draft *d)
{
	struct span body = { NULL, 0 };

	if (strcmp(d->path, "-") == 0 ?
		send_read(&d->text, dup(STDIN_FILENO)) == -1 :
		send_read(&d->text, open(d->path, O_RDONLY | O_CLOEXEC)) == -1)
		return fail("%s", d->path);
	if (read_draft(d, &body) == -1 || build(d, body, false) == -1)
		return -1;
	if (send_message(d->c, buf_all(&d->out), NULL, d->to.address) == -1)
		return fail_as(EAGAIN, "not sent");
	if (build(d, body, true) == 0)
		tell(d, keep_sent(d));
	if (d->uid != 0)
		mark_original(d);
	return 0;
}

int
send_draft(struct cmd *c, const char *path)
{
	struct draft *d = calloc(1, sizeof(*d));
	int r;

	if (d == NULL)
		err(EX_TEMPFAIL, "draft");
	d->c = c;
	d->path = path;
	buf_init(&d->text, MESSAGE_MAX);
	buf_init(&d->header, MESSAGE_MAX);
	buf_init(&d->out, MESSAGE_MAX);
	r = deliver(d);
	if (r == -1 && access(path, F_OK) == 0)
		cmd_complain(c, "%s; the draft is kept: %s", fail_text(),
		    draft_command(c, path));
	else if (r == -1)
		cmd_complain(c, "%s", fail_text());
	else if (strcmp(path, "-") != 0)
		(void)unlink(path);
	files_free(&d->files);
	people_free(&d->to);
	buf_free(&d->text);
	buf_free(&d->header);
	buf_free(&d->out);
	free(d);
	return r;
}
