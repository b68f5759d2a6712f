/* A directory with one file, for targets that read files. */
#ifndef TESTS_FUZZ_PLACE_H
#define TESTS_FUZZ_PLACE_H

#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static char place[] = "/dev/shm/mailroom-fuzz-XXXXXX", place_file[64];

static inline void
place_remove(void)
{
	(void)unlink(place_file);
	(void)rmdir(place);
}

/* Write the file; the directory is made at the first call. */
static inline void
place_write(const char *name, const uint8_t *data, size_t len)
{
	int fd;

	if (place_file[0] == '\0') {
		PROMISE(mkdtemp(place) != NULL && atexit(place_remove) == 0);
		(void)snprintf(place_file, sizeof(place_file), "%s/%s", place,
		    name);
	}
	fd = open(place_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	PROMISE(fd != -1 && write(fd, data, len) == (ssize_t)len);
	(void)close(fd);
}

#endif
