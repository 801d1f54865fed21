/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The cluster's ServiceAccounts with the metadata of their Namespaces, from memory while that
 * is known to be young enough, otherwise asked for. */

#include "base/attr.h"
#include "base/err.h"
#include "kube/objects.h"

#include <sa_issuer/account.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kube_client;
struct kube_accounts;
struct entry;

/* On the client's thread: objects of that kind are followed from now on (e NULL), or no longer.
 */
typedef void kube_note_fn(void *owner, const char *kind, const struct sai_err *e);

struct kube_accounts_options {
    size_t max_accounts;      /* and Namespaces as many; 0: 1000000 */
    size_t page;              /* objects that are asked for at a time; 0: 500 */
    uint64_t list_timeout_ms; /* of a page; 0: 60000 */
    uint64_t silence_s;       /* after which a watch is begun anew; 0: 90 */
    uint64_t watch_s;         /* after which the server is to end one, up to twice that;
                                 0: 300 */
    uint64_t ask_timeout_ms;  /* of one object that is asked for; 0: 5000 */
    uint64_t first_ms;        /* back-off; 0: as client-go */
    uint64_t most_ms;
    kube_note_fn *note; /* NULL: nobody */
    void *note_owner;
};

/* Starts to list and watch at once, and goes on until the client stops. */
bool kube_accounts_new(struct kube_client *client,
                       const struct kube_accounts_options *options,
                       struct kube_accounts **out,
                       struct sai_err *e) MUST_USE;
/* After kube_client_free(). Takes NULL. */
void kube_accounts_free(struct kube_accounts *a);

/* What was found, as long as it is not released. */
struct kube_account {
    struct sai_account account;
    struct entry *entries[2];
};

void kube_account_done(struct kube_account *a);
/* Makes to, whose contents do not count, another hold on the same. */
void kube_account_copy(struct kube_account *to, const struct kube_account *from);
DEFINE_AUTO_DONE(kube_account, kube_account_done)

/* From memory, in constant time: false unless both the account and its Namespace are there, and
 * were so at most max_age_ms ago. Ask then. An account that is being deleted is never there. */
bool kube_accounts_find(struct kube_accounts *a,
                        const char *namespace_name,
                        const char *name,
                        uint64_t max_age_ms,
                        struct kube_account *out) MUST_USE;

struct kube_account_answer {
    enum kube_finding finding;          /* an account that is being deleted is absent, */
    bool namespace_found;               /* and so is one without its Namespace, or whose */
    bool namespace_terminating;         /* Namespace is */
    const struct kube_account *account; /* when found; borrowed */
    struct sai_err e;                   /* when not */
};

typedef void kube_account_fn(void *owner, const struct kube_account_answer *answer);

/* From the API; done is called exactly once, on this or the client's thread. The answer helps
 * later look-ups. */
void kube_accounts_ask(struct kube_accounts *a,
                       const char *namespace_name,
                       const char *name,
                       kube_account_fn *done,
                       void *owner);

/* How long ago all that is in memory was known to be so; UINT64_MAX: never yet. */
uint64_t kube_accounts_age_ms(struct kube_accounts *a);

struct kube_accounts_counts {
    uint64_t lists;    /* begun */
    uint64_t watches;  /* begun */
    uint64_t events;   /* bookmarks included */
    uint64_t failures; /* of lists and watches */
    uint64_t accounts; /* in memory now */
    uint64_t namespaces;
};

struct kube_accounts_counts kube_accounts_counts(struct kube_accounts *a);
