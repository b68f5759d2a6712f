/* Who uses the command, and on which host. */
#ifndef MAILDIR_CMD_PERSON_H
#define MAILDIR_CMD_PERSON_H

#include <limits.h>
#include <stdbool.h>

struct person {
	char name[256];
	char full[256]; /* name of the person, may be empty */
	char home[PATH_MAX];
};

/* The user by the real uid.  false: there is none. */
bool person_self(struct person *);

/* $HOME, else as passwd(5) has it.  Ends the program when there is none. */
const char *person_home(void);

/* This host, with its domain when that is known. */
void person_host(char host[256]);

#endif
