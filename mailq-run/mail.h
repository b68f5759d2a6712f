/* Entries in work: from the spool into jobs, and the verdicts back. */
#ifndef MAILQ_RUN_MAIL_H
#define MAILQ_RUN_MAIL_H

#include "mailq-run/entry.h"
#include "mailq-run/letter.h"
#include "mailq-run/run.h"

struct mail {
	struct entry e;
	size_t jobs; /* not finished yet */
	bool first; /* was never tried before */
	bool bounce; /* from <> */
	bool asked; /* a person wants it tried now */
	bool open; /* rather read by others than lost: TLS-Required: No */
};

/* What became of one recipient of a job. */
enum job_fate {
	JOB_OPEN,
	JOB_JUDGED,
	JOB_AGAIN, /* the next transaction is to have it */
	JOB_ELSEWHERE, /* another host is */
};

struct job {
	struct job *next; /* in its destination's queue */
	struct mail *mail;
	struct dest *dest;
	uint32_t token; /* its name towards the worker */
	int64_t since; /* ms; waits since then */
	size_t address; /* of the destination, where it is in work */
	unsigned tried; /* bit per address that it was tried at */
	unsigned tries; /* addresses */
	unsigned again; /* times it was given back untried */
	size_t rcpts;
	uint32_t rcpt[LETTER_RCPTS]; /* indexes in the envelope */
	enum job_fate fate[LETTER_RCPTS];
	bool sent; /* a recipient was taken */
	bool settle; /* a fate that must be durable before the peer goes */
};

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
