/* N sessions one after another: connect, greeting, QUIT, 221.
 *
 * usage: greet ADDR PORT N
 * Prints the medians of connect to greeting and connect to 221, in
 * microseconds. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
rising(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
expect(int s, const char *code)
{
	char reply[1024];
	ssize_t n = recv(s, reply, sizeof reply, 0);

	if (n < 3 || strncmp(reply, code, 3) != 0)
		errx(1, "no %s", code);
}

static void
session(const struct sockaddr_in *to, double *greeting, double *all)
{
	const struct timeval limit = { 20, 0 };
	double begin = now();
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s == -1 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit,
	    sizeof limit) == -1 ||
	    connect(s, (const struct sockaddr *)to, sizeof *to) == -1)
		err(1, "connect");
	expect(s, "220");
	*greeting = now() - begin;
	if (send(s, "QUIT\r\n", 6, MSG_NOSIGNAL) != 6)
		err(1, "send");
	expect(s, "221");
	*all = now() - begin;
	(void)close(s);
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	double *greeting, *all;
	int n;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		errx(64, "usage: greet addr port n");
	to.sin_port = htons((unsigned short)atoi(argv[2]));
	n = atoi(argv[3]);
	greeting = calloc((size_t)n, sizeof *greeting);
	all = calloc((size_t)n, sizeof *all);
	if (n < 1 || greeting == NULL || all == NULL)
		errx(64, "n");
	for (int i = 0; i < n; i++)
		session(&to, greeting + i, all + i);
	qsort(greeting, (size_t)n, sizeof *greeting, rising);
	qsort(all, (size_t)n, sizeof *all, rising);
	(void)printf("%.0f %.0f\n", greeting[n / 2], all[n / 2]);
	return 0;
}
