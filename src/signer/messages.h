/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The messages of ExternalJWTSigner (k8s.io/externaljwt, v1 and v1alpha1: the same fields), in
 * Protocol Buffers. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *claims: the claims segment as it stands in the message, which it is borrowed from; empty
 * when absent. Errors: SAI_E_SYNTAX, SAI_E_INVALID. */
bool sign_request_read(struct field_bytes message,
                       struct field_bytes *claims,
                       struct sai_err *e) MUST_USE;
/* FetchKeysRequest and MetadataRequest have no fields, but must be messages. */
bool empty_request_read(struct field_bytes message, struct sai_err *e) MUST_USE;

/* Both segments are base64url text. */
void sign_response_put(struct buf *b, struct field_bytes header, struct field_bytes signature);

/* A FetchKeysResponse is its keys, and then its end. */
struct listed_key {
    const char *kid;
    struct field_bytes der; /* SubjectPublicKeyInfo */
    bool excluded;          /* from discovery */
};
bool fetch_keys_response_put_key(struct buf *b, const struct listed_key *k, struct sai_err *e)
    MUST_USE;
bool fetch_keys_response_put_end(struct buf *b,
                                 int64_t changed_unix_s,
                                 uint64_t refresh_s,
                                 struct sai_err *e) MUST_USE;

void metadata_response_put(struct buf *b, uint64_t max_lifetime_s);
