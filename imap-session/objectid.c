#include "imap-session/objectid.h"

#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "imap-session/notes.h"
#include "message/fail.h"
#include "message/header.h"

static void
finish(SHA2_CTX *h, char letter, char id[OBJECTID])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256Final(digest, h);
	id[0] = letter;
	for (size_t i = 0; i < (OBJECTID - 2) / 2; i++)
		(void)snprintf(id + 1 + 2 * i, 3, "%02x", digest[i]);
}

/* The first "<...>" of a field. */
static struct span
first_id(struct span header, const char *name)
{
	struct field f;
	size_t from, n;

	if (!header_find(header, name, &f))
		return span_n("", 0);
	from = span_find(f.value, '<');
	f.value = span_from(f.value, from);
	n = span_find(f.value, '>');
	return n < f.value.len ? span_n(f.value.p, n + 1) : span_n("", 0);
}

static struct span
root(struct span header)
{
	static const char *const names[] = { "References", "In-Reply-To",
		"Message-ID" };
	struct span id = { "", 0 };

	for (size_t i = 0; i < 3 && id.len == 0; i++)
		id = first_id(header, names[i]);
	return id;
}

int
objectid_make(struct reading *r, char email[OBJECTID], char thread[OBJECTID])
{
	static uint8_t piece[64 * 1024];
	struct span id;
	SHA2_CTX h;
	off_t at = 0;
	ssize_t n;

	if (reading_header(r) == -1)
		return -1;
	SHA256Init(&h);
	while ((n = pread(r->fd, piece, sizeof(piece), at)) > 0) {
		SHA256Update(&h, piece, (size_t)n);
		at += n;
	}
	if (n == -1)
		return fail("read a message");
	finish(&h, 'M', email);
	id = root(text_span(&r->header));
	SHA256Init(&h);
	if (id.len > 0)
		SHA256Update(&h, (const uint8_t *)id.p, id.len);
	else
		SHA256Update(&h, (const uint8_t *)email, strlen(email));
	finish(&h, 'T', thread);
	return 0;
}

int
objectid_match(void *key, uint32_t number)
{
	const struct objectid_key *k = key;
	char id[OBJECTID];
	struct reading r;
	int made;

	reading_begin(&r, k->folder, number);
	made = notes_id(&r, k->thread, id);
	reading_end(&r);
	return made == -1 ? -1 : span_eq(k->id, span(id));
}
