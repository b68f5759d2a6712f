/* Shared folders by the names that imap-session gives them.  Each is a Maildir
 * of its own, so the command is about that one, as with -m. */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "maildir/cmd-term.h"
#include "maildir/cmd.h"
#include "message/file.h"

#define CONFIG "/etc/mailroom/mailroom.conf"
#define WORD "shared-folders"
enum { CONFIG_MAX = 64 * 1024 };

/* What mailroom.conf(5) has, for free(); NULL: nothing, or it cannot be read. */
static char *
configured(void)
{
	int fd = open(CONFIG, O_RDONLY | O_CLOEXEC);
	char *text = fd == -1 ? NULL : malloc(CONFIG_MAX), *found = NULL;
	ssize_t n = text == NULL ? 0 : file_read(fd, text, CONFIG_MAX, 0);
	struct span rest = span_n(text, n > 0 ? (size_t)n : 0), line, word;

	while (rest.len > 0) {
		line = span_cut(&rest, '\n');
		line = span_trim(span_cut(&line, '#'));
		word = span_word(&line);
		line = span_trim(line);
		if (span_eq(word, span(WORD)) && line.len > 0) {
			free(found);
			found = strndup(line.p, line.len);
		}
	}
	free(text);
	if (fd != -1)
		(void)close(fd);
	return found;
}

void
cmd_shared(struct cmd *c)
{
	static const char top[] = STORE_SHARED ".";
	static char path[PATH_MAX];
	const char *said = getenv("MAILDIR_SHARED");
	char *base = NULL, *name = c->folder_name + sizeof(top) - 1;
	size_t n = strcspn(name, ".");

	if (strncmp(c->folder_name, top, sizeof(top) - 1) != 0 || n == 0)
		return;
	base = said != NULL ? strdup(said) : configured();
	if (base == NULL || base[0] == '\0') {
		free(base);
		return; /* then it is a folder of one's own */
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/%.*s", base, (int)n,
		name) >= sizeof(path))
		errx(EX_USAGE, "-f: %s", "the name is too long");
	free(base);
	if (access(path, X_OK) == -1)
		errx(EX_NOINPUT, "no folder %s", term_text(c->folder_said));
	c->path = path;
	if (name[n] == '\0')
		(void)strcpy(c->folder_name, "INBOX");
	else
		(void)memmove(c->folder_name, name + n + 1,
		    strlen(name + n + 1) + 1);
}
