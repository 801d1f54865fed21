/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/num.h"
#include "conf/conf.h"
#include "conf/members.h"
#include "conf/schema.h"

#include <string.h>

static const char *kind_of(const struct yaml_node *n)
{
    if (n->kind == YAML_LIST)
        return "a list";
    if (n->kind == YAML_MAP)
        return "a map";
    if (yaml_is_null(n))
        return "empty";
    return n->quoted ? "text in quotes" : "a single value";
}

/* Reports what is no scalar, or nothing, or in quotes where those may not be. */
static bool is_scalar(struct loader *ld,
                      const struct schema_row *row,
                      const struct yaml_node *n,
                      bool quotes_allowed)
{
    if (n->kind == YAML_SCALAR && !yaml_is_null(n) && (quotes_allowed || !n->quoted))
        return true;
    loader_problem(ld, n, "must be %s, not %s", row->type->article, kind_of(n));
    return false;
}

static void
read_bool(struct loader *ld, const struct schema_row *row, const struct yaml_node *n, void *out)
{
    bool v;

    if (!is_scalar(ld, row, n, false))
        return;
    v = strcmp(n->text, "true") == 0;
    if (!v && strcmp(n->text, "false") != 0)
        loader_problem(ld, n, "must be true or false");
    else
        memcpy(out, &v, sizeof(v));
}

typedef bool parse_fn(const char *s, size_t len, uint64_t *out, struct sai_err *e);

static void
out_of_range(struct loader *ld, const struct schema_row *row, const struct yaml_node *n)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, 128);
    buf_str(&b, "must be between ");
    row->type->put(&b, row->min);
    buf_str(&b, " and ");
    row->type->put(&b, row->max);
    if (buf_ok(&b, &e))
        loader_problem(ld, n, "%s", b.data);
    else
        loader_nomem(ld);
}

static void read_u64(struct loader *ld,
                     const struct schema_row *row,
                     const struct yaml_node *n,
                     parse_fn *parse,
                     void *out)
{
    struct sai_err e = { 0 };
    uint64_t v;

    if (!parse(n->text, n->len, &v, &e))
        loader_problem(ld, n, "%s", e.text);
    else if (v < row->min || v > row->max)
        out_of_range(ld, row, n);
    else if ((row->flags & ROW_SECONDS) != 0 && v % 1000 != 0)
        loader_problem(ld, n, "must be whole seconds");
    else
        memcpy(out, &v, sizeof(v));
}

static void read_number(struct loader *ld,
                        const struct schema_row *row,
                        const struct yaml_node *n,
                        void *out)
{
    if (is_scalar(ld, row, n, false))
        read_u64(ld, row, n, num_u64, out);
}

static void read_duration(struct loader *ld,
                          const struct schema_row *row,
                          const struct yaml_node *n,
                          void *out)
{
    if (is_scalar(ld, row, n, true))
        read_u64(ld, row, n, num_duration_ms, out);
}

static void
read_size(struct loader *ld, const struct schema_row *row, const struct yaml_node *n, void *out)
{
    if (is_scalar(ld, row, n, true))
        read_u64(ld, row, n, num_size_bytes, out);
}

static void
read_mode(struct loader *ld, const struct schema_row *row, const struct yaml_node *n, void *out)
{
    struct sai_err e = { 0 };
    unsigned mode;

    if (!is_scalar(ld, row, n, true))
        return;
    if (!num_mode(n->text, n->len, &mode, &e))
        loader_problem(ld, n, "%s", e.text);
    else
        memcpy(out, &mode, sizeof(mode));
}

static const char *choice_name(const void *list, size_t i)
{
    return ((const struct schema_choice *)list)[i].name;
}

static void
wrong_choice(struct loader *ld, const struct schema_row *row, const struct yaml_node *n)
{
    const char *near = suggest_word(n->text, choice_name, row->choices);
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, 512);
    buf_str(&b, row->choices[1].name == NULL ? "must be " : "must be one of ");
    for (size_t i = 0; row->choices[i].name != NULL; i++)
        buf_printf(&b, "%s%s", i == 0 ? "" : ", ", row->choices[i].name);
    buf_printf(&b, ", not \"%.40s\"", n->text);
    if (near != NULL && row->choices[1].name != NULL)
        buf_printf(&b, "; did you mean %s?", near);
    if (buf_ok(&b, &e))
        loader_problem(ld, n, "%s", b.data);
    else
        loader_nomem(ld);
}

static const struct schema_choice *
find_choice(struct loader *ld, const struct schema_row *row, const struct yaml_node *n)
{
    if (!is_scalar(ld, row, n, true))
        return NULL;
    for (const struct schema_choice *c = row->choices; c->name != NULL; c++) {
        if (strcmp(c->name, n->text) == 0)
            return c;
    }
    wrong_choice(ld, row, n);
    return NULL;
}

static void read_choice(struct loader *ld,
                        const struct schema_row *row,
                        const struct yaml_node *n,
                        void *out)
{
    const struct schema_choice *c = find_choice(ld, row, n);

    if (c != NULL)
        memcpy(out, &c->value, sizeof(c->value));
}

static void read_constant(struct loader *ld,
                          const struct schema_row *row,
                          const struct yaml_node *n,
                          void *out)
{
    (void)out;
    (void)find_choice(ld, row, n);
}

/* Whether a path is meant, of those types that resolve paths. */
static bool is_relative(const struct schema_type *type, const char *text)
{
    if (type == &type_path || type == &type_paths)
        return text[0] != '/';
    if (type == &type_socket)
        return text[0] != '/' && text[0] != '@';
    return type == &type_names && text[0] != '/' && strchr(text, '/') != NULL;
}

static const char *
to_text(struct loader *ld, const struct schema_row *row, const struct yaml_node *n)
{
    const char *text = n->text;
    struct sai_err e = { 0 };

    if (n->len == 0 || n->len > CONF_MAX_TEXT_BYTES) {
        loader_problem(ld, n, "must have 1 to %d bytes", (int)CONF_MAX_TEXT_BYTES);
        return NULL;
    }
    if (is_relative(row->type, text)) {
        AUTO_FREE char *resolved = file_path_beside(ld->doc->file, text);

        text = resolved == NULL ? NULL : arena_strdup(ld->arena, resolved);
    }
    if (text == NULL) {
        loader_nomem(ld);
        return NULL;
    }
    if (row->check != NULL && !row->check(text, &e)) {
        loader_problem(ld, n, "%s", e.text);
        return NULL;
    }
    return text;
}

static void
read_text(struct loader *ld, const struct schema_row *row, const struct yaml_node *n, void *out)
{
    const char *text = is_scalar(ld, row, n, true) ? to_text(ld, row, n) : NULL;

    memcpy(out, &text, sizeof(const char *));
}

static bool is_list(struct loader *ld, const struct schema_row *row, const struct yaml_node *n)
{
    if (n->kind != YAML_LIST) {
        loader_problem(ld, n, "must be %s, not %s", row->type->article, kind_of(n));
        return false;
    }
    if (n->count >= row->min && n->count <= row->max)
        return true;
    loader_problem(ld, n, "must have %ju to %ju items, not %zu", (uintmax_t)row->min,
                   (uintmax_t)row->max, n->count);
    return false;
}

static void read_item(struct loader *ld,
                      const struct schema_row *row,
                      const struct yaml_node *n,
                      const char **out)
{
    if (n->refused)
        return;
    if (n->kind != YAML_SCALAR || yaml_is_null(n))
        loader_problem(ld, n, "must be text, not %s", kind_of(n));
    else
        *out = to_text(ld, row, n);
}

static void read_texts(struct loader *ld,
                       const struct schema_row *row,
                       const struct yaml_node *n,
                       void *out)
{
    bool one = n->kind == YAML_SCALAR && !yaml_is_null(n) && (row->flags & ROW_OR_ONE) != 0;
    struct conf_strings list = { .count = one ? 1 : n->count };
    const char **items;

    if (!one && !is_list(ld, row, n))
        return;
    items = arena_alloc(ld->arena, list.count * sizeof(items[0]));
    if (items == NULL) {
        loader_nomem(ld);
        return;
    }
    for (const struct yaml_node *item = one ? n : n->first; item != NULL;
         item = one ? NULL : item->next)
        read_item(ld, row, item, one ? items : &items[item->index]);
    list.items = items;
    memcpy(out, &list, sizeof(list));
}

/* (uid_t)-1 stands for no user in system calls. */
#define ID_MAX (UINT32_MAX - 1)

static void read_id(struct loader *ld, const struct yaml_node *n, uint32_t *out)
{
    struct sai_err e = { 0 };
    uint64_t v;

    if (n->refused)
        return;
    if (n->kind != YAML_SCALAR || yaml_is_null(n) || n->quoted)
        loader_problem(ld, n, "must be a whole number, not %s", kind_of(n));
    else if (!num_u64(n->text, n->len, &v, &e))
        loader_problem(ld, n, "%s, as an id is", e.text);
    else if (v > ID_MAX)
        loader_problem(ld, n, "must be between 0 and %u", ID_MAX);
    else
        *out = (uint32_t)v;
}

static void
read_ids(struct loader *ld, const struct schema_row *row, const struct yaml_node *n, void *out)
{
    struct conf_ids list = { .count = n->count };
    uint32_t *items;

    if (!is_list(ld, row, n))
        return;
    items = arena_alloc(ld->arena, list.count * sizeof(items[0]));
    if (items == NULL) {
        loader_nomem(ld);
        return;
    }
    for (const struct yaml_node *item = n->first; item != NULL; item = item->next)
        read_id(ld, item, &items[item->index]);
    list.items = items;
    memcpy(out, &list, sizeof(list));
}

static void read_one_id(struct loader *ld,
                        const struct schema_row *row,
                        const struct yaml_node *n,
                        void *out)
{
    uint32_t *id = arena_alloc(ld->arena, sizeof(*id));

    (void)row;
    if (id == NULL) {
        loader_nomem(ld);
        return;
    }
    read_id(ld, n, id);
    memcpy(out, &id, sizeof(id));
}

static void read_members(struct loader *ld,
                         const struct schema_row *row,
                         const struct yaml_node *n,
                         void *out)
{
    const char *text = NULL;

    if (n->kind == YAML_MAP)
        text = members_of(ld, n);
    else
        loader_problem(ld, n, "must be %s, not %s", row->type->article, kind_of(n));
    memcpy(out, &text, sizeof(const char *));
}

static bool equal_u64(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(uint64_t)) == 0;
}

static bool equal_int(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(int)) == 0;
}

static bool equal_id(const void *a, const void *b)
{
    const uint32_t *x = *(const uint32_t *const *)a;
    const uint32_t *y = *(const uint32_t *const *)b;

    return x == NULL || y == NULL ? x == y : *x == *y;
}

static bool equal_text(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;

    return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

static bool equal_texts(const void *a, const void *b)
{
    const struct conf_strings *x = a;
    const struct conf_strings *y = b;

    for (size_t i = 0; i < x->count && i < y->count; i++) {
        if (strcmp(x->items[i], y->items[i]) != 0)
            return false;
    }
    return x->count == y->count;
}

const struct schema_type type_bool = { "boolean", "true or false", read_bool };
const struct schema_type type_number = { "number", "a whole number", read_number, equal_u64,
                                         buf_u64 };
const struct schema_type type_duration = { "duration", "a duration", read_duration, equal_u64,
                                           num_put_duration };
const struct schema_type type_size = { "size", "a size", read_size, equal_u64, num_put_size };
const struct schema_type type_mode = { "file mode", "a file mode", read_mode, equal_int };
const struct schema_type type_choice = { "choice", "text", read_choice, equal_int };
const struct schema_type type_constant = { "constant", "text", read_constant };
const struct schema_type type_text = { "text", "text", read_text, equal_text };
const struct schema_type type_path = { "path", "text", read_text, equal_text };
const struct schema_type type_socket = { "path", "text", read_text, equal_text };
const struct schema_type type_texts = { "list of texts", "a list", read_texts, equal_texts };
const struct schema_type type_paths = { "list of paths", "a list", read_texts, equal_texts };
const struct schema_type type_names = { "list of file names", "a list", read_texts,
                                        equal_texts };
const struct schema_type type_id = { "number", "a whole number", read_one_id, equal_id };
const struct schema_type type_ids = { "list of numbers", "a list", read_ids };
const struct schema_type type_members = { "map", "a map", read_members };
