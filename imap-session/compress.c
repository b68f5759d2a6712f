/* COMPRESS (RFC 4978): what follows the answer is deflated, both ways. */
#include <string.h>

#include "imap-session/handlers.h"
#include "message/fail.h"
#include "session/deflate.h"
#include "session/log.h"

const struct reply *
compress_compress(struct imap *im, struct parse *p)
{
	static const struct reply other = { SAY_NO, "[CANNOT] Only DEFLATE" };
	static const struct reply active = { SAY_NO,
		"[COMPRESSIONACTIVE] DEFLATE is active" };
	static const struct reply behind = { SAY_BAD,
		"Octets behind COMPRESS" };
	static const struct reply begun = { SAY_NOTHING, "" };
	struct span how;

	if (parse_space(p) == -1 || parse_atom(p, &how) == -1 ||
	    parse_end(p) == -1)
		return &imap_bad;
	if (!span_same(how, span("DEFLATE")))
		return &other;
	if (im->conn->filter != NULL)
		return &active;
	/* Who does not wait for the answer has said them in clear. */
	if (conn_waiting(im->conn))
		return &behind;
	conn_printf(im->conn, "%.*s OK DEFLATE active\r\n", (int)im->tag.len,
	    im->tag.p);
	if (conn_flush(im->conn) == 0 && deflate_start(im->conn) == -1) {
		log_line(LOG_ERR, "error reason=\"%s\"", fail_text());
		im->conn->broken = true;
	}
	return &begun;
}
