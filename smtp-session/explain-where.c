/* -explain: where the mail would go. */
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "message/domain.h"
#include "message/fail.h"
#include "smtp-session/explain-parts.h"
#include "smtp-session/forward.h"
#include "smtp-session/resolve.h"
#include "smtp-session/srs.h"

enum { FORWARD_COUNTS, FORWARD_NONE, FORWARD_TROUBLE };

struct where {
	const struct config *config;
	const char *from; /* sender; "" null path */
	struct srs srs;
	bool rewrite; /* there is a secret for it */
	char owner[ADDR_MAX + 84], via[ADDR_MAX + 84];
};

/* By which sender the next host is told. */
static void
print_sender(const struct where *w)
{
	const char *from = w->owner[0] != '\0' ? w->owner : w->from;
	const char *at = strrchr(from, '@'), *ours = strrchr(w->via, '@');
	char domain[DOMAIN_MAX + 1];
	struct buf new;

	if (!w->rewrite || w->from[0] == '\0' || at == NULL || ours == NULL)
		return;
	buf_init(&new, ADDR_MAX);
	if (domain_fold(domain, span(at + 1)) == 0 &&
	    config_domain(w->config, domain) == 0 &&
	    srs_forward(&new, &w->srs, from, ours + 1, time(NULL)) == 0)
		(void)printf(", as from %s", new.p);
	buf_free(&new);
}

static void
print_outlet(const struct where *w, const char *name)
{
	static struct outlet o;
	struct span rest = span(name);
	char local[ADDR_LOCAL_MAX + 1];
	struct addr a;

	if (addr_path(&rest, &a) == -1 || outlet_read(&o, &a, local) == -1)
		return;
	if (o.home) {
		(void)printf("command    number %u of ~/.forward, as its user",
		    o.number);
		return;
	}
	if (outlet_find(&o, w->config, local, a.domain) != 1) {
		(void)printf("command    %s: %s", name, fail_text());
		return;
	}
	(void)printf("%s    %s, as user %s, %s",
	    o.kind == ALIAS_COMMAND ? "command" : "file   ", o.text,
	    o.box.user.name, o.at);
}

static void
print_target(struct where *w, char kind, const char *addr)
{
	switch (kind) {
	case TARGET_OWNER:
		(void)strlcpy(w->owner, addr, sizeof(w->owner));
		if (addr[0] == '\0')
			return;
		(void)printf("owner      %s gets the reports", addr);
		break;
	case TARGET_VIA:
		(void)strlcpy(w->via, addr, sizeof(w->via));
		return;
	case TARGET_MAILBOX:
		(void)printf("mailbox    %s", addr);
		break;
	case TARGET_USER:
		(void)printf("mailbox    %s, unless ~/.forward says otherwise",
		    addr);
		break;
	case TARGET_OUTLET:
		print_outlet(w, addr);
		break;
	default:
		(void)printf("send to    %s", addr);
		print_sender(w);
	}
	(void)putchar('\n');
}

static void
print_all(struct where *w, const struct buf *targets)
{
	struct span all = buf_all(targets);

	while (all.len > 0) {
		const char *one = span_cut(&all, '\0').p;

		print_target(w, one[0], one + 1);
	}
}

/* As the user, when we may be he. */
_Noreturn static void
read_forward(struct where *w, const struct box *box)
{
	unsigned number = 0;
	struct buf targets;
	int r;

	buf_init(&targets, RESOLVE_TEXT_MAX);
	if (role_drop(&box->user.role) == -1)
		_exit(FORWARD_TROUBLE);
	r = forward_read(box, &number, &targets);
	if (r == 0)
		_exit(FORWARD_NONE);
	if (r == 1)
		(void)printf("rule       %s/.forward\n", box->user.home);
	else
		(void)printf("rule       %s\n", fail_text());
	while (r == 1) {
		print_all(w, &targets);
		buf_reset(&targets);
		r = number == 0 ? 0 : forward_read(box, &number, &targets);
	}
	(void)fflush(stdout);
	_exit(r == 0 ? FORWARD_COUNTS : FORWARD_TROUBLE);
}

/* FORWARD_*; what we may not read is none. */
static int
ask_forward(struct where *w, const struct box *box)
{
	int status = 0;
	pid_t pid;

	if (geteuid() != 0 && geteuid() != box->user.role.uid)
		return FORWARD_NONE;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		read_forward(w, box);
	if (pid == -1 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return FORWARD_TROUBLE;
	return WEXITSTATUS(status);
}

static int
print_mailbox(struct where *w, const struct resolved *to)
{
	const struct box *box = &to->box;

	switch (to->final ? FORWARD_NONE : ask_forward(w, box)) {
	case FORWARD_COUNTS:
		return 0;
	case FORWARD_TROUBLE:
		return -1;
	}
	(void)printf("mailbox    %s/%s of user %s%s%s\n", box->user.home,
	    box->maildir, box->user.name,
	    box->extension[0] == '\0' ? "" : ", folder ", box->extension);
	return 0;
}

int
explain_where(const struct config *c, const struct resolved *to,
    const char *from)
{
	struct where w = { .config = c, .from = from };
	int r = 0;

	w.rewrite = srs_open(&w.srs, c) == 1;
	if (to->class == CLASS_ALIAS)
		print_all(&w, &to->targets);
	else if (to->class == CLASS_MAILBOX)
		r = print_mailbox(&w, to);
	srs_close(&w.srs);
	return r;
}
