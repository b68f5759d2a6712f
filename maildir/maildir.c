/* maildir: mail from the shell.  The verbs are in the files cmd-*.c. */
#include "maildir/maildir.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-charset.h"
#include "maildir/cmd-term.h"
#include "maildir/cmd-person.h"
#include "maildir/cmd-verbs.h"
#include "maildir/cmd.h"
#include "message/fail.h"

enum { OUT_MAX = 256 << 20 };

static const struct verb {
	const char *name;
	const char *options; /* beside -f -m -q -j */
	const char *arguments;
	void (*run)(struct cmd *);
} verbs[] = {
	// clang-format off
	{ "list",	"tun:",	"[message ...]",		cmd_list },
	{ "show",	"ak",	"[message ...]",		cmd_show },
	{ "headers",	"",	"[message ...]",		cmd_headers },
	{ "raw",	"",	"[message ...]",		cmd_raw },
	{ "save",	"d:r",	"[message [part ...] [-]]",	cmd_save },
	{ "write",	"es:t:C:F:A:", "[address ...]",		cmd_write },
	{ "reply",	"aels:t:C:F:A:", "[message]",		cmd_reply },
	{ "forward",	"eis:C:F:A:", "address [message]",	cmd_forward },
	{ "bounce",	"F:",	"address [message]",		cmd_bounce },
	{ "send",	"E",	"[draft ...]",			cmd_send },
	{ "search",	"t",	"term ...",			cmd_search },
	{ "threads",	"",	"[message ...]",		cmd_threads },
	{ "watch",	"n:x:",	"",				cmd_watch },
	{ "deliver",	"F:k",	"",				cmd_deliver },
	{ "import",	"uF:",	"[mbox | maildir ...]",		cmd_import },
	{ "export",	"d:",	"[message ...]",		cmd_export },
	{ "mark",	"",	"flag,... [message ...]",	cmd_mark },
	{ "unmark",	"",	"flag,... [message ...]",	cmd_unmark },
	{ "move",	"",	"folder [message ...]",		cmd_move },
	{ "copy",	"",	"folder [message ...]",		cmd_copy },
	{ "delete",	"",	"[message ...]",		cmd_delete },
	{ "undelete",	"a",	"[number ...]",			cmd_undelete },
	{ "check",	"",	"",				cmd_check },
	{ "repair",	"",	"",				cmd_repair },
	{ "dedupe",	"y",	"[message ...]",		cmd_dedupe },
	{ "quota",	"",	"[octets [messages]]",		cmd_quota },
	{ "contacts",	"n:",	"[text ...]",			cmd_contacts },
	{ "password",	"",	"[list | add name | remove name ...]",
								cmd_password },
	{ "create",	"",	"folder ...",			cmd_create },
	{ "rename",	"",	"old new",			cmd_rename },
	{ "remove",	"",	"folder ...",			cmd_remove },
	{ "subscribe",	"",	"folder ...",			cmd_subscribe },
	{ "unsubscribe", "",	"folder ...",			cmd_unsubscribe },
	{ "status",	"",	"[folder ...]",			cmd_status },
	{ "folders",	"",	"[status | create | remove | rename | "
				"subscribe | unsubscribe] [folder ...]",
								cmd_folders },
	// clang-format on
};

static const struct option longs[] = {
	// clang-format off
	{ "all",	no_argument,		NULL, 'a' },
	{ "attach",	required_argument,	NULL, 'A' },
	{ "cc",		required_argument,	NULL, 'C' },
	{ "directory",	required_argument,	NULL, 'd' },
	{ "edit",	no_argument,		NULL, 'E' },
	{ "exec",	required_argument,	NULL, 'x' },
	{ "folder",	required_argument,	NULL, 'f' },
	{ "from",	required_argument,	NULL, 'F' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "json",	no_argument,		NULL, 'j' },
	{ "inline",	no_argument,		NULL, 'i' },
	{ "keep",	no_argument,		NULL, 'k' },
	{ "list",	no_argument,		NULL, 'l' },
	{ "maildir",	required_argument,	NULL, 'm' },
	{ "number",	required_argument,	NULL, 'n' },
	{ "quiet",	no_argument,		NULL, 'q' },
	{ "raw",	no_argument,		NULL, 'r' },
	{ "subject",	required_argument,	NULL, 's' },
	{ "thread",	no_argument,		NULL, 't' },
	{ "to",		required_argument,	NULL, 't' },
	{ "unread",	no_argument,		NULL, 'u' },
	{ "yes",	no_argument,		NULL, 'y' },
	{ NULL, 0, NULL, 0 }
	// clang-format on
};

/* Options of the verb, long ones too. */
static void
put_options(FILE *to, const struct verb *v)
{
	for (const struct option *o = longs; o->name != NULL; o++) {
		const char *at = strchr(v->options, o->val);

		/* one letter, two options: by its argument */
		if (at != NULL &&
		    (at[1] == ':') == (o->has_arg == required_argument))
			(void)fprintf(to, " [-%c | --%s%s]", o->val, o->name,
			    at[1] == ':' ? " ..." : "");
	}
	if (strchr(v->options, 'e') != NULL)
		(void)fputs(" [-e]", to);
}

/* NULL: of all verbs. */
static void
put_usage(FILE *to, const struct verb *v)
{
	if (v != NULL) {
		(void)fprintf(to, "usage: maildir %s", v->name);
		put_options(to, v);
		(void)fprintf(to, " [-jq] [-f folder] [-m maildir] %s\n",
		    v->arguments);
		return;
	}
	(void)fputs("usage: maildir [verb] [option ...] [message ...]\n", to);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		(void)fprintf(to, "       maildir %s %s\n", verbs[i].name,
		    verbs[i].arguments);
}

/* Who asks for it gets it as an answer. */
static __attribute__((noreturn)) void
help(const struct verb *v)
{
	put_usage(stdout, v);
	exit(fflush(stdout) == EOF ? EX_IOERR : EX_OK);
}

static const struct verb *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

static uint32_t
count(const char *s)
{
	const char *error;
	long long n = strtonum(s, 1, UINT32_MAX, &error);

	if (error != NULL)
		errx(EX_USAGE, "-n %s: %s", s, error);
	return (uint32_t)n;
}

static void
attach(struct cmd *c, char *path)
{
	char **p = reallocarray(c->attach, c->attaches + 1, sizeof(*p));

	if (p == NULL)
		err(EX_TEMPFAIL, "options");
	c->attach = p;
	c->attach[c->attaches++] = path;
}

/* Options that only some verbs have. */
static bool
option(struct cmd *c, int ch)
{
	const struct {
		int letter;
		bool *yes;
		const char **said;
	} all[] = {
		{ 'a', &c->all, NULL }, { 'E', &c->edit, NULL },
		{ 'e', &c->no_edit, NULL }, { 'i', &c->within, NULL },
		{ 'k', &c->keep, NULL }, { 'l', &c->list, NULL },
		{ 'r', &c->raw, NULL }, { 'u', &c->unread, NULL },
		{ 'y', &c->force, NULL }, { 'd', NULL, &c->into },
		{ 's', NULL, &c->subject }, { 'x', NULL, &c->exec },
		{ 'C', NULL, &c->cc }, { 'F', NULL, &c->from },
		{ 't', &c->threads, &c->to }, /* two options */
	};

	if (ch == 'n')
		c->most = count(optarg);
	else if (ch == 'A')
		attach(c, optarg);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (all[i].letter != ch)
			continue;
		if (all[i].said != NULL)
			*all[i].said = optarg;
		if (all[i].yes != NULL)
			*all[i].yes = optarg == NULL;
		return true;
	}
	return ch == 'n' || ch == 'A';
}

static void
options(struct cmd *c, const struct verb *v, int argc, char **argv)
{
	char letters[64];
	int ch;

	(void)snprintf(letters, sizeof(letters), "f:m:qjh%s", v->options);
	while ((ch = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (ch == 'f')
			c->chosen = (c->folder_said = optarg) != NULL;
		else if (ch == 'm')
			c->path = optarg;
		else if (ch == 'q')
			c->quiet = true;
		else if (ch == 'j')
			c->json = true;
		else if (ch == 'h')
			help(v);
		else if (ch == '?' || strchr(letters, ch) == NULL ||
		    !option(c, ch)) {
			put_usage(stderr, v);
			exit(EX_USAGE);
		}
	}
	c->argc = argc - optind;
	c->argv = argv + optind;
}

/* $MAILDIR, or Maildir in the home. */
static const char *
place(void)
{
	static char path[PATH_MAX];
	const char *said = getenv("MAILDIR");

	if (said != NULL && said[0] != '\0')
		return said;
	(void)snprintf(path, sizeof(path), "%s/Maildir", person_home());
	return path;
}

static __attribute__((noreturn)) void
no_verb(const char *name)
{
	struct buf safe;

	buf_init(&safe, 4096);
	term_safe(&safe, span(name), false);
	errx(EX_USAGE, "no verb \"%s\"; see maildir help", safe.p);
}

/* Its number, or a path: no verb begins so. */
static bool
is_message(const char *word)
{
	return isdigit((unsigned char)word[0]) || strchr(word, '/') != NULL ||
	    (word[0] != '\0' && strchr(".$*", word[0]) != NULL);
}

/* Which verb, and what is left to its options; "4711" shows it.  NULL: none
 * before the options. */
static const struct verb *
choose(int *argc, char ***argv)
{
	static char called[64]; /* in complaints about options */
	const char *word = *argc > 1 ? (*argv)[1] : "";
	const struct verb *v;

	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
	    strcmp(word, "-h") == 0) {
		v = *argc > 2 ? find((*argv)[2]) : NULL;
		if (*argc > 2 && v == NULL)
			no_verb((*argv)[2]);
		help(v);
	}
	if (*argc == 1 || (*argv)[1][0] == '-')
		return NULL;
	v = find(word);
	if (v != NULL) {
		(void)snprintf(called, sizeof(called), "maildir %s", v->name);
		++*argv;
		--*argc;
		(*argv)[0] = called;
		return v;
	}
	if (is_message(word))
		return find("show");
	no_verb(word);
}

/* Options first: -f Work 4711 shows it, and alone they list what is unread. */
static const struct verb *
without_verb(struct cmd *c, char **argv)
{
	if (c->argc > 0 && is_message(c->argv[0]))
		return find("show");
	if (c->argc > 0 && find(c->argv[0]) != NULL)
		errx(EX_USAGE, "the verb comes first: maildir %s %s ...",
		    c->argv[0], argv[1]);
	c->unread = true;
	return find("list");
}

/* What is closed must not become a file of ours, which then is told what the
 * user should be; to read or write there fails as it would have. */
static void
keep_standard(void)
{
	static const int way[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", way[fd]) != fd)
			_exit(EX_OSERR);
}

/* A Maildir of a group: the index is the user's own, where imap-session has it,
 * too.  NULL: it lies beside the mail. */
static const char *
index_place(const char *path, const struct stat *st)
{
	static char at[2 * PATH_MAX];
	size_t n = strlen(path);
	const char *name;

	while (n > 1 && path[n - 1] == '/')
		n--;
	name = memrchr(path, '/', n);
	name = name == NULL ? path : name + 1;
	if ((st->st_mode & S_ISGID) == 0)
		return NULL;
	(void)snprintf(at, sizeof(at), "%s/Maildir/" STORE_SHARED_INDEX,
	    person_home());
	(void)mkdir(at, 0700);
	(void)snprintf(at + strlen(at), sizeof(at) - strlen(at), "/%.*s",
	    (int)(path + n - name), name);
	return at;
}

/* A delivery makes a Maildir that is missing; when that is not to be had, it
 * may be another time. */
static void
open_store(struct cmd *c, const struct verb *v)
{
	bool make = v->run == cmd_deliver;
	struct stat st = { .st_mode = 0 };
	const char *index;

	if (stat(c->path, &st) == -1 && !make)
		err(EX_NOINPUT, "%s", c->path);
	index = index_place(c->path, &st);
	c->store = store_open(c->path, index, STORE_SETTLE);
	if (c->store == NULL && index != NULL)
		c->store = store_open(c->path, NULL, STORE_NO_INDEX);
	if (c->store == NULL)
		errx(make ? EX_TEMPFAIL : EX_NOINPUT, "%s", fail_text());
}

static bool
writes(const struct verb *v)
{
	return v->run == cmd_write || v->run == cmd_reply ||
	    v->run == cmd_forward || v->run == cmd_send;
}

int
main(int argc, char **argv)
{
	static struct cmd c;
	const struct verb *v;

	keep_standard();
	(void)umask(077);
	charset_by_helper();
	v = choose(&argc, &argv);
	c.folder_said = "INBOX";
	c.path = c.own = place();
	options(&c, v == NULL ? find("list") : v, argc, argv);
	if (v == NULL)
		v = without_verb(&c, argv);
	c.verb = v->name;
	if (cmd_disk_name(c.folder_name, c.folder_said) == -1)
		errx(EX_USAGE, "-f: %s", fail_text());
	if (c.path == c.own) {
		cmd_shared(&c);
		/* Drafts and what was sent are nothing that others read. */
		if (c.path != c.own && writes(v))
			errx(EX_USAGE,
			    "%s: not in a shared folder; maildir raw -f %s N | "
			    "maildir deliver takes its message to your own",
			    v->name, term_text(c.folder_said));
	}
	buf_init(&c.out, OUT_MAX);
	if (v->run != cmd_password)
		open_store(&c, v);
	v->run(&c);
	if (c.folder != NULL)
		folder_close(c.folder);
	store_close(c.store);
	if (fflush(stdout) == EOF)
		err(EX_IOERR, "standard output");
	return c.status;
}
