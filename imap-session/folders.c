/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 s. 6.3.4 to
 * 6.3.8). */
#include <errno.h>
#include <string.h>

#include "imap-session/capability.h"
#include "imap-session/handlers.h"
#include "imap-session/name.h"
#include "imap-session/selected.h"
#include "imap-session/uses.h"

/* The only argument, a name. */
static const struct reply *
only_name(struct imap *im, struct parse *p, char disk[NAME_DISK],
    struct span *said)
{
	const struct reply *wrong;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = name_read_said(im, p, disk, said);
	if (wrong != NULL)
		return wrong;
	return parse_end(p) == 0 ? NULL : &imap_bad;
}

/* " (USE (\Drafts))" behind the name (RFC 6154 s. 3).  NULL or the reply. */
static const struct reply *
read_use(struct imap *im, struct parse *p, char uses[STORE_USE])
{
	int r = 0;

	uses[0] = '\0';
	if (capability_on(CAP_CREATE_SPECIAL_USE) && parse_try(p, ' ') &&
	    (parse_char(p, '(') == -1 || !parse_word(p, "USE") ||
		parse_space(p) == -1 || (r = uses_read(p, uses)) == -1 ||
		parse_char(p, ')') == -1))
		(void)parse_fail(p, "Unknown parameter");
	if (parse_end(p) == -1)
		return &imap_bad;
	return r == 1 ? imap_no(im, "[USEATTR] No such use") : NULL;
}

const struct reply *
folders_create(struct imap *im, struct parse *p)
{
	char disk[NAME_DISK], uses[STORE_USE];
	const struct reply *wrong;
	struct folder_info info;
	struct span said;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = name_read_said(im, p, disk, &said);
	if (wrong == NULL)
		wrong = read_use(im, p, uses);
	if (wrong != NULL)
		return wrong;
	if (uses[0] != '\0' && store_is_shared(im->store, disk))
		return imap_no(im, "[USEATTR] Not of a shared folder");
	if (store_create(im->store, disk) == -1 ||
	    (uses[0] != '\0' && store_give_use(im->store, disk, uses) == -1))
		return imap_failed(im);
	name_tell(im, "", disk, said, false);
	if (capability_on(CAP_OBJECTID) &&
	    store_status(im->store, disk, &info) == 0)
		return imap_ok(im, "[MAILBOXID (%s)] Done", info.id);
	return &imap_done;
}

const struct reply *
folders_delete(struct imap *im, struct parse *p)
{
	char disk[NAME_DISK];
	struct span said;
	const struct reply *wrong = only_name(im, p, disk, &said);

	if (wrong != NULL)
		return wrong;
	if (strcmp(disk, "INBOX") == 0)
		return imap_no(im, "[CANNOT] INBOX stays");
	if (store_remove(im->store, disk) == -1)
		return imap_failed(im);
	if (im->state == S_BOX && strcmp(im->selected, disk) == 0)
		selected_leave(im);
	name_tell(im, "\\NonExistent", disk, said, false);
	return &imap_done;
}

const struct reply *
folders_rename(struct imap *im, struct parse *p)
{
	char from[NAME_DISK], to[NAME_DISK];
	const struct reply *wrong;
	struct span said;

	if (parse_space(p) == -1)
		return &imap_bad;
	wrong = name_read(im, p, from);
	if (wrong != NULL)
		return wrong;
	wrong = only_name(im, p, to, &said);
	if (wrong != NULL)
		return wrong;
	if (strcmp(to, "INBOX") == 0) {
		errno = EEXIST;
		return imap_failed(im);
	}
	if (store_rename(im->store, from, to) == -1)
		return imap_failed(im);
	if (im->state == S_BOX && strcmp(im->selected, from) == 0 &&
	    strcmp(from, "INBOX") != 0)
		selected_leave(im);
	name_tell(im, "", to, said, false);
	return &imap_done;
}

static const struct reply *
subscribe(struct imap *im, struct parse *p, bool yes)
{
	char disk[NAME_DISK];
	struct span said;
	const struct reply *wrong = only_name(im, p, disk, &said);

	if (wrong != NULL)
		return wrong;
	return store_subscribe(im->store, disk, yes) == 0 ? &imap_done :
							    imap_failed(im);
}

const struct reply *
folders_subscribe(struct imap *im, struct parse *p)
{
	return subscribe(im, p, true);
}

const struct reply *
folders_unsubscribe(struct imap *im, struct parse *p)
{
	return subscribe(im, p, false);
}
