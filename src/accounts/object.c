/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/object.h"

#include "accounts/names.h"
#include "base/err.h"
#include "base/printable.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Kubernetes' TotalAnnotationSizeLimitB, of keys and values; a UID is one of RFC 4122 in
 * practice, which nothing here relies on. */
enum { ANNOTATIONS_MAX_BYTES = 262144, UID_MAX = 64 };

typedef bool check_fn(const char *text, struct sai_err *e);

void object_reader_done(struct object_reader *o)
{
    free(o->annotations.items);
    free(o->labels.items);
}

static void add_problem(struct object_reader *o,
                        enum sai_severity severity,
                        const struct yaml_node *n,
                        struct sai_err *e)
{
    char text[sizeof(e->text)];

    /* What the user wrote may be part of it. */
    memcpy(text, e->text, sizeof(text));
    (void)printable(text, strlen(text), e->text, sizeof(e->text));
    yaml_locate(o->doc, n, e);
    report_add(o->report, severity, e);
}

void object_problem(struct object_reader *o, const struct yaml_node *n, const char *fmt, ...)
{
    struct sai_err e = { 0 };
    va_list ap;

    va_start(ap, fmt);
    err_set_vtext(&e, SAI_E_INVALID, fmt, ap);
    va_end(ap);
    add_problem(o, SAI_ERROR, n, &e);
}

/* Whether reading can go on after it. */
static bool add_error(struct object_reader *o, const struct yaml_node *n, struct sai_err *e)
{
    add_problem(o, SAI_ERROR, n, e);
    return e->code != SAI_E_NOMEM && e->code != SAI_E_LIMIT;
}

bool object_is_map(struct object_reader *o, const struct yaml_node *n)
{
    if (n->kind != YAML_MAP)
        object_problem(o, n, "must be an object, which has members");
    return n->kind == YAML_MAP;
}

static bool is_text(struct object_reader *o, const struct yaml_node *n)
{
    const char *type = yaml_plain_type(n);

    if (n->refused)
        return false;
    if (n->kind != YAML_SCALAR)
        object_problem(o, n, "must be text, not a %s", n->kind == YAML_LIST ? "list" : "map");
    else if (type != NULL)
        object_problem(o, n, "must be text, not %s: put it in quotes", type);
    return n->kind == YAML_SCALAR && type == NULL;
}

const struct yaml_node *
object_text(struct object_reader *o, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *n = yaml_get(map, key);

    if (n == NULL)
        object_problem(o, map, "%s is missing", key);
    return n != NULL && is_text(o, n) ? n : NULL;
}

/* The text of a member of a certain form; NULL if it has another, which is told. */
static const char *
checked_text(struct object_reader *o, const struct yaml_node *map, const char *key, check_fn *f)
{
    const struct yaml_node *n = object_text(o, map, key);
    struct sai_err e = { 0 };

    if (n == NULL)
        return NULL;
    if (f(n->text, &e))
        return n->text;
    add_problem(o, SAI_ERROR, n, &e);
    return NULL;
}

static bool check_uid(const char *s, struct sai_err *e)
{
    size_t len = strlen(s);

    if (len == 0 || len > UID_MAX)
        return err_set(e, SAI_E_LIMIT, "%zu characters, 1 to %d are allowed", len, UID_MAX);
    for (; *s != '\0'; s++) {
        if (*s <= ' ' || *s > '~')
            return err_set(e, SAI_E_INVALID, "must be printable ASCII without blanks");
    }
    return true;
}

static bool add_pair(struct object_pairs *p, const struct sai_pair *pair)
{
    size_t cap = p->cap == 0 ? 16 : 2 * p->cap;
    struct sai_pair *items;

    if (p->count == p->cap) {
        items = reallocarray(p->items, cap, sizeof(*items));
        if (items == NULL)
            return false;
        p->items = items;
        p->cap = cap;
    }
    p->items[p->count++] = *pair;
    return true;
}

static void check_pair(struct object_reader *o,
                       const struct yaml_node *n,
                       check_fn *check_key,
                       check_fn *check_value)
{
    struct yaml_node key = *n; /* its path, at the place of the key */
    struct sai_err e = { 0 };
    struct sai_err value_e = { 0 };

    key.line = n->key->line;
    key.column = n->key->column;
    if (!check_key(n->key->text, &e))
        add_problem(o, SAI_ERROR, &key, &e);
    if (is_text(o, n) && check_value != NULL && !check_value(n->text, &value_e))
        add_problem(o, SAI_ERROR, n, &value_e);
}

/* Reads a map of text to text, if there is one. false: out of memory. */
static bool read_pairs(struct object_reader *o,
                       const struct yaml_node *map,
                       struct object_pairs *out,
                       check_fn *check_key,
                       check_fn *check_value)
{
    out->count = 0;
    if (map == NULL || map->refused || yaml_is_null(map) || !object_is_map(o, map))
        return true;
    for (const struct yaml_node *n = map->first; n != NULL; n = n->next) {
        if (n->refused)
            continue;
        check_pair(o, n, check_key, check_value);
        if (!add_pair(out, &(struct sai_pair){ n->key->text, n->text }))
            return false;
    }
    return true;
}

static void check_annotation_size(struct object_reader *o, const struct yaml_node *n)
{
    size_t bytes = 0;

    for (size_t i = 0; i < o->annotations.count; i++)
        bytes += strlen(o->annotations.items[i].key) + strlen(o->annotations.items[i].value);
    if (bytes > ANNOTATIONS_MAX_BYTES)
        object_problem(o, n, "%zu bytes of keys and values, at most %d are allowed", bytes,
                       ANNOTATIONS_MAX_BYTES);
}

static bool
read_metadata(struct object_reader *o, const struct yaml_node *meta, struct sai_account *out)
{
    const struct yaml_node *annotations = yaml_get(meta, "annotations");
    struct sai_err e = { 0 };

    if (!read_pairs(o, annotations, &o->annotations, name_check_annotation_key, NULL) ||
        !read_pairs(o, yaml_get(meta, "labels"), &o->labels, name_check_label_key,
                    name_check_label_value)) {
        (void)err_nomem(&e);
        return add_error(o, meta, &e);
    }
    check_annotation_size(o, annotations);
    out->annotations = (struct sai_pairs){ o->annotations.items, o->annotations.count };
    out->labels = (struct sai_pairs){ o->labels.items, o->labels.count };
    out->file = o->file;
    return true;
}

/* Kubernetes refuses tokens of what is being deleted as well. */
static bool is_deleted(struct object_reader *o, const struct yaml_node *meta)
{
    const struct yaml_node *since = yaml_get(meta, "deletionTimestamp");
    struct sai_err e = { 0 };

    if (since == NULL || yaml_is_null(since))
        return false;
    err_set_text(&e, SAI_E_INVALID, "left out: it is being deleted");
    add_problem(o, SAI_WARNING, since, &e);
    return true;
}

/* NULL: it is missing or no map, which is told, or the object does not count. */
static const struct yaml_node *metadata_of(struct object_reader *o,
                                           const struct yaml_node *object)
{
    const struct yaml_node *meta = yaml_get(object, "metadata");

    if (meta == NULL)
        object_problem(o, object, "metadata is missing");
    if (meta == NULL || meta->refused || !object_is_map(o, meta) || is_deleted(o, meta))
        return NULL;
    return meta;
}

static bool
add_object(struct object_reader *o,
           const struct yaml_node *meta,
           struct sai_account *a,
           bool (*add)(struct accounts_builder *, const struct sai_account *, struct sai_err *))
{
    const struct yaml_node *name = yaml_get(meta, "name");
    struct sai_err e = { 0 };

    a->line = name->line;
    return add(o->builder, a, &e) || add_error(o, name, &e);
}

bool object_read_account(struct object_reader *o, const struct yaml_node *object)
{
    size_t errors = sai_report_total(o->report, SAI_ERROR);
    const struct yaml_node *meta = metadata_of(o, object);
    struct sai_account a = { 0 };

    if (meta == NULL)
        return true;
    a.namespace_name = checked_text(o, meta, "namespace", name_check_label);
    a.name = checked_text(o, meta, "name", name_check_subdomain);
    a.uid = checked_text(o, meta, "uid", check_uid);
    if (!read_metadata(o, meta, &a))
        return false;
    /* What was refused when it was read counts for no error here. */
    if (a.namespace_name == NULL || a.name == NULL || a.uid == NULL ||
        !report_ok_since(o->report, errors))
        return true;
    return add_object(o, meta, &a, accounts_builder_add);
}

bool object_read_namespace(struct object_reader *o, const struct yaml_node *object)
{
    size_t errors = sai_report_total(o->report, SAI_ERROR);
    const struct yaml_node *meta = metadata_of(o, object);
    const struct yaml_node *outer;
    struct sai_account ns = { 0 };

    if (meta == NULL)
        return true;
    outer = yaml_get(meta, "namespace");
    if (outer != NULL)
        object_problem(o, outer, "a Namespace is in no other");
    ns.namespace_name = checked_text(o, meta, "name", name_check_label);
    if (!read_metadata(o, meta, &ns))
        return false;
    if (ns.namespace_name == NULL || !report_ok_since(o->report, errors))
        return true;
    return add_object(o, meta, &ns, accounts_builder_add_namespace);
}
