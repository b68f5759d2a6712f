/* maildir send, and the end of write, reply and forward. */
#include "maildir/cmd-send.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "maildir/cmd-letter.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "message/compose.h"
#include "message/date.h"
#include "message/fail.h"
#include "message/header.h"
#include "message/list.h"
#include "message/word.h"

enum { MESSAGE_MAX = 256 << 20, FILES = 256, LIST_ROOM = 512 * 1024 };

struct draft {
	struct cmd *c;
	const char *path;
	struct buf text; /* as it was read */
	struct buf header; /* what goes on */
	struct buf out; /* the message */
	struct buf body[FILES];
	struct compose_file file[FILES];
	size_t files;
	char **address;
	size_t addresses;
	char flag[32], folder[256];
	uint64_t uid; /* 0: of no message */
};

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

void
send_host(char host[256])
{
	const struct hostent *h;

	if (gethostname(host, 255) == -1)
		(void)strlcpy(host, "localhost", 256);
	host[255] = '\0';
	if (strchr(host, '.') == NULL && (h = gethostbyname(host)) != NULL &&
	    strchr(h->h_name, '.') != NULL)
		(void)strlcpy(host, h->h_name, 256);
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

	send_host(host);
	buf_printf(b, "<%jx.%08x%08x@%s>", (uintmax_t)time(NULL), arc4random(),
	    arc4random(), host);
}

void
send_addresses(struct span value, char ***address, size_t *n)
{
	struct buf scratch;
	struct mailbox m;
	struct list l;
	enum list_kind k;
	char **p, *one;

	buf_init(&scratch, LIST_ROOM);
	list_begin(&l, value);
	while ((k = list_next(&l, &scratch, &m)) != LIST_END) {
		if (k != LIST_MAILBOX || m.local.len == 0)
			continue;
		if (asprintf(&one, "%.*s%s%.*s", (int)m.local.len, m.local.p,
			m.domain.len > 0 ? "@" : "", (int)m.domain.len,
			m.domain.len > 0 ? m.domain.p : "") == -1 ||
		    (p = reallocarray(*address, *n + 2, sizeof(*p))) == NULL)
			err(EX_TEMPFAIL, "addresses");
		*address = p;
		p[(*n)++] = one;
		p[*n] = NULL;
	}
	buf_free(&scratch);
}

void
send_people(struct buf *out, const struct letter *l, const char *field)
{
	struct buf scratch, name;
	struct mailbox m;
	struct field f;
	struct list list;
	enum list_kind k;

	if (!header_find(l->header, field, &f))
		return;
	buf_init(&scratch, 512 * 1024);
	buf_init(&name, 512 * 1024);
	list_begin(&list, f.value);
	while ((k = list_next(&list, &scratch, &m)) != LIST_END) {
		if (k != LIST_MAILBOX || m.local.len == 0)
			continue;
		buf_str(out, out->len > 0 ? ", " : "");
		buf_reset(&name);
		word_decode(&name, m.name);
		if (name.len > 0)
			buf_char(out, '"');
		for (size_t i = 0; i < name.len; i++) {
			if (name.p[i] == '"' || name.p[i] == '\\')
				buf_char(out, '\\');
			buf_char(out, name.p[i]);
		}
		buf_str(out, name.len > 0 ? "\" <" : "");
		word_line(out, m.local);
		buf_str(out, m.domain.len > 0 ? "@" : "");
		if (m.domain.len > 0)
			word_line(out, m.domain);
		buf_str(out, name.len > 0 ? ">" : "");
	}
	buf_free(&scratch);
	buf_free(&name);
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

static int
feed(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		s = span_from(s, (size_t)n);
	}
	return 0;
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
	fed = feed(end[1], message);
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

static int
add_file(struct draft *d, struct span value)
{
	char path[PATH_MAX];
	const char *slash, *home = getenv("HOME");
	struct buf *b = &d->body[d->files];
	size_t n = 0;

	value = span_trim(value);
	if (value.len > 1 && value.p[0] == '~' && value.p[1] == '/' &&
	    home != NULL) {
		n = strlcpy(path, home, sizeof(path));
		value = span_from(value, 1);
	}
	if (d->files == FILES || n + value.len >= sizeof(path))
		return fail_as(E2BIG, "too many files");
	(void)memcpy(path + n, value.p, value.len);
	path[n + value.len] = '\0';
	buf_init(b, MESSAGE_MAX);
	if (send_read(b, open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return fail("%s", path);
	slash = strrchr(path, '/');
	d->file[d->files++] = (struct compose_file){
		.name = span_n(value.p + value.len -
			strlen(slash == NULL ? path : slash + 1),
		    strlen(slash == NULL ? path : slash + 1)),
		.data = buf_all(b),
	};
	return 0;
}

static void
read_original(struct draft *d, struct span value)
{
	struct span flag = span_word(&value), folder = span_word(&value);

	value = span_trim(value);
	if (flag.len >= sizeof(d->flag) || folder.len >= sizeof(d->folder) ||
	    span_number(value, UINT32_MAX, &d->uid) == -1)
		return;
	(void)memcpy(d->flag, flag.p, flag.len);
	(void)memcpy(d->folder, folder.p, folder.len);
}

/* Fields into what goes on and what is for us. */
static int
read_draft(struct draft *d, struct span *body)
{
	static const char *const to[] = { "To", "Cc", "Bcc" };
	struct span rest = buf_all(&d->text), whole = rest;
	struct field f;
	bool date = false, id = false;
	char now[DATE_SIZE];

	while (header_next(&rest, &f) == 1) {
		for (size_t i = 0; i < sizeof(to) / sizeof(*to); i++)
			if (span_same(f.name, span(to[i])))
				send_addresses(f.value, &d->address,
				    &d->addresses);
		date |= span_same(f.name, span("Date"));
		id |= span_same(f.name, span("Message-ID"));
		if (span_same(f.name, span("Original")))
			read_original(d, f.value);
		else if (!span_same(f.name, span("Attach")))
			buf_span(&d->header, f.whole);
		else if (span_trim(f.value).len > 0 &&
		    add_file(d, f.value) == -1)
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

static void
keep_sent(struct draft *d)
{
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
	copied_free(&done);
	if (a != NULL)
		append_free(a);
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
		.file = d->file,
		.files = d->files,
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
	if (send_message(d->c, buf_all(&d->out), NULL, d->address) == -1)
		return fail_as(EAGAIN, "not sent");
	if (build(d, body, true) == 0)
		keep_sent(d);
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
	if (r == -1 && strcmp(path, "-") != 0)
		cmd_complain(c, "%s; the draft is kept: maildir send %s",
		    fail_text(), path);
	else if (r == -1)
		cmd_complain(c, "%s", fail_text());
	else if (strcmp(path, "-") != 0)
		(void)unlink(path);
	for (size_t i = 0; i < d->files; i++)
		buf_free(&d->body[i]);
	for (size_t i = 0; i < d->addresses; i++)
		free(d->address[i]);
	free(d->address);
	buf_free(&d->text);
	buf_free(&d->header);
	buf_free(&d->out);
	free(d);
	return r;
}

void
cmd_send(struct cmd *c)
{
	if (c->argc == 0)
		errx(EX_USAGE, "which draft? - is standard input");
	for (int i = 0; i < c->argc; i++)
		(void)send_draft(c, c->argv[i]);
}
