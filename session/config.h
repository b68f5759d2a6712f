/* /etc/mailroom/mailroom.conf: `word value` lines; see mailroom.conf(5). */
#ifndef SESSION_CONFIG_H
#define SESSION_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFIG_DIR "/etc/mailroom"
#define CONFIG_MAX_CONNECTIONS 4096
#define CONFIG_MAX_DESTINATION 200

enum plain_login { PLAIN_NEVER, PLAIN_LOOPBACK, PLAIN_ALWAYS };

struct config {
	char dir[256]; /* where the files of the configuration are */
	char hostname[256]; /* else gethostname, made FQDN by /etc/hosts */
	char spool[256]; /* /var/spool/mailroom */
	char run[256]; /* /run/mailroom: sockets submit and kick, empty/ */
	char log[256]; /* "syslog" or a file */
	char maildir[128]; /* in the home; "Maildir" */
	char shared_folders[256]; /* where Maildirs of groups are; "" none */
	char net_user[33]; /* parser and workers; name or "uid:gid"; mailnet */
	char spool_user[33]; /* owner of the spool; mailroom */
	char tls_user[33]; /* mailtls */
	char command_user[33]; /* of commands and files in aliases; nobody */
	char dns[64]; /* ADDR[@PORT][ trust-ad]; "" = /etc/resolv.conf */
	char nat_address[256]; /* ours, though no interface has them */
	uint16_t smtp_port; /* outgoing; 25 */
	bool loopback_mx; /* mail exchangers on loopback and private addresses
			   * are believed; no */
	uint64_t size; /* octets of a message; 52428800 */
	uint64_t spool_reserve; /* octets that stay free there; 1 MiB */
	unsigned recipients; /* of a message; 100 */
	unsigned sends_per_day; /* recipients of one user; 1000; 0 any */
	bool check_sender; /* its domain is looked up; no */
	bool check_recipient; /* the domain of what leaves is; no */
	bool client_name; /* is looked up for Received; no */
	char dnsbl[256]; /* zones that list clients; "" none */
	unsigned greylist; /* seconds until a stranger may come; 0 at once */
	char refuse_from[512]; /* clients that are not served; "" none */
	bool verify; /* VRFY and EXPN are answered; yes */
	bool hide_client; /* no address of ours in their Received; no */
	bool strict_newlines;
	enum plain_login plain_login; /* passwords without TLS; never */
	char retry[64]; /* see retry.h */
	/* Mail filters in their order, see milter-place.h: for the mail
	 * exchange, the socket `submit`, submission; "" none. */
	char milters[512], milters_local[512], milters_submission[512];
	bool system_users; /* no `users` file: getpwnam and PAM */
	char pam_service[33]; /* mailroom */
	char helpers[256]; /* where auth-pam and tls-relay are; HELPERS */
	/* Sessions at a time, all and from one address (/32 or /64). */
	unsigned connections; /* 100 */
	unsigned connections_before_login; /* of an address; 10 */
	unsigned connections_per_address; /* 20 */
	unsigned connections_per_destination; /* mailq-run: at most */
	unsigned connections_per_user; /* after the login; 50 */
	char proxy_from[512]; /* whose PROXY headers are believed (proxy.h) */
	bool scram; /* offered although not all in `users` have keys; no */
};

/* Fill *c from DIR/mailroom.conf ("dir" NULL: CONFIG_DIR); a missing file
 * means the defaults, a missing directory too.
 * 0; -1: fail_text() is "FILE:LINE: ..." (unknown word, bad value) or names
 * the file that could not be read.  A program that gets -1 answers 421 and
 * exits 78 (EX_CONFIG): a wrong configuration serves nobody. */
int config_load(struct config *c, const char *dir);

/* "DIR/name" of a file of the configuration into path[PATH_MAX]. */
void config_path(const struct config *c, const char *name, char *path);

/* Is "domain" (folded) ours?  The host name and localhost are, and what stands
 * in the file `domains`.  1, 0; -1: unreadable, fail_text(). */
int config_domain(const struct config *c, const char *domain);

/* Call "each" with every domain of that file, folded, until it returns
 * something else than 0, which is returned.  0: that was all, or there is no
 * such file; -1: fail_text(). */
int config_domains(const struct config *c,
    int (*each)(void *ctx, const char *domain), void *ctx);

#endif
