/* Entries in work: from the spool into jobs, and the verdicts back. */
#ifndef MAILQ_RUN_MAIL_H
#define MAILQ_RUN_MAIL_H

#include "mailq-run/run.h"

/* Take up entry "id", and hand its recipients out as jobs.  0; -1: trouble
 * of our own, fail_text() (the entry stays where it is). */
int mail_take(struct run *, const char *id);

/* The job's letter for the worker, into *l (text is borrowed from the entry),
 * and a descriptor of the message.  -1: fail_text(). */
int mail_letter(const struct job *, struct letter *l);

/* The verdict for recipient i of the job; a second one is ignored.
 * "relayed": the server that took it will send no success report. */
void mail_verdict(struct run *, struct job *, size_t i, enum verdict,
    const char *status, const char *remote, const char *reply, bool relayed);

/* All recipients of the job that are still open get this verdict. */
void mail_verdict_all(struct run *, struct job *, enum verdict,
    const char *status, const char *remote, const char *reply);

/* The job is over and must not be used any more: recipients that another
 * host or transaction is to have make new ones, and when it was the mail's
 * last job, the entry is settled. */
void mail_job_over(struct run *, struct job *);

/* Names finished entries durably; once per turn of the loop. */
void mail_flush(struct run *);

#endif
