/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/accounts.h"

#include "base/clock.h"
#include "kube/client.h"
#include "kube/reflector.h"
#include "kube/review.h"
#include "kube/table.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ACCOUNTS = 1000000 };

static const struct resource resources[] = {
    [TABLE_ACCOUNTS] = { "ServiceAccount", "/api/v1/serviceaccounts", true },
    [TABLE_NAMESPACES] = { "Namespace", "/api/v1/namespaces", false },
};

struct kube_accounts {
    struct kube_client *client;
    struct table *table;
    struct reflector *reflectors[TABLE_KINDS];
    uint64_t ask_timeout_ms;
};

void kube_accounts_free(struct kube_accounts *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < TABLE_KINDS; i++)
        reflector_free(a->reflectors[i]);
    table_free(a->table);
    free(a);
}

static bool init(struct kube_accounts *a, const struct kube_accounts_options *o)
{
    a->table = table_new(o->max_accounts == 0 ? MAX_ACCOUNTS : o->max_accounts);
    if (a->table == NULL)
        return false;
    for (size_t i = 0; i < TABLE_KINDS; i++) {
        a->reflectors[i] =
            reflector_new(a->client, &resources[i], a->table, (enum table_kind)i, o);
        if (a->reflectors[i] == NULL)
            return false;
    }
    return true;
}

bool kube_accounts_new(struct kube_client *client,
                       const struct kube_accounts_options *options,
                       struct kube_accounts **out,
                       struct sai_err *e)
{
    struct kube_accounts *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return err_nomem(e);
    a->client = client;
    a->ask_timeout_ms = options->ask_timeout_ms;
    if (!init(a, options)) {
        kube_accounts_free(a);
        return err_nomem(e);
    }
    *out = a; /* from the first start on, the client's thread knows it */
    return reflector_start(a->reflectors[TABLE_ACCOUNTS], e) &&
           reflector_start(a->reflectors[TABLE_NAMESPACES], e);
}

void kube_account_done(struct kube_account *a)
{
    for (size_t i = 0; i < ARRAY_SIZE(a->entries); i++) {
        entry_unref(a->entries[i]);
        a->entries[i] = NULL;
    }
}

void kube_account_copy(struct kube_account *to, const struct kube_account *from)
{
    *to = *from;
    for (size_t i = 0; i < ARRAY_SIZE(to->entries); i++)
        (void)entry_ref(to->entries[i]);
}

bool kube_accounts_find(struct kube_accounts *a,
                        const char *namespace_name,
                        const char *name,
                        uint64_t max_age_ms,
                        struct kube_account *out)
{
    uint64_t now = clock_mono_ms();
    struct entry *found[TABLE_KINDS];

    if (!table_find(a->table, namespace_name, name, now > max_age_ms ? now - max_age_ms : 1,
                    found))
        return false;
    memcpy(out->entries, found, sizeof(out->entries));
    entry_account(found[TABLE_ACCOUNTS], found[TABLE_NAMESPACES], &out->account);
    return true;
}

uint64_t kube_accounts_age_ms(struct kube_accounts *a)
{
    uint64_t as_of = table_as_of_ms(a->table);

    return as_of == 0 ? UINT64_MAX : clock_mono_ms() - as_of;
}

struct kube_accounts_counts kube_accounts_counts(struct kube_accounts *a)
{
    struct kube_accounts_counts counts = {
        .accounts = table_count(a->table, TABLE_ACCOUNTS),
        .namespaces = table_count(a->table, TABLE_NAMESPACES),
    };

    for (size_t i = 0; i < TABLE_KINDS; i++)
        reflector_counts(a->reflectors[i], &counts);
    return counts;
}

/* A question for an account and then its Namespace. */
struct question {
    struct kube_accounts *accounts;
    char namespace_name[KUBE_NAMESPACE_SIZE];
    uint64_t asked_ms; /* the object that is asked for now */
    struct kube_account found;
    kube_account_fn *done;
    void *owner;
};

static void end(struct question *q, const struct kube_account_answer *a)
{
    q->done(q->owner, a);
    kube_account_done(&q->found);
    free(q);
}

static void fail(struct question *q, const struct sai_err *e)
{
    const struct kube_account_answer a = { .finding = KUBE_UNKNOWN, .e = *e };

    end(q, &a);
}

/* Keeps what was found, for us and for later. */
static bool
keep(struct question *q, enum table_kind kind, const struct kube_object *o, struct sai_err *e)
{
    struct entry *en = entry_new(&o->meta, q->asked_ms);
    struct sai_err ignored = { 0 };

    if (en == NULL)
        return err_nomem(e);
    q->found.entries[kind] = en;
    /* A full table is no reason not to answer. */
    if (table_keeps(&o->meta))
        (void)!table_put(q->accounts->table, kind, entry_ref(en), TABLE_ASKED, &ignored);
    return true;
}

static void on_namespace(void *owner, const struct kube_get *got)
{
    struct question *q = owner;
    struct kube_account_answer a = { .finding = KUBE_ABSENT, .e = got->e };

    a.namespace_found = got->finding == KUBE_FOUND;
    a.namespace_terminating = a.namespace_found && got->object->meta.deleting;
    if (got->finding == KUBE_UNKNOWN) {
        fail(q, &got->e);
        return;
    }
    if (a.namespace_found && !a.namespace_terminating &&
        !keep(q, TABLE_NAMESPACES, got->object, &a.e)) {
        fail(q, &a.e);
        return;
    }
    if (q->found.entries[TABLE_ACCOUNTS] != NULL &&
        q->found.entries[TABLE_NAMESPACES] != NULL) {
        entry_account(q->found.entries[TABLE_ACCOUNTS], q->found.entries[TABLE_NAMESPACES],
                      &q->found.account);
        a.finding = KUBE_FOUND;
        a.account = &q->found;
    } else if (a.namespace_found) {
        (void)err_set(&a.e, SAI_E_NOTFOUND,
                      "the account or its Namespace is being deleted, or "
                      "there is no such account");
    }
    end(q, &a);
}

/* Of an account that is not there, too, its Namespace is asked for: which of them is missing is
 * for the caller to know. */
static void on_account(void *owner, const struct kube_get *got)
{
    struct question *q = owner;
    struct kube_wanted wanted = { .kind = KUBE_NAMESPACE,
                                  .name = q->namespace_name,
                                  .timeout_ms = q->accounts->ask_timeout_ms };
    struct sai_err e = got->e;

    if (got->finding == KUBE_UNKNOWN) {
        fail(q, &got->e);
        return;
    }
    if (got->finding == KUBE_FOUND && !got->object->meta.deleting &&
        !keep(q, TABLE_ACCOUNTS, got->object, &e)) {
        fail(q, &e);
        return;
    }
    q->asked_ms = clock_mono_ms();
    kube_get_object(q->accounts->client, &wanted, on_namespace, q, NULL);
}

void kube_accounts_ask(struct kube_accounts *a,
                       const char *namespace_name,
                       const char *name,
                       kube_account_fn *done,
                       void *owner)
{
    const struct kube_wanted wanted = { .kind = KUBE_SERVICE_ACCOUNT,
                                        .namespace_name = namespace_name,
                                        .name = name,
                                        .timeout_ms = a->ask_timeout_ms };
    struct question *q = calloc(1, sizeof(*q));
    struct kube_account_answer failed = { .finding = KUBE_UNKNOWN };

    if (q == NULL) {
        (void)err_nomem(&failed.e);
        done(owner, &failed);
        return;
    }
    q->accounts = a;
    /* One that is cut is no name, and the answer is that there is no such account. */
    (void)snprintf(q->namespace_name, sizeof(q->namespace_name), "%s", namespace_name);
    q->asked_ms = clock_mono_ms();
    q->done = done;
    q->owner = owner;
    kube_get_object(a->client, &wanted, on_account, q, NULL);
}
