#include "smtp-session/aliases.h"

#include <stdio.h>
#include <string.h>

#include "smtp-session/box.h"

#define SYSTEM_ALIASES "/etc/aliases"

int
aliases_open(struct aliases *a, const struct config *c)
{
	char own[PATH_MAX];
	const char *const paths[] = { own, SYSTEM_ALIASES };

	a->config = c;
	a->n = 0;
	a->catch_all = false;
	config_path(c, "aliases", own);
	for (size_t i = 0; i < 2; i++) {
		int r = alias_open(&a->file[a->n], paths[i]);

		if (r == -1)
			return -1;
		if (r == 1)
			a->catch_all |= alias_has_catch_all(&a->file[a->n++]);
	}
	return 0;
}

void
aliases_close(struct aliases *a)
{
	while (a->n > 0)
		alias_close(&a->file[--a->n]);
}

/* The values of the first of "keys" that some file has. */
static int
look_up(struct aliases *a, const char *const keys[], size_t n,
    struct buf *values, char at[ALIASES_AT])
{
	unsigned line;
	int r = 0;

	for (size_t f = 0; f < a->n && r == 0; f++)
		for (size_t k = 0; k < n && r == 0; k++) {
			r = alias_find(&a->file[f], keys[k], values, &line);
			if (r == 1)
				(void)snprintf(at, ALIASES_AT, "%s:%u",
				    a->file[f].path, line);
		}
	return r;
}

int
aliases_find(struct aliases *a, const char *local, const char *domain,
    struct buf *values, char at[ALIASES_AT])
{
	char full[ADDR_MAX + 1], base[ADDR_LOCAL_MAX + 1];
	char base_full[ADDR_MAX + 1];
	const char *const keys[] = { full, local, base_full, base };
	const char *all = full;
	bool extended = box_base(local, base)[0] != '\0';
	struct box box;
	int r;

	(void)snprintf(full, sizeof(full), "%s@%s", local, domain);
	(void)snprintf(base_full, sizeof(base_full), "%s@%s", base, domain);
	all = full + strlen(local);
	r = look_up(a, keys, extended ? 4 : 2, values, at);
	if (r != 0 || !a->catch_all)
		return r;
	r = box_find(a->config, local, domain, &box);
	return r == 0 ? look_up(a, &all, 1, values, at) : r == 1 ? 0 : -1;
}
