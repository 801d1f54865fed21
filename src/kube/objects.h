/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Single objects, asked for when they are needed: what a token is bound to. Only a clear answer
 * is one: an object that was found is the one that was asked for. */

#include "base/attr.h"
#include "base/err.h"
#include "kube/meta.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kube_client;

enum kube_kind { KUBE_SERVICE_ACCOUNT, KUBE_NAMESPACE, KUBE_POD, KUBE_NODE, KUBE_SECRET };

enum kube_finding {
    KUBE_UNKNOWN, /* no answer, or none that can be believed: 503 */
    KUBE_ABSENT,  /* the API says that there is none: 404 */
    KUBE_FOUND,
};

/* Borrowed. */
struct kube_object {
    struct meta meta;
    const char *service_account; /* of a Pod: spec.serviceAccountName; otherwise NULL */
    const char *node;            /* of a Pod: spec.nodeName, "" while it has none */
};

struct kube_get {
    enum kube_finding finding;
    const struct kube_object *object; /* when found */
    struct sai_err e;                 /* when not */
};

typedef void kube_get_fn(void *owner, const struct kube_get *got);

struct kube_wanted {
    enum kube_kind kind;
    const char *namespace_name; /* NULL for a Namespace or Node */
    const char *name;
    uint64_t timeout_ms; /* 0: 5000 */
};

/* Asks for one object. Of a Secret its metadata
 * alone is asked for. done is called exactly once: before this returns when the names are none
 * or the client refuses, otherwise on the client's thread. *call as with the reviews. */
void kube_get_object(struct kube_client *client,
                     const struct kube_wanted *wanted,
                     kube_get_fn *done,
                     void *owner,
                     uint64_t *call);
