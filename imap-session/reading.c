#include "imap-session/reading.h"

#include <sys/stat.h>
#include <unistd.h>

#include "maildir/maildir.h"
#include "message/fail.h"

void
reading_begin(struct reading *r, struct folder *f, uint32_t number)
{
	*r = (struct reading){ .folder = f, .number = number, .fd = -1 };
}

void
reading_end(struct reading *r)
{
	if (r->fd != -1)
		(void)close(r->fd);
	r->fd = -1;
	text_free(&r->header);
	if (r->parsed)
		mime_free(&r->mime);
	r->parsed = false;
}

int
reading_open(struct reading *r)
{
	struct stat st;

	if (r->fd != -1)
		return 0;
	r->fd = folder_read(r->folder, r->number);
	if (r->fd == -1)
		return -1;
	if (fstat(r->fd, &st) == -1)
		return fail("stat a message");
	r->size = (uint64_t)st.st_size;
	return 0;
}

int
reading_header(struct reading *r)
{
	if (r->header.p != NULL)
		return 0;
	return reading_open(r) == -1 ?
	    -1 :
	    text_load(&r->header, r->fd, (size_t)r->size);
}

int
reading_parts(struct reading *r)
{
	static char piece[64 * 1024];
	uint64_t at = 0;
	ssize_t n = 0;

	if (r->parsed)
		return 0;
	if (reading_open(r) == -1)
		return -1;
	if (mime_begin(&r->mime) == -1)
		return fail("parts of a message");
	r->parsed = true;
	while (at < r->size &&
	    (n = pread(r->fd, piece, sizeof(piece), (off_t)at)) > 0) {
		text_hide_nul(piece, (size_t)n);
		mime_put(&r->mime, span_n(piece, (size_t)n));
		at += (uint64_t)n;
	}
	if (n == -1)
		return fail("read a message");
	return mime_end(&r->mime) == -1 ? fail("parts of a message") : 0;
}
