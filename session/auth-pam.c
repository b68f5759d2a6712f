/* auth-pam [-a] SERVICE [REMOTE_IP]: one password, asked of PAM.
 *
 * Reads "name NUL password NUL" from descriptor 0; an empty name is somebody
 * who is not here.  With -a the password is known to be right, and only the
 * account is asked about.  Exit status 0: right, and the account may be used; 1: no
 * (all noes take the same time); 75: PAM cannot tell now.
 *
 * MAY HOLD ROOT: pam_unix reads /etc/shadow.  The only program that links
 * libpam, and it lives for one question. */
#include <crypt.h>
#include <errno.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { WRONG = 1, ASKED_MAX = 1024 };

/* Answers the one prompt that hides what is typed.  A module that wants more
 * of a person is told that nobody is there. */
static int
answer(int n, const struct pam_message **ask, struct pam_response **out,
    void *password)
{
	struct pam_response *r;
	int i, bad = 0;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	r = calloc((size_t)n, sizeof(*r));
	if (r == NULL)
		return PAM_BUF_ERR;
	for (i = 0; i < n; i++)
		if (ask[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			bad |= (r[i].resp = strdup(password)) == NULL;
		else if (ask[i]->msg_style == PAM_PROMPT_ECHO_ON)
			bad = 1;
	if (!bad) {
		*out = r;
		return PAM_SUCCESS;
	}
	for (i = 0; i < n; i++)
		free(r[i].resp);
	free(r);
	return PAM_CONV_ERR;
}

/* The session makes the pause after a failure, for every kind of user. */
static void
no_delay(int status, unsigned usec, void *appdata)
{
	(void)status;
	(void)usec;
	(void)appdata;
}

static int
exit_status(int pam)
{
	switch (pam) {
	case PAM_SUCCESS:
		return 0;
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_MAXTRIES:
	case PAM_PERM_DENIED:
	case PAM_ACCT_EXPIRED:
	case PAM_CRED_EXPIRED:
	case PAM_CRED_INSUFFICIENT:
	case PAM_NEW_AUTHTOK_REQD:
	case PAM_AUTHTOK_EXPIRED:
	case PAM_CONV_ERR:
		return WRONG;
	default:
		return EX_TEMPFAIL;
	}
}

static int
ask_pam(const char *service, const char *name, char *password,
    const char *remote, bool known)
{
	/* PAM_FAIL_DELAY is an item that holds a function. */
	void (*delay)(int, unsigned, void *) = no_delay;
	const struct pam_conv conv = { answer, password };
	const void *user = NULL;
	pam_handle_t *h = NULL;
	void *item;
	int r;

	r = pam_start(service, name, &conv, &h);
	if (r != PAM_SUCCESS)
		return EX_TEMPFAIL;
	memcpy(&item, &delay, sizeof(item));
	(void)pam_set_item(h, PAM_FAIL_DELAY, item);
	(void)pam_set_item(h, PAM_TTY, "mail");
	if (remote != NULL && remote[0] != '\0')
		(void)pam_set_item(h, PAM_RHOST, remote);
	if (!known)
		r = pam_authenticate(h, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(h, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	/* A module may have made another user of him; nobody asked for that
	 * one. */
	if (r == PAM_SUCCESS &&
	    (pam_get_item(h, PAM_USER, &user) != PAM_SUCCESS || user == NULL ||
		strcmp(user, name) != 0))
		r = PAM_AUTH_ERR;
	(void)pam_end(h, r | PAM_DATA_SILENT);
	return exit_status(r);
}

static bool
is_hash(const char *s)
{
	return s != NULL && (s[0] == '$' || s[0] == '_');
}

/* Hash in vain when PAM had nothing to hash, so that who is not here and who
 * mistypes take the same time; with the kind of hash this system uses. */
static void
spend_time(const char *name, const char *password)
{
	const struct spwd *s = getspnam(name);

	if (getpwnam(name) != NULL && (s == NULL || is_hash(s->sp_pwdp)))
		return;
	setspent();
	while ((s = getspent()) != NULL)
		if (is_hash(s->sp_pwdp))
			break;
	(void)crypt(password,
	    s != NULL ? s->sp_pwdp : "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$");
	endspent();
}

/* 0: *name and *password point into "in". */
static int
read_asked(char *in, char **name, char **password)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(0, in + len, ASKED_MAX - len)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		len += (size_t)n;
		if (len == ASKED_MAX)
			return -1;
	}
	*name = in;
	*password = memchr(in, '\0', len);
	if (*password == NULL || len < 3 || in[len - 1] != '\0')
		return -1;
	(*password)++;
	return strlen(*name) + strlen(*password) + 2 == len ? 0 : -1;
}

int
main(int argc, char **argv)
{
	char in[ASKED_MAX], *name, *password;
	bool known = argc > 1 && strcmp(argv[1], "-a") == 0;
	int status;

	argc -= known;
	argv += known;
	if (argc < 2 || argc > 3)
		return EX_USAGE;
	if (read_asked(in, &name, &password) == -1)
		return EX_DATAERR;
	status =
	    ask_pam(argv[1], name, password, argc == 3 ? argv[2] : NULL, known);
	if (status == WRONG)
		spend_time(name, password);
	explicit_bzero(in, sizeof(in));
	return status;
}
