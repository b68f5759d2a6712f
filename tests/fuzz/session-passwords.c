#include "session/passwords.h"

#include "tests/fuzz/place.h"

static void
line_good(const struct password *p)
{
	PROMISE(p->name[0] != '\0');
	PROMISE(strnlen(p->name, sizeof(p->name)) < sizeof(p->name));
	PROMISE(strlen(p->made) == PASSWORDS_DAY);
	PROMISE(strlen(p->used) == PASSWORDS_DAY);
	PROMISE(p->key.salt_len <= sizeof(p->key.salt));
	PROMISE(p->key.iterations > 0);
}

/* What was read is in its bounds, and the same when it was written and read
 * again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct passwords all, again;

	place_write(PASSWORDS_FILE, data, len);
	if (passwords_load(&all, place) == -1)
		return 0;
	PROMISE(all.n <= PASSWORDS_MAX);
	for (size_t i = 0; i < all.n; i++)
		line_good(&all.all[i]);
	PROMISE(passwords_save(&all, place) == 0);
	PROMISE(passwords_load(&again, place) == 0 && again.n == all.n);
	for (size_t i = 0; i < all.n; i++) {
		const struct password *a = &all.all[i], *b = &again.all[i];

		PROMISE(strcmp(a->name, b->name) == 0);
		PROMISE(strcmp(a->used, b->used) == 0);
		PROMISE(a->key.iterations == b->key.iterations);
		PROMISE(a->key.salt_len == b->key.salt_len);
		PROMISE(memcmp(a->key.stored, b->key.stored, HMAC_SIZE) == 0);
	}
	return 0;
}
