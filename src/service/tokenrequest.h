/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The body of a TokenRequest (authentication.k8s.io/v1) in either of the forms that clients of
 * Kubernetes send: JSON, and Protocol Buffers since client-go 1.32. */

#include "base/attr.h"
#include "codec/message.h"
#include "service/refusal.h"

#include <stdbool.h>
#include <stddef.h>

enum { TOKENREQUEST_MAX_BYTES = 65536 };

#define TOKENREQUEST_API_VERSION "authentication.k8s.io/v1"
#define TOKENREQUEST_KIND        "TokenRequest"

struct tokenrequest_metadata {
    bool present;
    const char *name;
    const char *namespace_name;
    const char *uid;
};

struct tokenrequest_reference {
    bool present;
    const char *kind;
    const char *api_version;
    const char *name;
    const char *uid;
};

struct tokenrequest_spec {
    bool present;
    struct field_texts audiences;
    struct field_integer expiration_s;
    struct tokenrequest_reference bound;
    bool attestations;
};

/* Texts are NULL when absent, null or empty; status and all else is not kept. */
struct tokenrequest {
    const char *kind;
    const char *api_version;
    struct tokenrequest_metadata metadata;
    struct tokenrequest_spec spec;
    char *texts; /* owned: what the pointers point into */
};

void tokenrequest_done(struct tokenrequest *t);
DEFINE_AUTO_DONE(tokenrequest, tokenrequest_done)

/* content_type is the header's value, NULL without it (then JSON, as in Kubernetes). false: r
 * says why, as kube-apiserver would. The body is not needed afterwards. */
bool tokenrequest_decode(const char *content_type,
                         const char *body,
                         size_t len,
                         struct tokenrequest *out,
                         struct refusal *r) MUST_USE;
