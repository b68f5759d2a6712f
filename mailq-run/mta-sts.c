/* mta-sts ROLE: fetch the policy of one domain (RFC 8461 s. 3.3).
 *
 * MAY HOLD ROOT, and gives it up before anything else.  Descriptor 0 is a
 * socket of records: one comes with the name of the host and its addresses,
 * one goes back.  Only this program links libcurl, and it ends after one
 * fetch. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailq-run/crew.h"
#include "mailq-run/sts.h"
#include "message/fail.h"
#include "session/record.h"
#include "session/role.h"
#include "session/sandbox.h"

static struct record ask, told;

/* No more than fits into the answer. */
static size_t
take(char *data, size_t one, size_t n, void *arg)
{
	(void)arg;
	(void)one;
	if (n > STS_TEXT - told.len)
		return 0;
	memcpy(told.data + told.len, data, n);
	told.len += (uint32_t)n;
	return n;
}

/* What is left of the file system: authorities, read as they are needed. */
static int
confine(void)
{
	static const char *const dirs[] = { "/etc/ssl/certs",
		"/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates" };
	const struct limits l = {
		.memory = 256 << 20,
		.file = 0,
		.files = 32,
		.cpu = 20,
		.procs = role_root() ? 0 : -1,
	};
	int fd[3];
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		fd[n] = open(dirs[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		n += fd[n] != -1;
	}
	if (sandbox_limits(&l) == -1 || sandbox_files(fd, n) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return -1;
	return sandbox_calls(SANDBOX_FETCH);
}

/* Certificates as they have to be, no redirection, no other protocol
 * (s. 3.3); the addresses are known already. */
static int
set_up(CURL *c, struct curl_slist *where, const char *host)
{
	char url[400];

	(void)snprintf(url, sizeof(url), "https://%s/.well-known/mta-sts.txt",
	    host);
	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") ==
		    CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_RESOLVE, where) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSLVERSION,
		    CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_CAPATH, "/etc/ssl/certs") ==
		    CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)ask.value) ==
		    CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) == CURLE_OK ?
	    0 :
	    fail_as(EINVAL, "curl: an option is missing");
}

static int
fetch(CURL *c)
{
	char *type = NULL;
	long status = 0;
	CURLcode got = curl_easy_perform(c);

	if (got != CURLE_OK)
		return fail_as(EIO, "%s", curl_easy_strerror(got));
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
	if (status != 200)
		return fail_as(EIO, "answer %ld", status);
	if (type == NULL || strncasecmp(type, "text/plain", 10) != 0)
		return fail_as(EIO, "not of the type text/plain");
	return 0;
}

static int
obey(void)
{
	char where[RECORD_DATA + 400];
	const char *host = ask.data, *addresses;
	struct curl_slist *list;
	CURL *c;

	if (memchr(host, '\0', ask.len) == NULL || ask.value < 1)
		return fail_as(EBADMSG, "no question");
	addresses = host + strlen(host) + 1;
	(void)snprintf(where, sizeof(where), "%s:443:%s", host, addresses);
	if (curl_global_init(CURL_GLOBAL_SSL) != CURLE_OK)
		return fail_as(EIO, "curl");
	list = curl_slist_append(NULL, where);
	c = curl_easy_init();
	if (c == NULL || list == NULL || confine() == -1 ||
	    set_up(c, list, host) == -1)
		return -1;
	return fetch(c);
}

int
main(int argc, char **argv)
{
	struct role role = { 0, 0 };
	int got;

	if (argc != 2 || record_recv(0, &ask, NULL, -1) != 1)
		return EX_USAGE;
	if (role_root() && role_find(&role, argv[1]) == -1)
		got = -1;
	else
		got = role_drop(&role) == -1 ? -1 : obey();
	told.value = got == 0;
	if (got == -1)
		told.len =
		    (uint32_t)snprintf(told.data, 200, "%.190s", fail_text());
	(void)record_send(0, CREW_FETCH, told.value,
	    span_n(told.data, told.len), -1);
	_exit(0);
}
