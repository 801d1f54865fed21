/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who is the caller, and may he? Kubernetes says: TokenReview (authentication.k8s.io/v1) and
 * SubjectAccessReview (authorization.k8s.io/v1).
 *
 * Only a clear yes is a yes. Whatever else comes is a refusal that tells whose fault it is. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kube_client;

enum kube_verdict {
    KUBE_UNCLEAR, /* no answer, or none that can be believed: our fault, 503 */
    KUBE_REFUSED, /* a clear no: the caller's fault, 401 (who) or 403 (may) */
    KUBE_ALLOWED,
};

struct kube_extra {
    const char *key;
    const char *const *values;
    size_t value_count;
};

/* The caller as Kubernetes knows him. Immutable. */
struct kube_user {
    const char *username;
    const char *uid; /* "" if it has none */
    const char *const *groups;
    size_t group_count;
    const struct kube_extra *extra;
    size_t extra_count;
};

#define KUBE_EXTRA_POD_NAME      "authentication.kubernetes.io/pod-name"
#define KUBE_EXTRA_POD_UID       "authentication.kubernetes.io/pod-uid"
#define KUBE_EXTRA_NODE_NAME     "authentication.kubernetes.io/node-name"
#define KUBE_EXTRA_NODE_UID      "authentication.kubernetes.io/node-uid"
#define KUBE_EXTRA_CREDENTIAL_ID "authentication.kubernetes.io/credential-id"

/* Any thread; NULL is taken. */
struct kube_user *kube_user_ref(struct kube_user *u);
void kube_user_unref(struct kube_user *u);
DEFINE_AUTO(kube_user, kube_user_unref)

/* The value of a key that has exactly one; otherwise NULL. */
const char *kube_user_extra(const struct kube_user *u, const char *key);

/* Of system:serviceaccount:<namespace>:<name> the two names, in their syntax; false, and the
 * names are undefined, if the user is no ServiceAccount. */
enum { KUBE_NAMESPACE_SIZE = 64, KUBE_NAME_SIZE = 254 };
bool kube_user_account(const char *username,
                       char namespace_name[KUBE_NAMESPACE_SIZE],
                       char name[KUBE_NAME_SIZE]) MUST_USE;

struct kube_reviews;

struct kube_reviews_options {
    uint64_t timeout_ms;  /* of one review; 0: 5000 */
    uint64_t cache_ms;    /* for which a user is believed to be who he was; at most 10000;
                             0: not at all */
    size_t cache_entries; /* 0: 1024 */
};

/* The client must outlive the result and its reviews. NULL when out of memory. */
struct kube_reviews *kube_reviews_new(struct kube_client *client,
                                      const struct kube_reviews_options *options) MUST_USE;
/* After the client has ended all its calls. Takes NULL. */
void kube_reviews_free(struct kube_reviews *r);
DEFINE_AUTO(kube_reviews, kube_reviews_free)

struct kube_review {
    enum kube_verdict verdict;
    struct kube_user *user; /* of who is asked for, when allowed; borrowed */
    struct sai_err e;       /* why not; for the log, may repeat what Kubernetes said */
};

typedef void kube_review_fn(void *owner, const struct kube_review *review);

/* Who is known to bear the token, from the cache alone; NULL: not known. The caller's to unref.
 */
struct kube_user *
kube_review_known(struct kube_reviews *r, const char *token, const char *audience) MUST_USE;

/* Who bears the token, if it is for that audience? done is called exactly once: on the calling
 * thread before this returns when the answer is known or hopeless, otherwise on the client's
 * thread. *call (may be NULL) is for kube_client_cancel(), 0 when done was called. */
void kube_review_token(struct kube_reviews *r,
                       const char *token,
                       const char *audience,
                       kube_review_fn *done,
                       void *owner,
                       uint64_t *call);

struct kube_access {
    const char *verb;
    const char *group; /* "": core */
    const char *resource;
    const char *subresource; /* "": none */
    const char *namespace_name;
    const char *name;
};

/* May the user do it? done as above; its user is NULL. Nothing is cached. */
void kube_review_access(struct kube_reviews *r,
                        const struct kube_user *user,
                        const struct kube_access *access,
                        kube_review_fn *done,
                        void *owner,
                        uint64_t *call);

/* The judgements alone, for an answer of that HTTP status. *user is set when allowed. */
enum kube_verdict kube_judge_token(int status,
                                   const char *body,
                                   size_t len,
                                   const char *audience,
                                   struct kube_user **user,
                                   struct sai_err *e);
enum kube_verdict
kube_judge_access(int status, const char *body, size_t len, struct sai_err *e);
