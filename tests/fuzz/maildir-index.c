#include "maildir/maildir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static const char *const part[] = { "mailroom-index", "mailroom-index.names",
	"mailroom-index.log", "mailroom-index.cache" };
enum { PARTS = 4, MESSAGES = 5 };

static struct store *store;
static int dir = -1;

static void
start(void)
{
	char path[] = "/dev/shm/mailroom-fuzz-XXXXXX";

	if (mkdtemp(path) == NULL)
		abort();
	store = store_open(path, NULL, 0);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	for (int i = 1; i <= MESSAGES; i++) {
		char name[40];
		int fd;

		(void)snprintf(name, sizeof(name), "cur/%d.x,S=2,W=3:2,", i);
		fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);
		if (fd == -1 || write(fd, "x\n", 2) != 2)
			abort();
		(void)close(fd);
	}
}

/* A record that is found damaged is told, and mended for the next view. */
static struct folder *
open_again(struct folder *f)
{
	struct message m;
	bool damaged = false;

	for (uint32_t n = 1; f != NULL && n <= folder_count(f); n++)
		damaged = damaged || folder_get(f, n, &m) == -1;
	if (!damaged)
		return f;
	folder_close(f);
	return folder_open(store, "INBOX", true);
}

static void
truth(struct folder *f)
{
	PROMISE(f != NULL && folder_count(f) == MESSAGES);
	for (uint32_t n = 1; n <= MESSAGES; n++) {
		struct message m;
		struct note note;

		PROMISE(folder_get(f, n, &m) == 0);
		PROMISE(m.uid == n && m.size == 2 && m.wire == 3);
		(void)folder_noted(f, n, &note);
	}
}

/* Octets are: which file, where (two), how many; then these are put there. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct note note = { .id = 1 };
	struct folder *f;

	if (dir == -1)
		start();
	f = folder_open(store, "INBOX", true);
	truth(f);
	note.part[NOTE_ENVELOPE] = span("envelope");
	(void)folder_note(f, 1, &note);
	while (len > 4) {
		size_t n = data[3] < len - 4 ? data[3] : len - 4;
		int fd = openat(dir, part[data[0] % PARTS], O_WRONLY);
		off_t at = (off_t)data[1] << 8 | data[2];

		if (fd != -1) {
			(void)!pwrite(fd, data + 4, n, at % 1024);
			(void)close(fd);
		}
		data += 4 + n;
		len -= 4 + n;
	}
	folder_close(f);
	f = open_again(folder_open(store, "INBOX", true));
	truth(f);
	folder_close(f);
	return 0;
}
