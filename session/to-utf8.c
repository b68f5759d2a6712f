/* to-utf8: what the maildir command has for the character sets of iconv(3); see
 * converter.h.  A program of its own, because the C library loads its modules
 * only into programs that it is not within. */
#include "session/converter.h"

int
main(void)
{
	converter_serve();
}
