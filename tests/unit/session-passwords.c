/* Application passwords: the file, and logins with them. */
#include "session/passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/auth.h"
#include "tests/unit/scram-client.h"
#include "tests/unit/test.h"

static char dir[] = "/tmp/session-passwords.XXXXXX";
static char file[64], users[64];
static struct passwords p;
static struct config c;
static struct user u;
static char phone[PASSWORDS_TEXT + 1], tablet[PASSWORDS_TEXT + 1];

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	CHECK(fd != -1 && fchmod(fd, mode) == 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(close(fd) == 0);
}

static void
begin(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(file, sizeof(file), "%s/%s", dir, PASSWORDS_FILE);
	(void)snprintf(users, sizeof(users), "%s/users", dir);
}

static void
end(void)
{
	(void)unlink(file);
	(void)unlink(users);
	CHECK(rmdir(dir) == 0);
}

static void
two(void)
{
	int lock = passwords_lock(dir);

	CHECK(lock != -1 && passwords_load(&p, dir) == 0 && p.n == 0);
	CHECK(passwords_add(&p, "phone", phone) == 0);
	CHECK(passwords_add(&p, "tablet", tablet) == 0);
	CHECK(passwords_save(&p, dir) == 0 && close(lock) == 0);
}

TEST(file)
{
	struct stat st;

	begin();
	two();
	CHECK(stat(file, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(strlen(phone) == PASSWORDS_TEXT && strcmp(phone, tablet) != 0);
	memset(&p, 'x', sizeof(p));
	CHECK(passwords_load(&p, dir) == 0 && p.n == 2);
	CHECK_STR(p.all[0].name, "phone");
	CHECK_STR(p.all[1].used, PASSWORDS_NEVER);
	CHECK(strlen(p.all[0].made) == PASSWORDS_DAY);
	CHECK(memcmp(p.all[0].key.salt, p.all[1].key.salt, 16) == 0);
	CHECK(passwords_find(&p, span(phone)) == 0);
	CHECK(passwords_find(&p, span(tablet)) == 1);
	CHECK(passwords_find(&p, span("other")) == -1);
	CHECK(passwords_add(&p, "phone", phone) == -1 && errno == EEXIST);
	CHECK(passwords_add(&p, "a b", phone) == -1 && errno == EINVAL);
	CHECK(passwords_add(&p, "", phone) == -1 && errno == EINVAL);
	CHECK(passwords_remove(&p, "laptop") == -1 && errno == ENOENT);
	CHECK(passwords_remove(&p, "phone") == 0 && p.n == 1);
	CHECK(passwords_save(&p, dir) == 0 && passwords_load(&p, dir) == 0);
	CHECK(p.n == 1 && passwords_find(&p, span(tablet)) == 0);
	end();
}

TEST(used)
{
	time_t now = time(NULL);
	char day[16];
	int fd;

	begin();
	two();
	fd = passwords_open(dir);
	CHECK(fd != -1);
	passwords_used(&p, 0, fd); /* not loaded: no place in the file */
	CHECK(passwords_load(&p, dir) == 0 && p.n == 2);
	CHECK_STR(p.all[1].used, PASSWORDS_NEVER);
	passwords_used(&p, 1, fd);
	CHECK(passwords_load(&p, dir) == 0 && p.n == 2);
	(void)strftime(day, sizeof(day), "%Y-%m-%d", gmtime(&now));
	CHECK_STR(p.all[0].used, PASSWORDS_NEVER);
	CHECK_STR(p.all[1].used, day);
	CHECK(close(fd) == 0);
	end();
}

TEST(files_that_will_not_do)
{
	begin();
	CHECK(passwords_load(&p, dir) == 0 && p.n == 0);
	CHECK(passwords_load(&p, "/nonexistent") == 0 && p.n == 0);
	write_file(file, "# nothing\n\n", 0600);
	CHECK(passwords_load(&p, dir) == 0 && p.n == 0);
	write_file(file, "#\nphone secret\n", 0600);
	CHECK(passwords_load(&p, dir) == -1);
	CHECK(strstr(fail_text(), PASSWORDS_FILE ":2: no password") != NULL);
	write_file(file, "", 0620);
	CHECK(passwords_load(&p, dir) == -1 && errno == EPERM);
	CHECK(unlink(file) == 0 && symlink("/etc/passwd", file) == 0);
	CHECK(passwords_load(&p, dir) == -1);
	CHECK(unlink(file) == 0 && mkfifo(file, 0600) == 0);
	CHECK(passwords_load(&p, dir) == -1);
	end();
}

TEST(no_more_than_some)
{
	char name[16];
	int i;

	begin();
	p.n = 0;
	for (i = 0; i < PASSWORDS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "d%d", i);
		CHECK(passwords_add(&p, name, phone) == 0);
	}
	CHECK(passwords_add(&p, "one-more", phone) == -1 && errno == E2BIG);
	CHECK(passwords_save(&p, dir) == 0 && passwords_load(&p, dir) == 0);
	CHECK(p.n == PASSWORDS_MAX && passwords_find(&p, span(phone)) == 49);
	end();
}

/* ---- logins */

/* A user of the file whose entry is "entry"; his home is ours. */
static void
user(const char *entry)
{
	char text[400];

	(void)snprintf(text, sizeof(text), "bob:%s:%u:%u::%s\n", entry,
	    getuid() == 0 ? 1001 : getuid(), getuid() == 0 ? 1001 : getgid(),
	    dir);
	write_file(users, text, 0600);
	CHECK(config_load(&c, dir) == 0);
	(void)strcpy(c.run, "/dev/null/none");
	if (getuid() == 0) {
		CHECK(chown(dir, 1001, 1001) == 0);
		CHECK(access(file, F_OK) == -1 || chown(file, 1001, 1001) == 0);
	}
	CHECK(chmod(dir, 0700) == 0);
}

static enum auth_verdict
login(const char *password)
{
	return auth_check(&c, "bob", password, "", &u);
}

TEST(plain_login)
{
	begin();
	two();
	user("{PLAIN}secret");
	CHECK(login("secret") == AUTH_OK);
	CHECK(login(phone) == AUTH_OK);
	CHECK_STR(u.name, "bob");
	CHECK(login("secreT") == AUTH_BAD);
	CHECK(auth_check(&c, "mal", phone, "", &u) == AUTH_BAD);
	/* Who is closed out by his entry is so with all his devices. */
	user("*");
	CHECK(login(tablet) == AUTH_BAD);
	user("{CRYPT}!x");
	CHECK(login(tablet) == AUTH_BAD);
	user("");
	CHECK(login(tablet) == AUTH_BAD);
	/* A file that will not do does not stand in the way of his own. */
	user("{PLAIN}secret");
	CHECK(chmod(file, 0666) == 0);
	CHECK(login(phone) == AUTH_BAD);
	CHECK(login("secret") == AUTH_OK);
	end();
}

static enum auth_verdict
scram(const char *password)
{
	static struct record answer;
	struct auth_scram a = { 0 };
	enum auth_verdict v;
	struct buf b;

	v = auth_scram_first(&a, &c, span("n,,n=bob,r=abcdef"), false, NULL,
	    &answer);
	if (v == AUTH_OK) {
		buf_init(&b, 2000);
		client_final(&b, "n,,", span(""), "n=bob,r=abcdef",
		    record_span(&answer), password);
		v = auth_scram_final(&a, buf_all(&b), &answer, &u);
		buf_free(&b);
	}
	auth_scram_end(&a);
	return v;
}

TEST(scram_login)
{
	struct scram_key k = { 0 };
	struct buf b;

	begin();
	two();
	user("{PLAIN}secret");
	CHECK(scram(phone) == AUTH_OK);
	CHECK(scram(tablet) == AUTH_OK);
	CHECK_STR(u.name, "bob");
	CHECK(scram("secret") == AUTH_BAD);
	user("*");
	CHECK(scram(phone) == AUTH_BAD);
	/* The salt of the entry counts, and theirs may be the same. */
	CHECK(chown(file, getuid(), getgid()) == 0);
	CHECK(passwords_load(&p, dir) == 0 && p.n == 2);
	k = p.all[0].key;
	scram_key_make(&k, span("secret"));
	buf_init(&b, 300);
	scram_key_put(&b, &k);
	user(b.p);
	CHECK(scram("secret") == AUTH_OK && scram(tablet) == AUTH_OK);
	k.salt[0] ^= 1;
	scram_key_make(&k, span("secret"));
	buf_reset(&b);
	scram_key_put(&b, &k);
	user(b.p);
	CHECK(scram("secret") == AUTH_OK && scram(tablet) == AUTH_BAD);
	CHECK(login(tablet) == AUTH_OK);
	buf_free(&b);
	if (getuid() == 0) /* else the parent could not read it */
		CHECK(chown(file, 0, 0) == 0);
	CHECK(passwords_load(&p, dir) == 0 && p.n == 2);
	CHECK(strcmp(p.all[1].used, PASSWORDS_NEVER) != 0);
	end();
}
