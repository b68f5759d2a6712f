/* A view on standard output, for the programs that BATS files run. */
#ifndef TESTS_UNIT_MAILDIR_SHOW_H
#define TESTS_UNIT_MAILDIR_SHOW_H

#include <err.h>
#include <stdio.h>

#include "maildir/maildir.h"
#include "message/fail.h"

static void
show(struct folder *f)
{
	struct folder_info i;

	folder_info(f, &i);
	i.octets = folder_octets(f);
	(void)printf("%u %u messages %u recent %u unseen %u deleted %u "
		     "octets %llu first %u id %s\n",
	    i.uidvalidity, i.uidnext, i.messages, i.recent, i.unseen, i.deleted,
	    (unsigned long long)i.octets, i.first_unseen, i.id);
}

static void
show_messages(struct folder *f)
{
	for (uint32_t n = 1; n <= folder_count(f); n++) {
		struct message m;

		if (folder_get(f, n, &m) == -1 || folder_wire(f, n, &m) == -1)
			errx(75, "%s", fail_text());
		(void)printf("%u %x %llx %llu %llu %lld\n", m.uid, m.flags,
		    (unsigned long long)m.keywords, (unsigned long long)m.size,
		    (unsigned long long)m.wire, (long long)m.date);
	}
}

#endif
