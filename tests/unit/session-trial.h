/* A trial of what a process may do runs in a child of its own. */
#ifndef TESTS_UNIT_SESSION_TRIAL_H
#define TESTS_UNIT_SESSION_TRIAL_H

#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

/* fn's value, or 1000 + the signal that ended it. */
static int
trial(int (*fn)(void))
{
	int status;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(fn());
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

#endif
