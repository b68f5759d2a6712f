/* maildir check, repair.
 *
 * What is true is in the names of files, dovecot-uidlist and dovecot-keywords;
 * repair changes none of it but what is damaged, so all UIDs stay. */
#include "maildir/cmd-check.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-term.h"
#include "maildir/cmd-verbs.h"
#include "maildir/view.h"
#include "message/fail.h"

static const char *const parts[] = { "cur", "new", "tmp" };

void
check_fault(struct check *k, bool mended, uint32_t uid, const char *format, ...)
{
	struct buf *out = &k->c->out, text, name;
	va_list ap;

	buf_init(&text, 4096);
	buf_init(&name, 4096);
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	cmd_said_name(&name, k->folder);
	if (k->c->json) {
		buf_str(out, "{\"folder\":");
		json_string(out, buf_all(&name));
		buf_printf(out, ",\"uid\":%u,\"fault\":", uid);
		json_string(out, buf_all(&text));
		buf_printf(out, ",\"mended\":%s}\n", mended ? "true" : "false");
	} else if (!k->c->quiet) {
		term_safe(out, buf_all(&name), false);
		buf_str(out, ": ");
		if (uid != 0)
			buf_printf(out, "%u: ", uid);
		term_safe(out, buf_all(&text), false);
		buf_str(out, mended ? ", mended\n" : "\n");
	} else if (uid != 0)
		buf_printf(out, "%u\n", uid);
	cmd_flush(k->c);
	if (mended)
		k->mended++;
	else
		k->faults++;
	buf_free(&text);
	buf_free(&name);
}

static void
one(struct check *k, const char *disk)
{
	struct folder_info info;
	struct buf name;
	unsigned before = k->faults + k->mended;

	k->folder = disk;
	if (store_enter(k->c->store, disk, &k->dir, &k->files) == -1) {
		check_fault(k, false, 0, "%s", fail_text());
		return;
	}
	check_uids(k); /* before anything gives new ones */
	check_files(k);
	check_index(k);
	if (k->files != -1 && k->files != k->dir)
		(void)close(k->files);
	(void)close(k->dir);
	if (k->c->quiet || k->c->json || before != k->faults + k->mended ||
	    store_status(k->c->store, disk, &info) == -1)
		return;
	buf_init(&name, 4096);
	cmd_said_name(&name, disk);
	term_safe(&k->c->out, buf_all(&name), false);
	buf_printf(&k->c->out, ": %u messages, no fault\n", info.messages);
	cmd_flush(k->c);
	buf_free(&name);
}

/* ---- of the whole Maildir */

/* A directory that was a folder once lacks one of its three. */
static void
check_parts(struct check *k, const char *dir)
{
	struct stat st;
	char path[300];
	size_t there = 0;

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		there += fstatat(k->c->store->root, path, &st,
			     AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode);
	}
	if (there == 0 || there == 3)
		return;
	k->folder = strcmp(dir, ".") == 0 ? "INBOX" : dir + 1;
	for (size_t i = 0; i < 3; i++) {
		bool made = false;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		if (fstatat(k->c->store->root, path, &st,
			AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (k->repair)
			made = mkdirat(k->c->store->root, path, 0700) == 0;
		check_fault(k, made, 0, "%s is missing", parts[i]);
	}
}

static void
check_directories(struct check *k)
{
	int fd =
	    openat(k->c->store->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] == '.' && strcmp(e->d_name, "..") != 0 &&
		    strlen(e->d_name) < 256)
			check_parts(k, e->d_name);
	if (d != NULL)
		(void)closedir(d);
}

/* The sum in maildirsize: written without its lines it is counted anew. */
static void
check_quota(struct check *k)
{
	struct folder_name *list = NULL;
	ptrdiff_t n = store_list(k->c->store, &list);
	struct quota q;
	uint64_t messages = 0;
	struct folder_info info;
	bool mended = false;

	for (ptrdiff_t i = 0; i < n; i++)
		if (list[i].exists &&
		    store_status(k->c->store, list[i].name, &info) == 0)
			messages += info.messages;
	free(list);
	if (store_quota(k->c->store, &q) == -1 ||
	    (q.octets_max == 0 && q.messages_max == 0) ||
	    q.messages == messages)
		return;
	if (k->repair) {
		char limits[128];
		int fd = openat(k->c->store->root, "maildirsize",
		    O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		ssize_t got =
		    fd == -1 ? -1 : read(fd, limits, sizeof(limits) - 1);

		if (got > 0) {
			limits[got] = '\0';
			mended =
			    ftruncate(fd, (off_t)strcspn(limits, "\n")) == 0 &&
			    store_quota(k->c->store, &q) == 0;
		}
		if (fd != -1)
			(void)close(fd);
	}
	k->folder = "INBOX";
	check_fault(k, mended, 0, "quota counts other messages than %ju",
	    (uintmax_t)messages);
}

static void
run(struct cmd *c, bool repair)
{
	struct check k = { .c = c, .repair = repair, .dir = -1, .files = -1 };
	struct folder_name *list = NULL;
	ptrdiff_t n;

	if (c->argc > 0)
		errx(EX_USAGE, "%s has no arguments; -f is for one folder",
		    c->verb);
	check_directories(&k);
	if (repair)
		(void)store_tidy(c->store, true);
	n = store_list(c->store, &list);
	if (n == -1)
		errx(EX_NOINPUT, "%s", fail_text());
	for (ptrdiff_t i = 0; i < n; i++)
		if (list[i].exists &&
		    (!c->chosen || strcmp(list[i].name, c->folder_name) == 0))
			one(&k, list[i].name);
	if (!c->chosen)
		check_quota(&k);
	if (k.faults > 0)
		c->status = 1;
	free(list);
}

void
cmd_check(struct cmd *c)
{
	run(c, false);
}

void
cmd_repair(struct cmd *c)
{
	run(c, true);
}
