/* ACL (RFC 4314), as far as a Maildir can answer: a user has all the rights that
 * the modes of the folder give him.  Nobody else has any in his own folders, and
 * who has in a shared one, only the system knows.  That is made, removed and
 * permitted to groups by the administrator; folders in it come and go. */
#include "imap-session/acl.h"

#include <string.h>

#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/put.h"
#include "maildir/maildir.h"

#define READING "lr"
#define ALL "lrswipkxtea"
#define SHARED "lrswipkte"
#define IN_SHARED "lrswipkxte"

static const char *
rights_in(const struct imap *im, const char *disk)
{
	if (!store_writable(im->store, disk))
		return READING;
	if (!store_is_shared(im->store, disk))
		return ALL;
	return strchr(disk + sizeof(STORE_SHARED), '.') == NULL ? SHARED :
								  IN_SHARED;
}

/* Read " mailbox", which must be there. */
static const struct reply *
read_mailbox(struct imap *im, struct parse *p, char disk[NAME_DISK])
{
	struct folder_info info;
	const struct reply *wrong;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = name_read(im, p, disk);
	if (wrong != NULL)
		return wrong;
	return store_status(im->store, disk, &info) == -1 ? imap_failed(im) :
							    NULL;
}

/* "* WORD mailbox". */
static void
begin(struct imap *im, const char *word, const char *disk)
{
	buf_str(&im->out, "* ");
	buf_str(&im->out, word);
	buf_char(&im->out, ' ');
	name_put(im, disk);
}

void
acl_put_mine(struct imap *im, const char *disk)
{
	begin(im, "MYRIGHTS", disk);
	buf_printf(&im->out, " %s", rights_in(im, disk));
	imap_line(im);
}

const struct reply *
acl_my_rights(struct imap *im, struct parse *p)
{
	const struct reply *wrong;
	char disk[NAME_DISK];

	wrong = read_mailbox(im, p, disk);
	if (wrong != NULL)
		return wrong;
	if (parse_end(p) == -1)
		return &imap_bad;
	acl_put_mine(im, disk);
	return &imap_done;
}

const struct reply *
acl_get(struct imap *im, struct parse *p)
{
	const struct reply *wrong;
	char disk[NAME_DISK];

	wrong = read_mailbox(im, p, disk);
	if (wrong != NULL)
		return wrong;
	if (parse_end(p) == -1)
		return &imap_bad;
	begin(im, "ACL", disk);
	buf_char(&im->out, ' ');
	put_astring(&im->out, span(im->user), true);
	buf_printf(&im->out, " %s", rights_in(im, disk));
	imap_line(im);
	return &imap_done;
}

/* The mailbox, and behind it whose rights are meant. */
static const struct reply *
read_who(struct imap *im, struct parse *p, char disk[NAME_DISK],
    struct span *who)
{
	const struct reply *wrong = read_mailbox(im, p, disk);

	if (wrong != NULL)
		return wrong;
	return parse_space(p) == -1 || parse_astring(p, who) == -1 ? &imap_bad :
								     NULL;
}

/* What he has he cannot lose, and others cannot get anything. */
const struct reply *
acl_list_rights(struct imap *im, struct parse *p)
{
	const struct reply *wrong;
	char disk[NAME_DISK];
	struct span who;

	wrong = read_who(im, p, disk, &who);
	if (wrong != NULL)
		return wrong;
	if (parse_end(p) == -1)
		return &imap_bad;
	begin(im, "LISTRIGHTS", disk);
	buf_char(&im->out, ' ');
	put_astring(&im->out, who, true);
	buf_printf(&im->out, " %s",
	    span_eq(who, span(im->user)) ? rights_in(im, disk) : "\"\"");
	imap_line(im);
	return &imap_done;
}

/* SETACL has rights behind the name, DELETEACL none; neither changes any. */
static const struct reply *
refuse(struct imap *im, struct parse *p, bool set)
{
	const struct reply *wrong;
	char disk[NAME_DISK];
	struct span who, what;

	wrong = read_who(im, p, disk, &who);
	if (wrong != NULL)
		return wrong;
	if ((set && (parse_space(p) == -1 || parse_astring(p, &what) == -1)) ||
	    parse_end(p) == -1)
		return &imap_bad;
	return imap_no(im, "[NOPERM] Rights are those of the files");
}

const struct reply *
acl_set(struct imap *im, struct parse *p)
{
	return refuse(im, p, true);
}

const struct reply *
acl_delete(struct imap *im, struct parse *p)
{
	return refuse(im, p, false);
}
