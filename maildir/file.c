/* From records to files and back. */
#include "maildir/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "maildir/maildir.h"
#include "maildir/measure.h"
#include "message/fail.h"

static const uint64_t letters = ((uint64_t)1 << KEYWORD_LETTERS) - 1;

void
file_path(const struct index *ix, const struct record *r, char path[FLAGS_NAME])
{
	const char *name = index_text(ix, r);

	if ((r->flags & (REC_NEW | REC_VERBATIM)) != 0)
		(void)snprintf(path, FLAGS_NAME, "%s/%s",
		    (r->flags & REC_NEW) != 0 ? "new" : "cur", name);
	else
		flags_put(path, name, r->file.base, file_flags(r), r->keywords);
}

uint32_t
file_flags(const struct record *r)
{
	return ((r->flags & REC_LATE) != 0 ? r->flags >> REC_NAMED : r->flags) &
	    FLAG_STORED;
}

void
file_late(struct record *r, uint32_t named, uint32_t wanted, bool late)
{
	r->flags &= ~(uint32_t)(FLAG_STORED | REC_LATE) &
	    ~((uint32_t)FLAG_STORED << REC_NAMED);
	r->flags |= wanted;
	if (late)
		r->flags |= REC_LATE | named << REC_NAMED;
}

/* Flags, letters, and whether the name must be kept as it is. */
static void
read_name(const char *name, bool in_new, uint32_t *flags, uint64_t *words)
{
	bool plain = flags_get(name, flags, words);

	if (in_new) {
		*flags |= REC_NEW;
		plain = strchr(name, ':') == NULL;
	}
	if (!plain)
		*flags |= REC_VERBATIM;
}

int
file_name(struct index *ix, struct record *r, const char *name, bool in_new)
{
	const uint32_t told = REC_NEW | REC_VERBATIM;
	uint32_t flags, named,
	    differ = (r->flags ^ file_flags(r)) & FLAG_STORED;
	uint64_t words;
	size_t n = name_base(name);

	read_name(name, in_new, &flags, &words);
	if ((flags & REC_VERBATIM) != 0)
		n = strlen(name);
	if (r->file.at == 0 || strncmp(index_text(ix, r), name, n) != 0 ||
	    index_text(ix, r)[n] != '\0') {
		if (index_name(ix, name, n, &r->file.at) == -1)
			return -1;
		if (ix->h->newest < name_time(name))
			ix->h->newest = name_time(name);
	}
	r->file.base = (uint16_t)name_base(name);
	/* what is to follow stands, whatever else the name says by now */
	named = flags & FLAG_STORED;
	differ &= r->flags ^ named;
	file_late(r, named, named ^ differ,
	    differ != 0 ||
		(r->flags & (REC_LATE | REC_DEAD)) == (REC_LATE | REC_DEAD));
	r->flags = (r->flags & ~told) | (flags & told);
	r->keywords = (r->keywords & ~letters) | words;
	return 0;
}

bool
file_same(const struct index *ix, const struct record *r, const char *name,
    bool in_new)
{
	char path[FLAGS_NAME];

	if (((r->flags & REC_NEW) != 0) != in_new)
		return false;
	file_path(ix, r, path);
	return strcmp(path + strlen("cur/"), name) == 0;
}

int
file_measure(int dir, const char *path, uint64_t wire, bool count,
    struct record *r)
{
	uint64_t s, w = wire;
	struct measure m;
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return fail("stat %s", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	r->date = st.st_mtime;
	if (name_size(path, 'S', &s) == -1)
		s = (uint64_t)st.st_size;
	(void)name_size(path, 'W', &w);
	m.size = m.wire = (uint64_t)st.st_size;
	if (s == m.size && w >= m.size && w <= 2 * m.size && w > 0)
		m.wire = w;
	else if (st.st_size > 0 && !count)
		r->flags |= REC_UNMEASURED;
	else if (st.st_size > 0 && measure(dir, path, wire, &m) != 1)
		return -1;
	if (count || (r->flags & REC_UNMEASURED) == 0)
		r->flags &= ~(uint32_t)REC_UNMEASURED;
	r->size = m.size > UINT32_MAX ? UINT32_MAX : (uint32_t)m.size;
	r->wire = m.wire > UINT32_MAX ? UINT32_MAX : (uint32_t)m.wire;
	return 1;
}

size_t
file_first(const struct index *ix, size_t n, uint32_t uid)
{
	uint32_t first = n > 0 ? ix->r[0].uid : 0;
	uint32_t last = n > 0 ? ix->r[n - 1].uid : 0;
	size_t low = 0, high = n;

	/* Where no UID is missing, this is the place already. */
	if (first <= uid && uid - first < n)
		high = uid - first;
	if (last >= uid && last - uid < n)
		low = n - 1 - (last - uid);
	if (low > high) { /* one of the two is damaged */
		low = 0;
		high = n;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ix->r[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t
file_place(const struct index *ix, uint32_t uid)
{
	return file_first(ix, index_count(ix), uid);
}

static void
tally(struct header *h, const struct record *r, uint32_t sign)
{
	h->late += (r->flags & REC_LATE) != 0 ? sign : 0;
	if ((r->flags & REC_DEAD) != 0) {
		h->dead += sign;
		return;
	}
	h->undated += (r->flags & REC_UNDATED) != 0 ? sign : 0;
	h->unseen += (r->flags & FLAG_SEEN) == 0 ? sign : 0;
	h->deleted += (r->flags & FLAG_DELETED) != 0 ? sign : 0;
	h->in_new += (r->flags & REC_NEW) != 0 ? sign : 0;
	h->ends_unknown += (r->flags & (REC_ENDED | REC_OPEN)) == 0 ? sign : 0;
	h->ends_open += (r->flags & REC_OPEN) != 0 ? sign : 0;
	if ((r->flags & REC_UNMEASURED) != 0)
		h->unmeasured += sign;
	else
		h->octets += sign == 1 ? (uint64_t)r->wire : -(uint64_t)r->wire;
}

void
file_put(struct index *ix, size_t i, const struct record *r)
{
	struct record copy = *r;

	index_seal(ix, &copy);
	if (i < ix->h->records)
		tally(ix->h, &ix->r[i], UINT32_MAX);
	tally(ix->h, &copy, 1);
	if ((copy.flags & (FLAG_SEEN | REC_DEAD)) == 0 &&
	    i < ix->h->unseen_from)
		ix->h->unseen_from = (uint32_t)i;
	(void)memcpy(&ix->r[i], &copy, sizeof(copy));
	if (i >= ix->h->records) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		ix->h->records = (uint32_t)i + 1;
	}
}
