/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/manifest.h"

#include "accounts/object.h"
#include "base/err.h"
#include "codec/json_tree.h"

#include <string.h>

/* Of an object, or of a list without its items. Kubernetes keeps objects under 1.5 MiB, of
 * which a key and its value take eight bytes at least; trees of text are some 20 times as
 * large. */
enum { MAX_DEPTH = 64, MAX_NODES = 500000 };

static const struct kind {
    const char *name;
    const char *item_name; /* of a list: the kind of items that do not say theirs */
    bool list;
    object_fn *read;
} kinds[] = {
    { "ServiceAccount", NULL, false, object_read_account },
    { "Namespace", NULL, false, object_read_namespace },
    { "List", NULL, true, NULL },
    { "ServiceAccountList", "ServiceAccount", true, NULL },
    { "NamespaceList", "Namespace", true, NULL },
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* NULL: it has none that is known; no mistake is told. */
static const struct kind *kind_of(const struct yaml_node *object)
{
    const struct yaml_node *kind = yaml_get(object, "kind");

    return kind == NULL || kind->kind != YAML_SCALAR ? NULL : find_kind(kind->text);
}

/* NULL: it has none that can be read here, which is told. */
static const struct kind *check_kind(struct object_reader *o, const struct yaml_node *object)
{
    const struct yaml_node *version = object_text(o, object, "apiVersion");
    const struct yaml_node *name = object_text(o, object, "kind");
    const struct kind *kind;

    if (version == NULL || name == NULL)
        return NULL;
    kind = find_kind(name->text);
    if (strcmp(version->text, "v1") == 0 && kind != NULL)
        return kind;
    object_problem(
        o, name,
        "%.64s of %.64s cannot be read here, only ServiceAccount and Namespace of v1, "
        "and lists of them",
        name->text, version->text);
    return NULL;
}

/* The API's own lists tell the kind of their items once; kubectl's items tell it themselves. */
static const struct kind *kind_of_item(struct object_reader *o, const struct yaml_node *item)
{
    const struct kind *list = kind_of(item->parent->parent);
    const struct kind *kind;

    if (yaml_get(item, "kind") == NULL && yaml_get(item, "apiVersion") == NULL &&
        list != NULL && list->item_name != NULL)
        return find_kind(list->item_name);
    kind = check_kind(o, item);
    if (kind == NULL || !kind->list)
        return kind;
    object_problem(o, item, "a list within a list");
    return NULL;
}

static bool on_item(void *ctx, const struct yaml_doc *doc, const struct yaml_node *item)
{
    struct object_reader *o = ctx;
    const struct kind *kind;

    o->doc = doc;
    if (item->refused || !object_is_map(o, item))
        return true;
    kind = kind_of_item(o, item);
    return kind == NULL || kind->read(o, item);
}

static bool on_list(struct object_reader *o, const struct yaml_node *root)
{
    const struct yaml_node *items = yaml_get(root, "items");

    if (items == NULL)
        object_problem(o, root, "items are missing");
    else if (!items->refused && items->kind != YAML_LIST && !yaml_is_null(items))
        object_problem(o, items, "must be a list");
    return true;
}

static bool on_document(void *ctx, const struct yaml_doc *doc)
{
    struct object_reader *o = ctx;
    const struct yaml_node *root = doc->root;
    const struct kind *kind;

    if (root == NULL || yaml_is_null(root))
        return true;
    o->doc = doc;
    o->documents++;
    if (root->refused || !object_is_map(o, root))
        return true;
    kind = check_kind(o, root);
    if (kind == NULL)
        return true;
    if (kind->list)
        return on_list(o, root);
    if (yaml_get(root, "items") != NULL)
        object_problem(o, yaml_get(root, "items"), "a %s has no items", kind->name);
    return kind->read(o, root);
}

void manifest_read(const struct manifest_input *in,
                   struct accounts_builder *b,
                   struct sai_report *r)
{
    const struct yaml_input text = {
        .file = in->file,
        .text = in->text,
        .len = in->len,
        .max_depth = MAX_DEPTH,
        .max_nodes = MAX_NODES,
    };
    AUTO(object_reader)
    struct object_reader o = { .file = in->file, .builder = b, .report = r };
    const struct yaml_sink sink = {
        .list = "items", .item = on_item, .document = on_document, .ctx = &o
    };
    size_t first = sai_report_count(r);
    bool ok = in->json ? json_stream(&text, &sink, r) : yaml_stream(&text, &sink, r);

    if (ok && o.documents == 0) {
        struct sai_err e = { 0 };

        err_set_text(&e, SAI_E_SYNTAX,
                     "there is no object in it, not even an empty list: was it cut?");
        err_in_file(&e, in->file, 1, 1);
        report_add(r, SAI_ERROR, &e);
    }
    report_sort(r, first);
}
