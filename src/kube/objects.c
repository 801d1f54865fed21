/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/objects.h"

#include "base/buf.h"
#include "kube/answer.h"
#include "kube/client.h"
#include "kube/names.h"
#include "kube/review.h"

#include <string.h>

enum { TIMEOUT_MS = 5000, MAX_PATH_BYTES = 1024 };

static const char metadata_only[] =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
static const char metadata_or_all[] =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";

struct kind_row {
    const char *kind;
    const char *resource;
    const char *accept;
    bool namespaced;
};

/* A Pod is asked for whole, because its account and node are in its spec; a Secret must not be.
 */
static const struct kind_row kinds[] = {
    [KUBE_SERVICE_ACCOUNT] = { "ServiceAccount", "serviceaccounts", metadata_or_all, true },
    [KUBE_NAMESPACE] = { "Namespace", "namespaces", metadata_or_all, false },
    [KUBE_POD] = { "Pod", "pods", "application/json", true },
    [KUBE_NODE] = { "Node", "nodes", metadata_or_all, false },
    [KUBE_SECRET] = { "Secret", "secrets", metadata_only, true },
};

struct question {
    enum kube_kind kind;
    char namespace_name[KUBE_NAMESPACE_SIZE];
    char name[KUBE_NAME_SIZE];
    kube_get_fn *done;
    void *owner;
};

static bool read_spec(const json_t *root, struct kube_object *o, struct sai_err *e)
{
    const json_t *spec = json_object_get(root, "spec");

    o->service_account = json_member(spec, "serviceAccountName");
    o->node = json_member(spec, "nodeName");
    if (!json_is_object(spec) || o->service_account == NULL || o->node == NULL)
        return err_set(e, SAI_E_INVALID, "the Pod has no proper spec");
    return true;
}

static bool is_kind(const json_t *root, const struct kind_row *row)
{
    struct sai_err ignored = { 0 };

    return kube_check_kind(root, "v1", row->kind, &ignored) ||
           (row->accept != kinds[KUBE_POD].accept &&
            kube_check_kind(root, "meta.k8s.io/v1", "PartialObjectMetadata", &ignored));
}

static bool read_object(const struct question *w,
                        const json_t *root,
                        struct kube_object *o,
                        struct sai_err *e)
{
    const struct kind_row *row = &kinds[w->kind];

    if (!is_kind(root, row))
        return err_set(e, SAI_E_INVALID, "the answer is no %s", row->kind);
    if (!meta_read(root, row->namespaced, &o->meta, e))
        return false;
    if (o->meta.unusable)
        return err_set(e, SAI_E_INVALID, "an annotation or label is no text, or has a NUL");
    if (strcmp(o->meta.name, w->name) != 0 ||
        strcmp(o->meta.namespace_name, w->namespace_name) != 0)
        return err_set(e, SAI_E_INVALID, "the answer is another %s than was asked for",
                       row->kind);
    return w->kind != KUBE_POD || read_spec(root, o, e);
}

/* 404 is a clear answer only from an API server: a Status that says so. */
static bool is_absent(const struct kube_answer *a)
{
    AUTO(json_t) json_t *root = NULL;
    struct sai_err ignored = { 0 };
    const char *reason;

    if (a->status != 404 || !kube_read_object(a->body, a->len, "v1", "Status", &root, &ignored))
        return false;
    reason = json_plain(json_object_get(root, "reason"));
    return reason != NULL && strcmp(reason, "NotFound") == 0;
}

static void judge(const struct question *w, const struct kube_answer *a)
{
    AUTO(json_t) json_t *root = NULL;
    struct kube_object object = { 0 };
    struct kube_get got = { .finding = KUBE_UNKNOWN, .e = a->e };

    if (a->e.code == SAI_OK && is_absent(a)) {
        got.finding = KUBE_ABSENT;
        (void)err_set(&got.e, SAI_E_NOTFOUND, "there is no such %s", kinds[w->kind].kind);
    } else if (a->e.code == SAI_OK && a->status != 200) {
        kube_set_unexpected(&got.e, kinds[w->kind].kind, a->status, a->body, a->len);
    } else if (a->e.code == SAI_OK && kube_read_json(a->body, a->len, &root, &got.e) &&
               read_object(w, root, &object, &got.e)) {
        got.finding = KUBE_FOUND;
        got.object = &object;
    }
    w->done(w->owner, &got);
    meta_done(&object.meta);
}

static void on_answer(void *owner, const struct kube_answer *answer)
{
    AUTO_FREE struct question *w = owner;

    judge(w, answer);
}

static bool make_path(const struct question *w, struct buf *path, struct sai_err *e)
{
    const struct kind_row *row = &kinds[w->kind];

    if (!kube_is_subdomain(w->name) || (row->namespaced && !kube_is_label(w->namespace_name)))
        return err_set(e, SAI_E_NOTFOUND, "no %s has such a name", row->kind);
    buf_str(path, "/api/v1/");
    if (row->namespaced)
        buf_printf(path, "namespaces/%s/", w->namespace_name);
    buf_printf(path, "%s/%s", row->resource, w->name);
    return buf_ok(path, e);
}

static bool ask(struct kube_client *client,
                struct question *w,
                uint64_t timeout_ms,
                uint64_t *call,
                struct sai_err *e)
{
    AUTO(buf) struct buf path = { 0 };
    struct kube_call c = {
        .accept = kinds[w->kind].accept,
        .max_bytes = KUBE_MAX_OBJECT_BYTES,
        .timeout_ms = timeout_ms == 0 ? TIMEOUT_MS : timeout_ms,
        .retries = 1,
        .done = on_answer,
        .owner = w,
    };

    buf_init(&path, MAX_PATH_BYTES);
    if (!make_path(w, &path, e))
        return false;
    c.path = path.data;
    return kube_client_call(client, &c, call, e);
}

/* false: longer than any name is. */
static bool copy_name(char *to, size_t size, const char *from)
{
    size_t len = from == NULL ? 0 : strnlen(from, size);

    if (len == size)
        return false;
    if (len > 0)
        memcpy(to, from, len);
    return true;
}

static bool start(struct kube_client *client,
                  const struct kube_wanted *wanted,
                  const struct question *proto,
                  uint64_t *call,
                  struct sai_err *e)
{
    AUTO_FREE struct question *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return err_nomem(e);
    *w = *proto;
    if (!copy_name(w->name, sizeof(w->name), wanted->name) ||
        !copy_name(w->namespace_name, sizeof(w->namespace_name), wanted->namespace_name))
        return err_set(e, SAI_E_NOTFOUND, "no %s has such a name", kinds[w->kind].kind);
    if (!ask(client, w, wanted->timeout_ms, call, e))
        return false;
    (void)TAKE(w);
    return true;
}

void kube_get_object(struct kube_client *client,
                     const struct kube_wanted *wanted,
                     kube_get_fn *done,
                     void *owner,
                     uint64_t *call)
{
    const struct question proto = { .kind = wanted->kind, .done = done, .owner = owner };
    struct kube_get failed = { .finding = KUBE_UNKNOWN };

    if (call != NULL)
        *call = 0;
    if (start(client, wanted, &proto, call, &failed.e))
        return;
    if (failed.e.code == SAI_E_NOTFOUND)
        failed.finding = KUBE_ABSENT;
    done(owner, &failed);
}
