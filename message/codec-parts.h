/* Between codec.c and the codecs that have a file of their own. */
#ifndef MESSAGE_CODEC_PARTS_H
#define MESSAGE_CODEC_PARTS_H

#include "message/codec.h"

enum { CODEC_LINE = 76 }; /* RFC 2045 s. 6.7, 6.8 */

/* The first "octets" (up to 3) of 24 bits. */
void codec_put_bits(struct buf *, uint32_t bits, unsigned octets);

void qp_decode(struct codec *, struct buf *, struct span);
void qp_decode_end(struct codec *, struct buf *);
void qp_encode(struct codec *, struct buf *, struct span);
void qp_encode_end(struct codec *, struct buf *);

void uu_decode(struct codec *, struct buf *, struct span);
void uu_decode_end(struct codec *, struct buf *);
void uu_encode(struct codec *, struct buf *, struct span);
void uu_encode_end(struct codec *, struct buf *);

#endif
