/* Log lines: "event key=value ...", LOG_MAIL, one per outcome.
 *
 * The socket to syslog (or the file of the config word `log`) is opened once,
 * early, as descriptor LOG_FD, and survives chroot, setuid and exec of
 * ourselves.  A process that must not even have that (a parser) logs through
 * its monitor: it sets another writer.  Never descriptor 2 of a session. */
#ifndef SESSION_LOG_H
#define SESSION_LOG_H

#include <stddef.h>
#include <syslog.h>

enum { LOG_FD = 3, LOG_LINE_MAX = 1000 };

/* "to": NULL or "syslog" for /dev/log, else a file to append to.  Never
 * fails: without a log the program goes on.  "program" names the lines. */
void log_open(const char *program, const char *to);

/* Take over LOG_FD as it was inherited over exec. */
void log_inherit(const char *program);

/* The session id that starts each line; copied, at most 15 octets. */
void log_id(const char *id);
const char *log_id_get(void);

/* Make a new id (time, pid and count, so none comes twice on one machine; 11
 * letters and digits, case matters) into id[12], for log_id, Received and the
 * 250 after DATA. */
void log_id_new(char *id);

/* One line.  "priority" is LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERR.
 * Octets outside printable ASCII come out as \xHH; over-long lines end in
 * "...". */
void log_line(int priority, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Where finished lines go instead (the parser: to its monitor). */
void log_to(void (*writer)(int priority, const char *line, size_t len));

/* What such a writer's other end calls: escapes and writes one line. */
void log_raw(int priority, const char *line, size_t len);

#endif
