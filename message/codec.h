/* Content transfer encodings (RFC 2045 s. 6), streaming in both directions.
 *
 *	struct codec c;
 *	codec_begin(&c, CODEC_BASE64);
 *	while (more)
 *		codec_decode(&c, &out, piece);
 *	codec_decode_end(&c, &out);
 *
 * gives the same octets however the input is cut into pieces.  The caller
 * empties "out" between pieces when it wants little memory. */
#ifndef MESSAGE_CODEC_H
#define MESSAGE_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buf.h"
#include "message/span.h"

enum codec_kind {
	CODEC_PLAIN, /* 7bit, 8bit, binary: octets stay as they are */
	CODEC_BASE64,
	CODEC_QP, /* quoted-printable */
	CODEC_UU, /* x-uuencode: from a "begin" line to "end" */
	CODEC_UNKNOWN, /* treated as CODEC_PLAIN */
};

struct codec {
	enum codec_kind kind;
	bool damaged; /* decoding met what its encoder would not have written;
		       * as much as possible was decoded */
	unsigned have; /* octets or bits held back */
	uint32_t bits;
	size_t column; /* of the line that is written or read */
	char held[128];
	bool inside; /* CODEC_UU: behind "begin" */
	bool done; /* base64: "=" came; CODEC_UU: "end" came */
	bool binary; /* see codec_begin_binary */
};

/* Which one the value of a Content-Transfer-Encoding field names (blanks and
 * comments around it do not matter); CODEC_PLAIN for an empty one. */
enum codec_kind codec_named(struct span value);

void codec_begin(struct codec *, enum codec_kind);

/* For encoding quoted-printable: CR and LF are data (=0D, =0A), not line
 * ends. */
void codec_begin_binary(struct codec *, enum codec_kind);

/* Decode.  Line ends of quoted-printable text stay as they are, CRLF or LF.
 * At most as many octets come out as went in and were held back; for CODEC_UU,
 * whose lines may have lost their blanks, up to 64 times as many. */
void codec_decode(struct codec *, struct buf *, struct span);
void codec_decode_end(struct codec *, struct buf *);

/* Encode to LF lines of at most 76 octets.  In quoted-printable text LF and
 * CRLF are line ends, "From " and "." at the beginning of a line are
 * encoded; CODEC_UU writes lines only, the caller puts "begin" before and
 * "end" after. */
void codec_encode(struct codec *, struct buf *, struct span);
void codec_encode_end(struct codec *, struct buf *);

/* "begin 644 name" as it stands on a line of its own: true, *name (which may
 * hold blanks; it is hostile) is set. */
bool codec_uu_begin(struct span line, struct span *name);

#endif
