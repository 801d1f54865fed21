/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/user.h"

#include "base/arena.h"
#include "base/json_out.h"
#include "kube/answer.h"
#include "kube/names.h"

#include <stdatomic.h>
#include <string.h>

/* kube_user first: one is the other. */
struct user_box {
    struct kube_user user;
    struct arena *arena; /* holds the rest, this box included */
    _Atomic unsigned refs;
};

struct kube_user *kube_user_ref(struct kube_user *u)
{
    if (u != NULL)
        atomic_fetch_add_explicit(&((struct user_box *)u)->refs, 1, memory_order_relaxed);
    return u;
}

void kube_user_unref(struct kube_user *u)
{
    struct user_box *box = (struct user_box *)u;

    if (box != NULL && atomic_fetch_sub_explicit(&box->refs, 1, memory_order_acq_rel) == 1)
        arena_free(box->arena);
}

const char *kube_user_extra(const struct kube_user *u, const char *key)
{
    for (size_t i = 0; i < u->extra_count; i++) {
        if (strcmp(u->extra[i].key, key) == 0)
            return u->extra[i].value_count == 1 ? u->extra[i].values[0] : NULL;
    }
    return NULL;
}

bool kube_user_account(const char *username,
                       char namespace_name[KUBE_NAMESPACE_SIZE],
                       char name[KUBE_NAME_SIZE])
{
    static const char prefix[] = "system:serviceaccount:";
    const char *ns = username + sizeof(prefix) - 1;
    const char *colon;

    if (strncmp(username, prefix, sizeof(prefix) - 1) != 0)
        return false;
    colon = strchr(ns, ':');
    if (colon == NULL || colon - ns >= KUBE_NAMESPACE_SIZE || !kube_is_subdomain(colon + 1))
        return false;
    memcpy(namespace_name, ns, (size_t)(colon - ns));
    namespace_name[colon - ns] = '\0';
    memcpy(name, colon + 1, strlen(colon + 1) + 1);
    return kube_is_label(namespace_name);
}

/* The texts of an optional array. */
static bool read_texts(struct arena *a,
                       const json_t *list,
                       const char *const **out,
                       size_t *count,
                       struct sai_err *e)
{
    size_t n = json_array_size(list);
    const char **texts;

    if (list == NULL)
        return true;
    if (!json_is_array(list))
        return err_set(e, SAI_E_INVALID, "a list of the user is none");
    texts = arena_alloc(a, (n + 1) * sizeof(*texts));
    if (texts == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_plain(json_array_get(list, i));

        if (text == NULL)
            return err_set(e, SAI_E_INVALID, "a list of the user holds something but text");
        texts[i] = arena_strdup(a, text);
        if (texts[i] == NULL)
            return err_nomem(e);
    }
    *out = texts;
    *count = n;
    return true;
}

static bool read_extra(struct arena *a, json_t *map, struct kube_user *u, struct sai_err *e)
{
    struct kube_extra *extra;
    const char *key;
    json_t *values;

    if (map == NULL)
        return true;
    if (!json_is_object(map))
        return err_set(e, SAI_E_INVALID, "extra of the user is no map");
    extra = arena_alloc(a, (json_object_size(map) + 1) * sizeof(*extra));
    if (extra == NULL)
        return err_nomem(e);
    json_object_foreach (map, key, values) {
        struct kube_extra *x = &extra[u->extra_count++];

        x->key = arena_strdup(a, key);
        if (x->key == NULL)
            return err_nomem(e);
        if (!json_is_array(values))
            return err_set(e, SAI_E_INVALID, "a value in extra of the user is no list");
        if (!read_texts(a, values, &x->values, &x->value_count, e))
            return false;
    }
    u->extra = extra;
    return true;
}

bool user_read(const json_t *value, struct kube_user **out, struct sai_err *e)
{
    const char *username = json_member(value, "username");
    const char *uid = json_member(value, "uid");
    AUTO(arena) struct arena *a = arena_new();
    struct user_box *box = a == NULL ? NULL : arena_alloc(a, sizeof(*box));

    if (box == NULL)
        return err_nomem(e);
    if (!json_is_object(value) || username == NULL || username[0] == '\0' || uid == NULL)
        return err_set(e, SAI_E_INVALID, "there is no user with a name");
    box->user.username = arena_strdup(a, username);
    box->user.uid = arena_strdup(a, uid);
    if (box->user.username == NULL || box->user.uid == NULL)
        return err_nomem(e);
    if (!read_texts(a, json_object_get(value, "groups"), &box->user.groups,
                    &box->user.group_count, e) ||
        !read_extra(a, json_object_get(value, "extra"), &box->user, e))
        return false;
    atomic_init(&box->refs, 1);
    box->arena = TAKE(a);
    *out = &box->user;
    return true;
}

static void put_texts(struct buf *b, const char *const *texts, size_t count)
{
    buf_char(b, '[');
    for (size_t i = 0; i < count; i++) {
        buf_str(b, i == 0 ? "" : ",");
        json_out_string(b, texts[i]);
    }
    buf_char(b, ']');
}

void user_put(struct buf *b, const struct kube_user *u)
{
    buf_str(b, "\"user\":");
    json_out_string(b, u->username);
    buf_str(b, ",\"uid\":");
    json_out_string(b, u->uid);
    buf_str(b, ",\"groups\":");
    put_texts(b, u->groups, u->group_count);
    buf_str(b, ",\"extra\":{");
    for (size_t i = 0; i < u->extra_count; i++) {
        buf_str(b, i == 0 ? "" : ",");
        json_out_string(b, u->extra[i].key);
        buf_char(b, ':');
        put_texts(b, u->extra[i].values, u->extra[i].value_count);
    }
    buf_char(b, '}');
}
