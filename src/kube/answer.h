/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Objects in the API's answers. */

#include "base/attr.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdbool.h>
#include <stddef.h>

enum { KUBE_MAX_DEPTH = 128, KUBE_MAX_OBJECT_BYTES = 4 << 20 };

/* An object of exactly that apiVersion and kind. NULs in strings are read, as Kubernetes allows
 * them in annotations: nothing that is read as a C string may come from such a string, see
 * json_plain(). */
bool kube_read_object(const char *body,
                      size_t len,
                      const char *api_version,
                      const char *kind,
                      json_t **out,
                      struct sai_err *e) MUST_USE;

/* The same for an object of any kind. */
bool kube_read_json(const char *body, size_t len, json_t **out, struct sai_err *e) MUST_USE;

/* Whether root has that apiVersion and kind. */
bool kube_check_kind(const json_t *root,
                     const char *api_version,
                     const char *kind,
                     struct sai_err *e) MUST_USE;

/* A string without NUL; NULL for anything else. */
const char *json_plain(const json_t *value);

/* The text of an optional member: "" without it, NULL when it is something else. */
const char *json_member(const json_t *map, const char *key);

/* "HTTP 403: message of the Status", for an answer that is not what was asked for. Sets
 * SAI_E_DENIED for 401 and 403, SAI_E_NOTFOUND for 404, otherwise SAI_E_IO. */
#define kube_unexpected(e, what, status, body, len)                                            \
    (kube_set_unexpected(e, what, status, body, len), false)
void kube_set_unexpected(
    struct sai_err *e, const char *what, int status, const char *body, size_t len);
