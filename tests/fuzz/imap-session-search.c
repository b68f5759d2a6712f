/* Search programs: whatever is asked, from files or from what was kept, the hits are
 * the same, and those of NOT are the others. */
#include "imap-session/search.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "tests/fuzz/fuzz.h"

enum { MESSAGES = 3 };

static struct imap im;

static const char *const text[MESSAGES] = {
	"From: Ann <a@b>\nTo: c@d\nDate: 1 Jan 2026 1:0 +0100\n\nfirst\n",
	"From: =?utf-8?q?=C3=89va?= <e@f>\nCc: x\nSubject: Re: one\n\nzwei\n",
	"Content-Type: text/html\n\n<p>drei &uuml;\n",
};

static void
start(void)
{
	char path[] = "/dev/shm/mailroom-fuzz-XXXXXX", name[80];

	if (mkdtemp(path) == NULL || arena_init(&im.arena, 1 << 22) == -1)
		abort();
	im.store = store_open(path, NULL, 0);
	for (int i = 0; i < MESSAGES; i++) {
		int fd;

		(void)snprintf(name, sizeof(name), "%s/cur/%d.x:2,%s", path,
		    i + 1, i == 1 ? "S" : "");
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd == -1 ||
		    write(fd, text[i], strlen(text[i])) !=
			(ssize_t)strlen(text[i]))
			abort();
		(void)close(fd);
	}
	im.folder =
	    im.store == NULL ? NULL : folder_open(im.store, "INBOX", true);
	if (im.folder == NULL || folder_count(im.folder) != MESSAGES)
		abort();
}

static unsigned
hits(struct search_key *k)
{
	struct search *s = search_new(im.folder, k);
	uint32_t number[MESSAGES];
	ptrdiff_t n = s == NULL ? -1 : search_run(s, NULL, number);
	unsigned bits = 0;

	PROMISE(n >= 0 && n <= MESSAGES);
	for (ptrdiff_t i = 0; i < n; i++)
		bits |= 1u << number[i];
	search_free(s);
	return bits;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const sets[] = { "UTF-8", "iso-8859-1", "UTF-16" };
	char *copy = exact(data, len);
	struct search_key *k, not = { .kind = SEARCH_NOT };
	struct parse p;
	bool modseq;

	if (im.folder == NULL)
		start();
	arena_reset(&im.arena);
	parse_init(&p, span_n(copy, len), &im.arena);
	if (search_read(&im, &p, span(sets[len % 3]), &k, &modseq) == NULL) {
		unsigned first = hits(k);

		not .child = k;
		PROMISE(hits(k) == first);
		PROMISE(hits(&not ) == (0xe & ~first));
	} else
		PROMISE(p.error != NULL);
	free(copy);
	return 0;
}
