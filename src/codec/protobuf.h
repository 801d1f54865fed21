/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The wire format of Protocol Buffers (proto3), as far as Kubernetes' messages use it: varints,
 * 32 and 64-bit words and length-delimited values. Strict where decoders differ: no groups, no
 * truncated or oversized varints, no lengths beyond the message. Reads from borrowed bytes and
 * allocates nothing. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pb_wire { PB_VARINT = 0, PB_I64 = 1, PB_LEN = 2, PB_I32 = 5 };

struct pb_reader {
    const unsigned char *at;
    const unsigned char *end;
};

struct pb_field {
    uint32_t number; /* from 1; 0: the message has ended */
    enum pb_wire wire;
    uint64_t value;    /* of PB_VARINT, PB_I64 and PB_I32 */
    const char *bytes; /* of PB_LEN: within the message, no NUL behind them */
    size_t len;
};

void pb_reader_init(struct pb_reader *r, const void *bytes, size_t len);
/* The next field, whether known to the caller or not; SAI_E_SYNTAX for what is no message. */
bool pb_next(struct pb_reader *r, struct pb_field *out, struct sai_err *e) MUST_USE;
/* Whether the bytes are what a proto3 string may hold and a C string can: UTF-8 without NUL. */
bool pb_is_text(const char *bytes, size_t len);

void pb_put_varint(struct buf *b, uint32_t number, uint64_t value);
/* A string, bytes, or a message that was written to a buffer of its own. */
void pb_put_bytes(struct buf *b, uint32_t number, const void *bytes, size_t len);
