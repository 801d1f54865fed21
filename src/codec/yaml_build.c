/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml_build.h"

#include "base/num.h"

#include <stdarg.h>
#include <string.h>

bool yaml_stop(struct yaml_builder *b, struct yaml_position at, struct sai_err *e)
{
    err_in_file(e, b->in->file, at.line, at.column);
    report_add(b->report, SAI_ERROR, e);
    return false;
}

bool yaml_stop_nomem(struct yaml_builder *b)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_NOMEM, "out of memory");
    return yaml_stop(b, (struct yaml_position){ 0 }, &e);
}

bool yaml_builder_init(struct yaml_builder *b,
                       const struct yaml_input *in,
                       struct yaml_doc *doc,
                       struct arena *a,
                       struct sai_report *r)
{
    *b = (struct yaml_builder){ .in = in, .arena = a, .doc = doc, .report = r };
    hash_index_init(&b->keys);
    hash_index_init(&b->item_keys);
    doc->file = in->file;
    b->open = calloc(in->max_depth + 1, sizeof(void *));
    return b->open != NULL || yaml_stop_nomem(b);
}

bool yaml_builder_stream(struct yaml_builder *b, const struct yaml_sink *sink)
{
    b->sink = sink;
    b->item_arena = arena_new();
    return b->item_arena != NULL || yaml_stop_nomem(b);
}

void yaml_builder_done(struct yaml_builder *b)
{
    arena_free(b->item_arena);
    hash_index_done(&b->item_keys);
    hash_index_done(&b->keys);
    free(b->open);
}

static bool is_in_item(const struct yaml_builder *b)
{
    return b->items != NULL && b->depth >= 2;
}

static struct arena *arena_of(const struct yaml_builder *b)
{
    return is_in_item(b) ? b->item_arena : b->arena;
}

static void refuse(struct yaml_builder *b, struct yaml_node *n, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* An error after which reading goes on. */
static void refuse(struct yaml_builder *b, struct yaml_node *n, const char *fmt, ...)
{
    struct sai_err e = { 0 };
    va_list ap;

    va_start(ap, fmt);
    err_set_vtext(&e, SAI_E_SYNTAX, fmt, ap);
    va_end(ap);
    yaml_locate(b->doc, n, &e);
    report_add(b->report, SAI_ERROR, &e);
    n->refused = true;
}

/* Members of one map are found by their key; members of all open maps are in one table. */
static bool is_same_key(const void *item, const void *key)
{
    const struct yaml_node *a = item;
    const struct yaml_node *b = key;

    return a->parent == b->parent && a->key->len == b->key->len &&
           memcmp(a->key->text, b->key->text, a->key->len) == 0;
}

/* The first member of n's map with n's key, which is n where there is none before it. NULL when
 * out of memory. */
static struct yaml_node *first_of_key(struct yaml_builder *b, struct yaml_node *n)
{
    struct hash_index *keys = is_in_item(b) ? &b->item_keys : &b->keys;
    uint64_t hash = hash_index_hash(keys, n->key->text, n->key->len) + (uintptr_t)n->parent;
    struct yaml_node *first = hash_index_find(keys, hash, is_same_key, n);

    if (first != NULL)
        return first;
    return hash_index_add(keys, hash, n) ? n : NULL;
}

static bool check_key(struct yaml_builder *b, struct yaml_node *n)
{
    const struct yaml_node *first = first_of_key(b, n);

    if (first == NULL)
        return yaml_stop_nomem(b);
    n->refused = n->key->refused;
    if (!n->key->quoted && strcmp(n->key->text, "<<") == 0) {
        refuse(b, n, "merge keys (<<) are not allowed");
    } else if (first != n) {
        /* The position of the second key, not of its value. */
        struct yaml_node at = *n;

        at.line = n->key->line;
        at.column = n->key->column;
        refuse(b, &at, "duplicate key, first at %u:%u", first->key->line, first->key->column);
        n->refused = true;
    }
    return true;
}

static void link_child(struct yaml_node *parent, struct yaml_node *n)
{
    n->index = parent->count++;
    if (parent->last == NULL)
        parent->first = n;
    else
        parent->last->next = n;
    parent->last = n;
}

static bool attach(struct yaml_builder *b, struct yaml_node *n)
{
    struct yaml_node *parent = b->depth == 0 ? NULL : b->open[b->depth - 1];

    n->parent = parent;
    if (parent == NULL) {
        b->root = n;
    } else if (parent->kind == YAML_LIST) {
        link_child(parent, n);
    } else if (b->key == NULL && n->kind == YAML_SCALAR) {
        b->key = n;
    } else if (b->key == NULL) {
        struct sai_err e = { 0 };

        err_set_text(&e, SAI_E_SYNTAX, "a key must be text, not a list or a map");
        return yaml_stop(b, (struct yaml_position){ n->line, n->column }, &e);
    } else {
        n->key = TAKE(b->key);
        link_child(parent, n);
        return check_key(b, n);
    }
    return true;
}

static struct yaml_node *
add_node(struct yaml_builder *b, enum yaml_kind kind, struct yaml_position at)
{
    size_t *nodes = is_in_item(b) ? &b->item_nodes : &b->nodes;
    struct yaml_node *n;
    struct sai_err e = { 0 };

    if ((*nodes)++ >= b->in->max_nodes) {
        err_set_text(&e, SAI_E_LIMIT, "more than %zu keys and values", b->in->max_nodes);
        (void)yaml_stop(b, at, &e);
        return NULL;
    }
    n = arena_alloc(arena_of(b), sizeof(*n));
    if (n == NULL) {
        (void)yaml_stop_nomem(b);
        return NULL;
    }
    *n = (struct yaml_node){ .kind = kind, .text = "", .line = at.line, .column = at.column };
    return attach(b, n) ? n : NULL;
}

static bool is_integer(const char *s)
{
    struct sai_err e = { 0 };
    uint64_t v;

    s += *s == '-' ? 1 : 0;
    return num_u64(s, strlen(s), &v, &e);
}

static bool is_bool(const char *s)
{
    return strcmp(s, "true") == 0 || strcmp(s, "false") == 0;
}

#define TAG(name) "tag:yaml.org,2002:" name

/* The tags that say no more than the text does. */
static const struct tag {
    const char *uri;
    enum yaml_kind kind;
    bool quoted;
    bool (*fits)(const char *text); /* NULL: any */
} tags[] = {
    { TAG("str"), YAML_SCALAR, true, NULL },
    { TAG("int"), YAML_SCALAR, false, is_integer },
    { TAG("bool"), YAML_SCALAR, false, is_bool },
    { TAG("seq"), YAML_LIST, false, NULL },
    { TAG("map"), YAML_MAP, false, NULL },
};

static void
check_properties(struct yaml_builder *b, struct yaml_node *n, const struct yaml_scalar *s)
{
    if (s->anchor != NULL) {
        refuse(b, n, "anchors (&name) are not allowed");
        n->refused = false; /* its value is known all the same */
    }
    if (s->tag == NULL)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        if (strcmp(s->tag, tags[i].uri) != 0 || n->kind != tags[i].kind)
            continue;
        if (tags[i].fits != NULL && !tags[i].fits(n->text))
            break;
        n->quoted = tags[i].quoted;
        return;
    }
    refuse(b, n,
           "a tag is not allowed here: only !!str, !!int, !!bool, !!map and !!seq, "
           "and only where they fit");
}

/* After a node is complete: an item of the streamed list goes to the sink, and is gone. */
static bool end_node(struct yaml_builder *b)
{
    const struct yaml_node *item = b->items == NULL ? NULL : b->items->last;

    if (item == NULL || b->depth != 2)
        return true;
    if (!b->sink->item(b->sink->ctx, b->doc, item))
        return false;
    b->items->first = NULL;
    b->items->last = NULL;
    b->item_nodes = 0;
    hash_index_clear(&b->item_keys);
    arena_reset(b->item_arena);
    return true;
}

bool yaml_add_scalar(struct yaml_builder *b,
                     const struct yaml_scalar *s,
                     struct yaml_position at)
{
    const char *text = arena_strndup(arena_of(b), s->text, s->len);
    struct yaml_node *n;

    if (text == NULL)
        return yaml_stop_nomem(b);
    n = add_node(b, YAML_SCALAR, at);
    if (n == NULL)
        return false;
    n->text = text;
    n->len = strlen(text);
    n->quoted = s->quoted;
    if (n->len != s->len)
        refuse(b, n, "a NUL character is not allowed");
    check_properties(b, n, s);
    return end_node(b);
}

bool yaml_add_alias(struct yaml_builder *b, struct yaml_position at)
{
    struct yaml_node *n = add_node(b, YAML_SCALAR, at);

    if (n == NULL)
        return false;
    refuse(b, n, "aliases (*name) are not allowed");
    return end_node(b);
}

static bool is_streamed(const struct yaml_builder *b, const struct yaml_node *n)
{
    return b->sink != NULL && b->depth == 1 && n->kind == YAML_LIST && n->key != NULL &&
           !n->refused && strcmp(n->key->text, b->sink->list) == 0;
}

bool yaml_add_start(struct yaml_builder *b,
                    enum yaml_kind kind,
                    const struct yaml_scalar *properties,
                    struct yaml_position at)
{
    struct sai_err e = { 0 };
    struct yaml_node *n;

    if (b->depth >= b->in->max_depth) {
        err_set_text(&e, SAI_E_LIMIT, "nested deeper than %zu levels", b->in->max_depth);
        return yaml_stop(b, at, &e);
    }
    n = add_node(b, kind, at);
    if (n == NULL)
        return false;
    check_properties(b, n, properties);
    if (is_streamed(b, n))
        b->items = n;
    b->open[b->depth++] = n;
    return true;
}

bool yaml_add_end(struct yaml_builder *b)
{
    if (b->open[--b->depth] == b->items) {
        b->items = NULL;
        return true;
    }
    return end_node(b);
}

bool yaml_end_document(struct yaml_builder *b)
{
    b->doc->root = b->root;
    if (b->sink == NULL)
        return true;
    if (!b->sink->document(b->sink->ctx, b->doc))
        return false;
    b->root = NULL;
    b->nodes = 0;
    hash_index_clear(&b->keys);
    arena_reset(b->arena);
    return true;
}
