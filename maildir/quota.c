#include "maildir/quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "maildir/disk.h"
#include "maildir/maildir.h"
#include "maildir/names.h"
#include "maildir/share.h"
#include "maildir/view.h"
#include "message/fail.h"

static const char file[] = "maildirsize";

enum { LONGEST = 5120, FRESH = 15 * 60 };

void
quota_add(const struct store *s, int64_t octets, int64_t messages)
{
	char line[64];
	int n, fd;

	if (octets == 0 && messages == 0)
		return;
	fd = openat(s->root, file,
	    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return;
	n = snprintf(line, sizeof(line), "%12lld %12lld\n", (long long)octets,
	    (long long)messages);
	(void)!write(fd, line, (size_t)n);
	(void)close(fd);
}

/* "1000000S,1000C": 0 when a limit is not given. */
static void
limits(const char *p, struct quota *q)
{
	while (*p != '\0' && *p != '\n') {
		char *end;
		unsigned long long v = strtoull(p, &end, 10);

		if (end == p)
			break;
		if (*end == 'S')
			q->octets_max = v;
		else if (*end == 'C')
			q->messages_max = v;
		p = *end == '\0' || *end == '\n' ? end : end + 1;
		p += *p == ',';
	}
}

/* Of one directory, from the names where these say it. */
static void
count_dir(int dir, const char *path, struct quota *q)
{
	int fd =
	    openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		uint64_t size;
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		if (e->d_type != DT_REG ||
		    name_size(e->d_name, 'S', &size) == -1) {
			if (fstatat(dirfd(d), e->d_name, &st,
				AT_SYMLINK_NOFOLLOW) == -1 ||
			    !S_ISREG(st.st_mode))
				continue;
			size = (uint64_t)st.st_size;
		}
		q->octets += size;
		q->messages++;
	}
	if (d != NULL)
		(void)closedir(d);
	else if (fd != -1)
		(void)close(fd);
}

static int
count(struct store *s, struct quota *q)
{
	struct folder_name *list = NULL;
	ptrdiff_t n = store_list_own(s, &list);

	q->octets = q->messages = 0;
	for (ptrdiff_t i = 0; i < n; i++) {
		int dir, files;

		if (!list[i].exists ||
		    store_enter(s, list[i].name, &dir, &files) == -1)
			continue;
		count_dir(dir, "cur", q);
		count_dir(dir, "new", q);
		if (files != -1 && files != dir)
			(void)close(files);
		(void)close(dir);
	}
	free(list);
	return n == -1 ? -1 : 0;
}

static int
recount(struct store *s, const char *first, struct quota *q)
{
	char text[256];
	int n;

	if (count(s, q) == -1)
		return -1;
	n = snprintf(text, sizeof(text), "%.*s\n%12llu %12llu\n",
	    (int)strcspn(first, "\n"), first, (unsigned long long)q->octets,
	    (unsigned long long)q->messages);
	if (n > 0 && (size_t)n < sizeof(text))
		(void)disk_replace(s->root, file, span_n(text, (size_t)n));
	return 0;
}

int
store_quota(struct store *s, struct quota *q)
{
	static char text[LONGEST * 2];
	int fd = openat(s->root, file,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int64_t octets = 0, messages = 0;
	struct stat st;
	ssize_t n;
	char *p;

	*q = (struct quota){ .octets = 0 };
	if (fd == -1)
		return errno == ENOENT ? 0 : fail("open %s", file);
	n = fstat(fd, &st) == -1 ? -1 : read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n == -1)
		return fail("read %s", file);
	text[n] = '\0';
	limits(text, q);
	p = strchr(text, '\n');
	if (p == NULL || n > LONGEST)
		return recount(s, text, q);
	while (*++p != '\0') {
		octets += strtoll(p, &p, 10);
		messages += strtoll(p, &p, 10);
		p = strchr(p, '\n');
		if (p == NULL)
			break;
	}
	q->octets = octets < 0 ? 0 : (uint64_t)octets;
	q->messages = messages < 0 ? 0 : (uint64_t)messages;
	/* over by this sum: is it true? */
	if (((q->octets_max > 0 && q->octets > q->octets_max) ||
		(q->messages_max > 0 && q->messages > q->messages_max) ||
		octets < 0 || messages < 0) &&
	    st.st_mtime < time(NULL) - FRESH)
		return recount(s, text, q);
	return 0;
}

int
store_quota_of(struct store *s, const char *name, struct quota *q)
{
	return share_of(s, &name, &s) == -1 ? -1 : store_quota(s, q);
}

int
quota_room(struct store *s, uint64_t octets, uint64_t messages)
{
	struct quota q;

	if (store_quota(s, &q) == -1)
		return 0; /* nobody is refused for a file that is broken */
	if ((q.octets_max > 0 && q.octets + octets > q.octets_max) ||
	    (q.messages_max > 0 && q.messages + messages > q.messages_max))
		return fail_as(EDQUOT, "quota of the Maildir is full");
	return 0;
}
