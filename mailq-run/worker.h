/* A worker: one process, one connection to one address, no files, no other
 * destination.  It gets letters and answers with results (letter.h). */
#ifndef MAILQ_RUN_WORKER_H
#define MAILQ_RUN_WORKER_H

/* Work over "sock" until told to quit, the manager is gone, or the server is;
 * exit status.  The process has been locked down already. */
int worker_serve(int sock);

#endif
