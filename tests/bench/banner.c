/* Floor: the least that a session under inetd can be.  Prints a greeting,
 * waits for one line, says goodbye. */
#include <unistd.h>

int
main(void)
{
	static const char hi[] = "220 floor ESMTP\r\n", bye[] = "221 bye\r\n";
	char line[512];

	if (write(1, hi, sizeof hi - 1) == -1)
		return 1;
	if (read(0, line, sizeof line) > 0 &&
	    write(1, bye, sizeof bye - 1) == -1)
		return 1;
	return 0;
}
