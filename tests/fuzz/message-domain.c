#include "message/domain.h"

#include "tests/fuzz/fuzz.h"

/* A folded name is lower case ASCII, and folding it again changes nothing. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char out[DOMAIN_MAX + 1], again[DOMAIN_MAX + 1];
	struct span all = { exact(data, len), len };
	struct sockaddr_storage ss;
	socklen_t size;
	size_t i;

	if (domain_fold(out, all) == 0) {
		PROMISE(strlen(out) > 0 && strlen(out) <= 253);
		for (i = 0; out[i] != '\0'; i++)
			PROMISE((out[i] >= 'a' && out[i] <= 'z') ||
			    (out[i] >= '0' && out[i] <= '9') || out[i] == '-' ||
			    out[i] == '.' || out[i] == '_');
		PROMISE(domain_fold(again, span(out)) == 0);
		PROMISE(strcmp(out, again) == 0);
	}
	if (domain_literal(all, &ss, &size) == 0)
		PROMISE(ss.ss_family == AF_INET || ss.ss_family == AF_INET6);
	free((void *)(uintptr_t)all.p);
	return 0;
}
