/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event.h"

#include "kube/answer.h"

#include <string.h>

static const struct json_limits page_limits = {
    .max_bytes = PAGE_MAX_BYTES,
    .max_depth = KUBE_MAX_DEPTH,
    .allow_nul = true,
};

struct type_row {
    const char *name;
    enum event_type type;
};

static const struct type_row types[] = {
    { "ADDED", EVENT_PUT },         { "MODIFIED", EVENT_PUT }, { "DELETED", EVENT_REMOVE },
    { "BOOKMARK", EVENT_BOOKMARK }, { "ERROR", EVENT_FAILED },
};

void event_done(struct event *ev)
{
    meta_done(&ev->meta);
    json_decref(ev->root);
    ev->root = NULL;
}

void page_done(struct page *p)
{
    json_decref(p->root);
    p->root = NULL;
}

static bool read_type(const json_t *root, enum event_type *out, struct sai_err *e)
{
    const char *name = json_plain(json_object_get(root, "type"));

    for (size_t i = 0; name != NULL && i < ARRAY_SIZE(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out = types[i].type;
            return true;
        }
    }
    return err_set(e, SAI_E_INVALID, "an event of no known type");
}

/* Opaque to us but for its characters, as it goes into a URL. */
static bool read_version(const json_t *object, char out[VERSION_SIZE], struct sai_err *e)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-._~";
    const json_t *metadata = json_object_get(object, "metadata");
    const char *version = json_plain(json_object_get(metadata, "resourceVersion"));
    size_t len = version == NULL ? 0 : strnlen(version, VERSION_SIZE);

    if (len == 0 || len == VERSION_SIZE || strspn(version, allowed) != len)
        return err_set(e, SAI_E_INVALID, "there is no proper resourceVersion");
    memcpy(out, version, len + 1);
    return true;
}

static bool is_of(const struct resource *r, const json_t *object, struct sai_err *e)
{
    struct sai_err ignored = { 0 };

    return kube_check_kind(object, "meta.k8s.io/v1", "PartialObjectMetadata", &ignored) ||
           kube_check_kind(object, "v1", r->kind, e);
}

/* 410, in either of its two names: what we know is too old to go on from. */
static bool is_gone(const json_t *status)
{
    const char *reason = json_plain(json_object_get(status, "reason"));

    return json_integer_value(json_object_get(status, "code")) == 410 ||
           (reason != NULL && (strcmp(reason, "Expired") == 0 || strcmp(reason, "Gone") == 0));
}

static bool fill(const struct resource *r, struct event *ev, struct sai_err *e)
{
    const json_t *object = json_object_get(ev->root, "object");

    if (!read_type(ev->root, &ev->type, e))
        return false;
    if (!json_is_object(object))
        return err_set(e, SAI_E_INVALID, "an event without its object");
    if (ev->type == EVENT_FAILED) {
        if (is_gone(object))
            ev->type = EVENT_GONE;
        return true;
    }
    if (!is_of(r, object, e) || !read_version(object, ev->version, e))
        return false;
    return ev->type == EVENT_BOOKMARK || meta_read(object, r->namespaced, &ev->meta, e);
}

bool event_read(const struct resource *r,
                const char *line,
                size_t len,
                struct event *out,
                struct sai_err *e)
{
    AUTO(event) struct event ev = { 0 };

    if (!kube_read_json(line, len, &ev.root, e) || !fill(r, &ev, e))
        return false;
    *out = ev;
    ev = (struct event){ 0 };
    return true;
}

static bool is_list_of(const struct resource *r, const json_t *root, struct sai_err *e)
{
    struct sai_err ignored = { 0 };
    const char *kind = json_plain(json_object_get(root, "kind"));
    const char *version = json_plain(json_object_get(root, "apiVersion"));
    size_t len = strlen(r->kind);

    if (kube_check_kind(root, "meta.k8s.io/v1", "PartialObjectMetadataList", &ignored))
        return true;
    if (kind != NULL && version != NULL && strncmp(kind, r->kind, len) == 0 &&
        strcmp(kind + len, "List") == 0 && strcmp(version, "v1") == 0)
        return true;
    return err_set(e, SAI_E_INVALID, "the answer is no %sList", r->kind);
}

bool page_read(
    const struct resource *r, const char *body, size_t len, struct page *out, struct sai_err *e)
{
    AUTO(page) struct page p = { 0 };

    if (!json_read_object(body, len, &page_limits, &p.root, e) || !is_list_of(r, p.root, e) ||
        !read_version(p.root, p.version, e))
        return false;
    p.items = json_object_get(p.root, "items");
    p.next = json_member(json_object_get(p.root, "metadata"), "continue");
    if (!json_is_array(p.items) || p.next == NULL)
        return err_set(e, SAI_E_INVALID, "the list has no items");
    *out = p;
    p.root = NULL;
    return true;
}
