/* What a view is told while another process changes the folder. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/maildir-home.h"

enum { AT_FIRST = 10, ROUNDS = 1500, MOST = 100 };

/* A message comes and the oldest one goes, again and again. */
static void
come_and_go(const struct home *h)
{
	struct store *s = store_open(h->p.path, NULL, STORE_NO_HOLD);
	struct folder *f = s == NULL ? NULL : folder_open(s, "INBOX", true);
	struct folder_news news;

	for (int i = 0; f != NULL && i < ROUNDS; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "new/%d.y", i);
		place_put(&h->p, name, "text\n");
		if (folder_sync(f, true, &news) == -1 ||
		    folder_expunge(f, &(uint32_t){ 1 }, 1, true, NULL) == -1)
			_exit(1);
	}
	_exit(f == NULL);
}

/* Do it to what a client knows; false when that cannot be. */
static bool
follow(struct folder *f, const struct folder_news *news, uint32_t *uid,
    uint32_t *n)
{
	struct message m;

	for (size_t i = 0; i < news->gones; i++) {
		uint32_t at = news->gone[i] - 1;

		if (at >= *n || uid[at] != news->gone_uid[i])
			return false;
		memmove(uid + at, uid + at + 1, (--*n - at) * sizeof(*uid));
	}
	if (news->count < *n || news->count > MOST)
		return false;
	for (; *n < news->count; ++*n) {
		if (folder_get(f, *n + 1, &m) == -1)
			return false;
		uid[*n] = m.uid;
	}
	for (uint32_t i = 0; i < *n; i++)
		if (folder_get(f, i + 1, &m) == -1 || m.uid != uid[i])
			return false;
	return true;
}

/* Between two looks at the index others go on: whoever is not named as gone
 * keeps its number. */
TEST(expunges_in_the_midst)
{
	struct home h;
	struct folder *f;
	struct folder_news news;
	uint32_t uid[MOST], n = 0;
	int status = 0;
	bool well = true;
	pid_t pid;

	home_make(&h, AT_FIRST, STORE_NO_HOLD);
	f = open_folder(&h, "INBOX", true);
	news = (struct folder_news){ .count = folder_count(f) };
	well = follow(f, &news, uid, &n);
	pid = fork();
	if (pid == 0)
		come_and_go(&h);
	while (well && waitpid(pid, &status, WNOHANG) == 0)
		well = folder_sync(f, true, &news) != -1 &&
		    follow(f, &news, uid, &n);
	CHECK(well);
	if (!well) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
	} else {
		CHECK(status == 0);
		CHECK(folder_sync(f, true, &news) != -1 &&
		    follow(f, &news, uid, &n));
		CHECK(n == AT_FIRST);
	}
	folder_close(f);
	home_drop(&h);
}
