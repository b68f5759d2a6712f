/* A run directory of a test's own, which goes at the end. */
#ifndef TESTS_UNIT_RUN_DIR_H
#define TESTS_UNIT_RUN_DIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/test.h"

static char run[64], file[80]; /* the directory, and the one file in it */

static inline void
run_end(void)
{
	(void)unlink(file);
	(void)rmdir(run);
}

/* A new one; "name" is the file's. */
static inline void
run_begin(const char *name)
{
	if (run[0] == '\0')
		(void)atexit(run_end);
	else
		run_end();
	(void)strcpy(run, "/tmp/run-XXXXXX");
	CHECK(mkdtemp(run) != NULL);
	(void)snprintf(file, sizeof(file), "%s/%s", run, name);
}

#endif
