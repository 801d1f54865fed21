/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From a text to the JSON value of a claim, by type. */

#include "base/attr.h"
#include "base/buf.h"

#include <sa_issuer/policy.h>
#include <stdbool.h>

/* Appends the value. text must be valid UTF-8. Errors: SAI_E_INVALID with a text that
 * completes a sentence ("is not an integer ..."), SAI_E_NOMEM. The buffer's own failure is to
 * be asked for. */
bool value_put(enum sai_claim_type type,
               const char *text,
               size_t len,
               struct buf *out,
               struct sai_err *e) MUST_USE;

/* The configuration's word for a type; NULL for a number that is none. */
const char *value_type_word(enum sai_claim_type type);

/* The type json, in value_json.c; as value_put(). */
bool value_put_json(const char *text, size_t len, struct buf *out, struct sai_err *e) MUST_USE;
