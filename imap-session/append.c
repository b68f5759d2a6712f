/* APPEND and REPLACE (RFC 9051 s. 6.3.12, RFC 3502, 6855, 8508): messages go from the
 * connection into files as they come; all of them appear, or none. */
#include <errno.h>
#include <string.h>

#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/selected.h"
#include "imap-session/uids.h"
#include "maildir/maildir.h"

enum { FLAGS = 200 };

struct arrival {
	struct append *append; /* NULL: nothing is kept any more */
	const struct reply *wrong; /* the first thing that failed */
	bool cr; /* the last octet was one */
	bool several; /* messages may come (RFC 3502) */
};

static void
give_up(struct arrival *a)
{
	append_free(a->append);
	a->append = NULL;
}

static void
failed(struct imap *im, struct arrival *a)
{
	if (a->wrong == NULL)
		a->wrong = errno == ENOENT ?
		    imap_no(im, "[TRYCREATE] No such mailbox") :
		    imap_failed(im);
	give_up(a);
}

/* Kept with LF alone, as mail on disk is. */
static int
add(struct arrival *a, struct span s)
{
	const char *cr;

	while (s.len > 0) {
		if (a->cr && s.p[0] != '\n' &&
		    append_add(a->append, span_n("\r", 1)) == -1)
			return -1;
		a->cr = false;
		cr = memchr(s.p, '\r', s.len);
		if (cr == NULL)
			return append_add(a->append, s);
		if (append_add(a->append, span_n(s.p, (size_t)(cr - s.p))) ==
		    -1)
			return -1;
		a->cr = true;
		s = span_from(s, (size_t)(cr - s.p) + 1);
	}
	return 0;
}

/* The octets of one message; what cannot be kept is read all the same.
 * 0; -1: the client left. */
static int
receive(struct imap *im, struct arrival *a, uint64_t left)
{
	struct span b;

	a->cr = false;
	while (left > 0) {
		if (conn_block(im->conn, &b, im->limit->seconds) != CONN_LINE)
			return -1;
		if (b.len > left)
			b.len = (size_t)left;
		if (a->append != NULL && add(a, b) == -1)
			failed(im, a);
		conn_take(im->conn, b.len);
		left -= b.len;
	}
	if (a->append != NULL && a->cr &&
	    append_add(a->append, span_n("\r", 1)) == -1)
		failed(im, a);
	return 0;
}

struct details {
	uint32_t flags;
	const char *keyword[FLAGS];
	size_t keywords;
	time_t date;
	bool utf8; /* "UTF8 (" stands before the literal */
};

static int
read_flag(struct parse *p, struct details *d)
{
	struct span word;
	uint32_t flag;
	char *copy;

	if (parse_flag(p, &word) == -1)
		return -1;
	flag = selected_system_flag(word);
	d->flags |= flag;
	if (flag != 0)
		return 0;
	if (word.p[0] == '\\')
		return span_same(word, span("\\Recent")) ?
		    0 :
		    parse_fail(p, "No such flag");
	copy = arena_take(p->arena, word.len + 1);
	if (copy == NULL || d->keywords == FLAGS)
		return parse_fail(p, "Too many flags");
	memcpy(copy, word.p, word.len);
	d->keyword[d->keywords++] = copy;
	return 0;
}

/* " (\Seen) "date" UTF8 (~{5}" CRLF: to the end of what was read. */
static int
read_details(struct parse *p, struct details *d)
{
	uint64_t octets;

	*d = (struct details){ 0 };
	if (parse_space(p) == -1)
		return -1;
	if (parse_try(p, '(')) {
		while (!parse_try(p, ')'))
			if (read_flag(p, d) == -1 ||
			    (!parse_next(p, ')') && parse_space(p) == -1))
				return -1;
		if (parse_space(p) == -1)
			return -1;
	}
	if (parse_next(p, '"') &&
	    (parse_date_time(p, &d->date) == -1 || parse_space(p) == -1))
		return -1;
	if (parse_word(p, "UTF8")) {
		d->utf8 = true;
		if (parse_space(p) == -1 || parse_char(p, '(') == -1)
			return -1;
	}
	(void)parse_try(p, '~');
	if (!parse_try(p, '{') || parse_number(p, UINT32_MAX, &octets) == -1)
		return parse_fail(p, "Message expected");
	(void)parse_try(p, '+');
	if (!parse_try(p, '}') || !parse_try(p, '\r') || !parse_try(p, '\n'))
		return parse_fail(p, "Message expected");
	return parse_end(p);
}

/* One message, whose literal the command has come to; then what follows it.
 * False: the end of the command. */
static bool
one(struct imap *im, struct parse *p, struct arrival *a)
{
	static struct details d;
	struct literal l = im->command.literal;
	bool bad = p->error != NULL || read_details(p, &d) == -1;

	if (!bad && l.octets > im->append_limit && a->wrong == NULL)
		a->wrong = imap_no(im, "[TOOBIG] Message is too big");
	if (bad || a->wrong != NULL)
		give_up(a);
	/* One that waits for our leave never gets it. */
	if ((bad || a->wrong != NULL) && !l.now)
		return false;
	if (!bad && a->append != NULL &&
	    append_begin(a->append, d.flags, d.keyword, d.keywords, d.date) ==
		-1)
		failed(im, a);
	if (!l.now && a->wrong != NULL)
		return false;
	command_go_on(im->conn, &l);
	if (receive(im, a, l.octets) == -1 ||
	    command_more(&im->command, im->conn, im->limit) != COMMAND_OK) {
		im->conn->broken = true;
		return false;
	}
	p->rest = command_span(&im->command);
	if (!bad && d.utf8)
		(void)parse_char(p, ')');
	if (im->command.message && !a->several)
		(void)parse_fail(p, "Too many arguments");
	return im->command.message;
}

/* The rest of the command: into "disk", unless something was wrong already.
 * True: all arrived, as im->out says; else a->wrong, or the parser, says why. */
static bool
deliver(struct imap *im, struct parse *p, const char *disk, struct arrival *a)
{
	struct copied done = { 0 };
	bool ok = false;

	if (p->error == NULL && a->wrong == NULL) {
		selected_expect(im, disk);
		a->append = append_new(im->store, disk);
		if (a->append == NULL)
			failed(im, a);
	}
	while (one(im, p, a))
		continue;
	if (p->error == NULL && a->wrong == NULL)
		(void)parse_end(p);
	if (a->append != NULL && p->error == NULL && !im->conn->broken) {
		ok = append_commit(a->append, &done) == 0;
		if (!ok)
			failed(im, a);
		else if (capability_on(CAP_UIDPLUS)) {
			buf_str(&im->out, "[APPENDUID ");
			uids_put_appended(&im->out, &done);
			buf_str(&im->out, "] ");
		}
	}
	append_free(a->append);
	copied_free(&done);
	return ok;
}

const struct reply *
append_append(struct imap *im, struct parse *p)
{
	struct arrival a = { .several = capability_on(CAP_MULTIAPPEND) };
	char disk[NAME_DISK];

	if (parse_space(p) == 0)
		a.wrong = name_read(im, p, disk);
	if (!im->command.message) {
		(void)parse_fail(p, "Message expected");
		return &imap_bad;
	}
	if (!deliver(im, p, disk, &a))
		return a.wrong != NULL ? a.wrong : &imap_bad;
	buf_str(&im->out, "Done");
	return imap_long(im);
}

/* Which message is to be replaced; 0 and a->wrong: none. */
static uint32_t
read_number(struct imap *im, struct parse *p, struct arrival *a)
{
	uint32_t n = 0, count = folder_count(im->folder);
	struct message m;

	if (parse_nz(p, &n) == -1)
		return 0;
	if (im->uid) {
		uint32_t uid = n;

		n = folder_number(im->folder, uid);
		if (n <= count &&
		    (folder_glance(im->folder, n, &m) == -1 || m.uid != uid))
			n = count + 1;
	}
	if (n <= count)
		return n;
	a->wrong = imap_no(im, "[NONEXISTENT] There is no such message");
	return 0;
}

/* RFC 8508: the new message is there before the old one goes. */
const struct reply *
append_replace(struct imap *im, struct parse *p)
{
	struct arrival a = { .several = false };
	const struct reply *wrong;
	char disk[NAME_DISK];
	uint32_t number = 0;

	if (parse_space(p) == 0)
		number = read_number(im, p, &a);
	if (p->error == NULL && parse_space(p) == 0) {
		wrong = name_read(im, p, disk);
		a.wrong = a.wrong != NULL ? a.wrong : wrong;
	}
	if (!im->command.message) {
		(void)parse_fail(p, "Message expected");
		return &imap_bad;
	}
	if (im->read_only && a.wrong == NULL)
		a.wrong = imap_no(im, "[READ-ONLY] Mailbox is read-only");
	if (!deliver(im, p, disk, &a))
		return a.wrong != NULL ? a.wrong : &imap_bad;
	/* Before the EXPUNGE (s. 3.2). */
	conn_printf(im->conn, "* OK %sReplacement\r\n", im->out.p);
	buf_reset(&im->out);
	if (folder_expunge(im->folder, &number, 1, true, NULL) == -1)
		return imap_failed(im);
	return &imap_done;
}
