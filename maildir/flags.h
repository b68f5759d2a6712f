/* The flags of a file name: ":2,DFPRSTabc". */
#ifndef MAILDIR_FLAGS_H
#define MAILDIR_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLAGS_NAME = 288 }; /* of "cur/" and a file name */

/* What stands behind the base.  False: letters or a form that flags_put would
 * not bring back, so the name must be kept as it is. */
bool flags_get(const char *name, uint32_t *flags, uint64_t *keywords);

/* "cur/BASE:2,FLAGS" with the first "base" octets of "name".  Letters of the
 * old name that are no flag of ours stay.  In the order of ASCII. */
void flags_put(char out[FLAGS_NAME], const char *name, size_t base,
    uint32_t flags, uint64_t keywords);

#endif
