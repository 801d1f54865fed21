/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/messages.h"

#include "codec/protobuf.h"

#include <string.h>

struct sign_request {
    struct field_bytes claims;
};

static const struct field_row sign_request_rows[] = {
    { .path = "claims",
      .number = 1,
      .type = FIELD_BYTES, /* a string; what it may hold is narrower than UTF-8 */
      .offset = offsetof(struct sign_request, claims) },
};

static const struct message_type sign_request_type = { sign_request_rows,
                                                       ARRAY_SIZE(sign_request_rows) };
static const struct message_type empty_type = { NULL, 0 };

bool sign_request_read(struct field_bytes message,
                       struct field_bytes *claims,
                       struct sai_err *e)
{
    struct sign_request r = { .claims = { "", 0 } };
    struct message_texts texts = { NULL, 0 };

    if (!message_from_protobuf(&sign_request_type, message, &texts, &r, e))
        return false;
    *claims = r.claims;
    return true;
}

bool empty_request_read(struct field_bytes message, struct sai_err *e)
{
    struct message_texts texts = { NULL, 0 };

    return message_from_protobuf(&empty_type, message, &texts, NULL, e);
}

void sign_response_put(struct buf *b, struct field_bytes header, struct field_bytes signature)
{
    pb_put_bytes(b, 1, header.at, header.len);
    pb_put_bytes(b, 2, signature.at, signature.len);
}

bool fetch_keys_response_put_key(struct buf *b, const struct listed_key *k, struct sai_err *e)
{
    AUTO(buf) struct buf key;

    buf_init(&key, b->max_bytes);
    pb_put_bytes(&key, 1, k->kid, strlen(k->kid));
    pb_put_bytes(&key, 2, k->der.at, k->der.len);
    if (k->excluded)
        pb_put_varint(&key, 3, 1);
    if (!buf_ok(&key, e))
        return false;
    pb_put_bytes(b, 1, key.data, key.len);
    return buf_ok(b, e);
}

bool fetch_keys_response_put_end(struct buf *b,
                                 int64_t changed_unix_s,
                                 uint64_t refresh_s,
                                 struct sai_err *e)
{
    AUTO(buf) struct buf timestamp;

    buf_init(&timestamp, 16);
    pb_put_varint(&timestamp, 1, (uint64_t)changed_unix_s);
    if (!buf_ok(&timestamp, e))
        return false;
    pb_put_bytes(b, 2, timestamp.data, timestamp.len);
    pb_put_varint(b, 3, refresh_s);
    return buf_ok(b, e);
}

void metadata_response_put(struct buf *b, uint64_t max_lifetime_s)
{
    pb_put_varint(b, 1, max_lifetime_s);
}
