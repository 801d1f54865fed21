/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/meta.h"

#include "base/num.h"
#include "base/rfc3339.h"
#include "kube/answer.h"
#include "kube/names.h"

#include <string.h>

void meta_done(struct meta *m)
{
    free(m->pairs);
    m->pairs = NULL;
}

uint64_t meta_version(const char *text)
{
    struct sai_err ignored = { 0 };
    uint64_t version;

    return num_u64(text, strlen(text), &version, &ignored) ? version : 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sai_pair *)a)->key, ((const struct sai_pair *)b)->key);
}

static bool is_map(const json_t *value)
{
    return value == NULL || json_is_object(value);
}

/* Copies of everything that kubectl applied repeat what is there already. */
static bool is_kept(const char *key)
{
    return strcmp(key, "kubectl.kubernetes.io/last-applied-configuration") != 0;
}

/* false: there is one that is no text, or a text with a NUL, which Kubernetes allows. */
static bool read_pairs(json_t *map, struct sai_pair *out, size_t *count)
{
    const char *key;
    json_t *value;
    size_t n = 0;

    json_object_foreach (map, key, value) {
        const char *text = json_plain(value);

        if (!is_kept(key))
            continue;
        if (text == NULL)
            return false;
        out[n++] = (struct sai_pair){ key, text };
    }
    if (n > 1)
        qsort(out, n, sizeof(*out), compare);
    *count = n;
    return true;
}

static bool read_maps(const json_t *metadata, struct meta *m, struct sai_err *e)
{
    json_t *annotations = json_object_get(metadata, "annotations");
    json_t *labels = json_object_get(metadata, "labels");
    size_t most = json_object_size(annotations) + json_object_size(labels);

    if (!is_map(annotations) || !is_map(labels))
        return err_set(e, SAI_E_INVALID, "annotations or labels are no map");
    if (most == 0)
        return true;
    m->pairs = reallocarray(NULL, most, sizeof(*m->pairs));
    if (m->pairs == NULL)
        return err_nomem(e);
    m->unusable = !read_pairs(annotations, m->pairs, &m->annotation_count) ||
                  !read_pairs(labels, m->pairs + m->annotation_count, &m->label_count);
    if (m->unusable) {
        m->annotation_count = 0;
        m->label_count = 0;
    }
    return true;
}

static bool is_uid(const char *s)
{
    size_t len = strnlen(s, KUBE_UID_MAX + 1);

    for (size_t i = 0; i < len; i++) {
        if (s[i] <= ' ' || s[i] > '~')
            return false;
    }
    return len > 0 && len <= KUBE_UID_MAX;
}

/* Whatever stands there: it is not for us to say that this is not being deleted. */
static void read_deletion(const json_t *metadata, struct meta *m)
{
    const json_t *value = json_object_get(metadata, "deletionTimestamp");
    const char *text = json_plain(value);
    struct sai_err ignored = { 0 };

    if (value == NULL || json_is_null(value) || (text != NULL && text[0] == '\0'))
        return;
    m->deleting = true;
    if (text == NULL || !rfc3339_parse(text, &m->deletion_unix_s, &ignored) ||
        m->deletion_unix_s <= 0)
        m->deletion_unix_s = 1;
}

bool meta_read(const json_t *object, bool namespaced, struct meta *out, struct sai_err *e)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const char *version = json_member(metadata, "resourceVersion");
    AUTO(meta) struct meta m = { 0 };

    if (!json_is_object(metadata))
        return err_set(e, SAI_E_INVALID, "an object has no metadata");
    m.namespace_name = json_member(metadata, "namespace");
    m.name = json_member(metadata, "name");
    m.uid = json_member(metadata, "uid");
    if (m.namespace_name == NULL || m.name == NULL || m.uid == NULL || version == NULL ||
        !kube_is_subdomain(m.name) || !is_uid(m.uid) ||
        (namespaced ? !kube_is_label(m.namespace_name) : m.namespace_name[0] != '\0'))
        return err_set(e, SAI_E_INVALID, "an object has no proper name, namespace or uid");
    m.version = meta_version(version);
    read_deletion(metadata, &m);
    if (!read_maps(metadata, &m, e))
        return false;
    *out = m;
    m.pairs = NULL;
    return true;
}
