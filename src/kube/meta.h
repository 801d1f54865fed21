/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* ObjectMeta (k8s.io/apimachinery/pkg/apis/meta/v1), as far as it matters here. Used within
 * kube/ only. */

#include "base/attr.h"
#include "base/err.h"
#include "codec/json.h"

#include <sa_issuer/account.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KUBE_UID_MAX = 128 };

/* Borrowed from the JSON, but for the pairs, which are the struct's own. */
struct meta {
    const char *namespace_name; /* "" for an object without one */
    const char *name;
    const char *uid;
    uint64_t version; /* resourceVersion; 0: not a number, so not comparable */
    bool deleting;
    int64_t deletion_unix_s; /* when it is to be gone: deletionTimestamp; 1: unreadable */
    bool unusable;           /* its annotations or labels cannot be read, and are left out */
    struct sai_pair *pairs;  /* annotations, then labels, each sorted */
    size_t annotation_count;
    size_t label_count;
};

void meta_done(struct meta *m);
DEFINE_AUTO_DONE(meta, meta_done)

/* From an object's metadata; namespaced: it must be in a Namespace. */
bool meta_read(const json_t *object, bool namespaced, struct meta *out, struct sai_err *e)
    MUST_USE;

/* A resourceVersion as a number; 0: it is none. */
uint64_t meta_version(const char *text);
