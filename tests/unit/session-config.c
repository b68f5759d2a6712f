/* mailroom.conf, domains, and the reader of such files. */
#include "session/config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/fail.h"
#include "session/lines.h"
#include "tests/unit/test.h"

static char dir[] = "/tmp/session-config.XXXXXX";
static struct config c;

static void
remove_dir(void)
{
	(void)rmdir(dir);
}

/* A file of this content in the directory, made at first use. */
static void
put(const char *name, const char *text, size_t len)
{
	static bool made;
	char path[PATH_MAX];
	FILE *f;

	if (!made) {
		CHECK(mkdtemp(dir) != NULL);
		made = true;
		CHECK(atexit(remove_dir) == 0);
	}
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
	f = fopen(path, "w");
	CHECK(f != NULL);
	if (f == NULL)
		return;
	CHECK(fwrite(text, 1, len, f) == len);
	CHECK(fclose(f) == 0 && chmod(path, 0644) == 0);
}

static void
forget(const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
}

static int
load(const char *text)
{
	int r;

	put("mailroom.conf", text, strlen(text));
	r = config_load(&c, dir);
	forget("mailroom.conf");
	return r;
}

/* "text" must be refused with this behind the file's name. */
static void
wrong(const char *text, const char *reason)
{
	char wanted[PATH_MAX + 200];

	CHECK(load(text) == -1);
	(void)snprintf(wanted, sizeof(wanted), "%s/mailroom.conf:%s", dir,
	    reason);
	CHECK_STR(fail_text(), wanted);
	CHECK(errno == EINVAL);
}

TEST(defaults)
{
	CHECK(config_load(&c, "/nonexistent/mailroom") == 0);
	CHECK_STR(c.spool, "/var/spool/mailroom");
	CHECK_STR(c.run, "/run/mailroom");
	CHECK_STR(c.log, "syslog");
	CHECK_STR(c.maildir, "Maildir");
	CHECK_STR(c.net_user, "mailnet");
	CHECK_STR(c.spool_user, "mailroom");
	CHECK_STR(c.tls_user, "mailtls");
	CHECK_STR(c.dns, "");
	CHECK_STR(c.helpers, HELPERS);
	CHECK(c.smtp_port == 25 && c.size == 52428800 && c.recipients == 100);
	CHECK(!c.strict_newlines && c.plain_login == PLAIN_NEVER);
	CHECK(c.connections == 100 && c.connections_per_address == 20);
	CHECK(c.connections_per_destination == 20);
	CHECK(c.system_users && c.hostname[0] != '\0');
}

TEST(every_word)
{
	CHECK(load("# comment\n\n"
		   "hostname mx.example.org\r\n"
		   "  spool\t/s\n"
		   "run /r\nlog /l\nmaildir mail/in\n"
		   "net-user 10:11\nspool-user _mail-spool\ntls-user t\n"
		   "dns 2001:db8::1@5353\nsmtp-port 2525\nsize 10M\n"
		   "recipients 1000\nstrict-newlines yes\n"
		   "plain-login loopback\nretry fixed 15m\n"
		   "pam-service imap\nhelpers /h\nconnections 4096\n"
		   "connections-per-address 1") == 0);
	CHECK_STR(c.hostname, "mx.example.org");
	CHECK_STR(c.spool, "/s");
	CHECK_STR(c.run, "/r");
	CHECK_STR(c.log, "/l");
	CHECK_STR(c.maildir, "mail/in");
	CHECK_STR(c.net_user, "10:11");
	CHECK_STR(c.spool_user, "_mail-spool");
	CHECK_STR(c.tls_user, "t");
	CHECK_STR(c.dns, "2001:db8::1@5353");
	CHECK_STR(c.retry, "fixed 15m");
	CHECK_STR(c.pam_service, "imap");
	CHECK_STR(c.helpers, "/h");
	CHECK(c.smtp_port == 2525 && c.size == 10485760);
	CHECK(c.recipients == 1000 && c.strict_newlines);
	CHECK(c.plain_login == PLAIN_LOOPBACK);
	CHECK(c.connections == 4096 && c.connections_per_address == 1);
}

TEST(errors_name_the_line)
{
	wrong("\nhostnam x\n", "2: unknown word \"hostnam\"");
	wrong("spool\n", "1: spool: value missing");
	wrong("spool s\n", "1: spool: should be an absolute path");
	wrong("run\t run\n", "1: run: should be an absolute path");
	wrong("helpers ../x\n", "1: helpers: should be an absolute path");
	wrong("#\n#\nsize 1\n",
	    "3: size: should be octets, at least 64K (K, M, G)");
	wrong("size 10T\n",
	    "1: size: should be octets, at least 64K (K, M, G)");
	wrong("size 99999999999999G\n",
	    "1: size: should be octets, at least 64K (K, M, G)");
	wrong("size -1\n", "1: size: should be octets, at least 64K (K, M, G)");
	wrong("log /a\n\nlog /b\n", "3: log: again, first in line 1");
}

TEST(errors_in_values)
{
	wrong("smtp-port 0\n", "1: smtp-port: should be 1 to 65535");
	wrong("smtp-port 65536\n", "1: smtp-port: should be 1 to 65535");
	wrong("recipients 1001\n", "1: recipients: should be 100 to 1000");
	wrong("recipients 99\n", "1: recipients: should be 100 to 1000");
	wrong("connections 0\n", "1: connections: should be 1 to 4096");
	wrong("connections 4097\n", "1: connections: should be 1 to 4096");
	wrong("connections-per-destination 201\n",
	    "1: connections-per-destination: should be 1 to 200");
	wrong("connections-per-address x\n",
	    "1: connections-per-address: should be 1 to 4096");
	wrong("strict-newlines maybe\n",
	    "1: strict-newlines: should be yes or no");
	wrong("plain-login yes\n",
	    "1: plain-login: should be never, loopback or always");
	wrong("hostname a b\n", "1: hostname: should be a host name");
	wrong("dnsbl bl/example\n", "1: dnsbl: should be names of zones");
	wrong("greylist 86401\n", "1: greylist: should be 0 to 86400");
	wrong("refuse-from 192.0.2\n",
	    "1: refuse-from: should be addresses, "
	    "ADDRESS or ADDRESS/BITS");
	wrong("spool-reserve 1\n",
	    "1: spool-reserve: should be octets, "
	    "at least 64K (K, M, G)");
	wrong("dns example.org\n",
	    "1: dns: should be ADDRESS[@PORT] [trust-ad]");
	wrong("dns 127.0.0.1@0\n",
	    "1: dns: should be ADDRESS[@PORT] [trust-ad]");
	wrong("dns 127.0.0.1@\n",
	    "1: dns: should be ADDRESS[@PORT] [trust-ad]");
	wrong("log mail.log\n", "1: log: should be syslog or an absolute path");
	wrong("maildir ../x\n", "1: maildir: should be a path in the home");
	wrong("maildir a/../../x\n",
	    "1: maildir: should be a path in the home");
	wrong("maildir /x\n", "1: maildir: should be a path in the home");
	wrong("net-user a;b\n", "1: net-user: should be a name or UID:GID");
	wrong("pam-service ../../etc\n", "1: pam-service: should be a name");
	wrong("net-user 123456789012345678901234567890123\n",
	    "1: net-user: should be shorter");
}

TEST(nul_and_length)
{
	static char text[LINES_SIZE + 10];

	put("mailroom.conf", "spool /a\n\0\n", 11);
	CHECK(config_load(&c, dir) == -1);
	CHECK(strstr(fail_text(), "mailroom.conf:2: NUL octet") != NULL);
	memset(text, '#', sizeof(text));
	put("mailroom.conf", text, sizeof(text));
	CHECK(config_load(&c, dir) == -1);
	CHECK(strstr(fail_text(), "mailroom.conf:1: line too long") != NULL);
	/* A comment of the longest allowed length, then a word. */
	text[LINES_SIZE - 1] = '\n';
	memcpy(text + LINES_SIZE, "run /x\n", 7);
	put("mailroom.conf", text, LINES_SIZE + 7);
	CHECK(config_load(&c, dir) == 0);
	CHECK_STR(c.run, "/x");
	forget("mailroom.conf");
}

TEST(trust)
{
	char path[PATH_MAX];

	put("mailroom.conf", "run /x\n", 7);
	(void)snprintf(path, sizeof(path), "%s/mailroom.conf", dir);
	CHECK(chmod(path, 0646) == 0);
	CHECK(config_load(&c, dir) == -1 && errno == EPERM);
	CHECK(strstr(fail_text(), "mailroom.conf: others may write") != NULL);
	if (geteuid() == 0) {
		CHECK(chmod(path, 0600) == 0 && chown(path, 4000, 0) == 0);
		CHECK(config_load(&c, dir) == -1 && errno == EPERM);
		CHECK(strstr(fail_text(), "belongs to somebody") != NULL);
	} else {
		CHECK(chmod(path, 0) == 0);
		CHECK(config_load(&c, dir) == -1 && errno == EACCES);
		CHECK(strstr(fail_text(), "mailroom.conf: Perm") != NULL);
	}
	(void)unlink(path);
	CHECK(mkdir(path, 0755) == 0);
	CHECK(config_load(&c, dir) == -1);
	CHECK(strstr(fail_text(), "not a regular file") != NULL);
	CHECK(rmdir(path) == 0);
	forget("mailroom.conf");
}

TEST(a_users_file_replaces_the_system)
{
	put("users", "", 0);
	CHECK(config_load(&c, dir) == 0 && !c.system_users);
	forget("users");
}

TEST(domains)
{
	put("domains", "# ours\nexample.org\n  Example.NET # two\n\n", 40);
	CHECK(config_load(&c, dir) == 0);
	CHECK(config_domain(&c, "example.org") == 1);
	CHECK(config_domain(&c, "example.net") == 1);
	CHECK(config_domain(&c, "example.com") == 0);
	CHECK(config_domain(&c, "") == 0);
	CHECK(config_domain(&c, "#") == 0);
	put("domains", "example.org\nexa mple.org\n", 25);
	CHECK(config_domain(&c, "example.com") == -1);
	CHECK(strstr(fail_text(), "domains:2: ") != NULL);
	forget("domains");
	/* Without the file: the host and localhost. */
	CHECK(config_load(&c, "/nonexistent") == 0);
	CHECK(config_domain(&c, c.hostname) == 1);
	CHECK(config_domain(&c, "localhost") == 1);
	CHECK(config_domain(&c, "example.org") == 0);
}

TEST(relative_directory)
{
	char here[PATH_MAX];

	CHECK(getcwd(here, sizeof(here)) != NULL);
	CHECK(config_load(&c, "no/such") == 0);
	CHECK(strncmp(c.dir, here, strlen(here)) == 0);
	CHECK(strcmp(c.dir + strlen(here), "/no/such") == 0);
	CHECK(config_load(&c, NULL) != 2);
	CHECK_STR(c.dir, CONFIG_DIR);
}
