/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "conf/conf.h"
#include "conf/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void loader_problem(struct loader *ld, const struct yaml_node *n, const char *fmt, ...)
{
    struct sai_err e = { 0 };
    va_list ap;

    va_start(ap, fmt);
    err_set_vtext(&e, SAI_E_INVALID, fmt, ap);
    va_end(ap);
    /* What the user wrote may be part of it, and must not forge lines or hide itself. */
    for (char *c = e.text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    yaml_locate(ld->doc, n, &e);
    report_add(ld->report, SAI_ERROR, &e);
}

void loader_nomem(struct loader *ld)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_NOMEM, "out of memory");
    report_add(ld->report, SAI_ERROR, &e);
}

static const struct schema_row *find_row(const struct schema_row *rows, const char *key)
{
    for (const struct schema_row *row = rows; row->key != NULL; row++) {
        if (strcmp(row->key, key) == 0)
            return row;
    }
    return NULL;
}

static const char *row_key(const void *list, size_t i)
{
    return ((const struct schema_row *)list)[i].key;
}

static void
unknown_key(struct loader *ld, const struct schema_row *rows, const struct yaml_node *n)
{
    const char *near = suggest_word(n->key->text, row_key, rows);
    AUTO(buf) struct buf known;
    struct sai_err e = { 0 };

    buf_init(&known, 1024);
    if (near != NULL) {
        loader_problem(ld, n->key, "unknown key \"%.40s\", did you mean %s?", n->key->text,
                       near);
        return;
    }
    for (const struct schema_row *row = rows; row->key != NULL; row++)
        buf_printf(&known, "%s%s", row == rows ? "" : ", ", row->key);
    if (buf_ok(&known, &e))
        loader_problem(ld, n->key, "unknown key \"%.40s\", known here are %s", n->key->text,
                       known.data);
    else
        loader_nomem(ld);
}

static void *at(void *base, size_t offset)
{
    return (char *)base + offset;
}

static void store_pointer(void *slot, void *p)
{
    memcpy(slot, &p, sizeof(p));
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables of rows */
static void load_items(struct loader *ld,
                       const struct schema_row *row,
                       const struct yaml_node *list,
                       void *base)
{
    size_t count = list->count;
    char *items;

    if (list->kind != YAML_LIST) {
        loader_problem(ld, list, "must be a list of maps");
        return;
    }
    if (count < row->min || count > row->max) {
        loader_problem(ld, list, "must have %ju to %ju items, not %zu", (uintmax_t)row->min,
                       (uintmax_t)row->max, count);
        return;
    }
    items = arena_alloc(ld->arena, count * row->item_bytes);
    if (items == NULL) {
        loader_nomem(ld);
        return;
    }
    for (const struct yaml_node *n = list->first; n != NULL; n = n->next)
        load_section(ld, row->section, n, items + n->index * row->item_bytes);
    store_pointer(at(base, row->offset), items);
    memcpy(at(base, row->count_offset), &count, sizeof(count));
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables of rows */
static void load_value(struct loader *ld,
                       const struct schema_row *row,
                       const struct yaml_node *n,
                       void *base)
{
    if (n->refused)
        return;
    if (row->type != NULL)
        row->type->read(ld, row, n, at(base, row->offset));
    else if (row->item_bytes != 0)
        load_items(ld, row, n, base);
    else
        load_section(ld, row->section, n, at(base, row->offset));
    if (row->present_offset != 0)
        memcpy(at(base, row->present_offset), &(bool){ true }, sizeof(bool));
}

/* A default as if the file had it. One that is no scalar is parsed by itself. */
static void load_preset(struct loader *ld, const struct schema_row *row, void *out)
{
    const struct yaml_input in = { .file = "default",
                                   .text = row->preset,
                                   .len = strlen(row->preset),
                                   .max_depth = CONF_MAX_YAML_DEPTH,
                                   .max_nodes = CONF_MAX_YAML_NODES };
    const struct yaml_node scalar = { .kind = YAML_SCALAR, .text = in.text, .len = in.len };
    const struct yaml_node *n = &scalar;
    struct yaml_doc *doc = NULL;

    if (in.text[0] == '[' || in.text[0] == '{') {
        if (!yaml_parse(&in, ld->arena, &doc, ld->report))
            return;
        n = doc->root;
    }
    row->type->read(ld, row, n, out);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables of rows */
static void load_absent(struct loader *ld,
                        const struct schema_row *row,
                        const struct yaml_node *map,
                        void *base)
{
    const struct yaml_node key = { .kind = YAML_SCALAR,
                                   .text = row->key,
                                   .len = strlen(row->key) };
    struct yaml_node n = { .kind = YAML_SCALAR, .key = &key, .parent = map };

    if (map != NULL && (row->flags & ROW_REQUIRED) != 0) {
        n.line = map->line;
        n.column = map->column;
        loader_problem(ld, &n, "missing, it is required");
    } else if (row->type == NULL && row->item_bytes == 0) {
        load_section(ld, row->section, NULL, at(base, row->offset));
    } else if (row->type != NULL && row->preset != NULL) {
        load_preset(ld, row, at(base, row->offset));
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables of rows */
static void load_member(struct loader *ld,
                        const struct schema_row *rows,
                        const struct yaml_node *n,
                        void *base)
{
    const struct schema_row *row = find_row(rows, n->key->text);

    if (row != NULL)
        load_value(ld, row, n, base);
    else if (!n->refused)
        unknown_key(ld, rows, n);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables of rows */
void load_section(struct loader *ld,
                  const struct schema_row *rows,
                  const struct yaml_node *map,
                  void *base)
{
    const struct yaml_node *first = map == NULL ? NULL : map->first;

    if (map != NULL && map->refused)
        return;
    if (map != NULL && map->kind != YAML_MAP) {
        loader_problem(ld, map, "must be a map of keys and values%s",
                       yaml_is_null(map) ? ", but is empty" : "");
        return;
    }
    for (const struct yaml_node *n = first; n != NULL; n = n->next)
        load_member(ld, rows, n, base);
    for (const struct schema_row *row = rows; row->key != NULL; row++) {
        if (map == NULL || yaml_get(map, row->key) == NULL)
            load_absent(ld, row, map, base);
    }
}

static struct conf *new_conf(const char *file)
{
    AUTO(conf) struct conf *c = calloc(1, sizeof(*c));

    if (c != NULL)
        c->arena = arena_new();
    if (c == NULL || c->arena == NULL)
        return NULL;
    c->file = arena_strdup(c->arena, file);
    return c->file == NULL ? NULL : TAKE(c);
}

bool conf_parse(
    const char *file, const char *text, size_t len, struct conf **out, struct sai_report *r)
{
    AUTO(conf) struct conf *c = new_conf(file);
    size_t errors = sai_report_total(r, SAI_ERROR);
    size_t first = sai_report_count(r);
    struct loader ld = { .report = r };
    struct yaml_doc *doc = NULL;

    if (c == NULL) {
        loader_nomem(&ld);
        return false;
    }
    const struct yaml_input in = { .file = c->file,
                                   .text = text,
                                   .len = len,
                                   .max_depth = CONF_MAX_YAML_DEPTH,
                                   .max_nodes = CONF_MAX_YAML_NODES };

    if (!yaml_parse(&in, c->arena, &doc, r) && doc == NULL)
        return false;
    c->doc = doc;
    ld.doc = doc;
    ld.arena = c->arena;
    load_section(&ld, conf_rows, doc->root, c);
    check_conf(&ld, c);
    /* What is on by default is off where it has no sense. */
    c->callers.exchange = c->callers.exchange && c->callers.kubernetes.audience != NULL;
    report_sort(r, first);
    if (sai_report_total(r, SAI_ERROR) != errors)
        return false;
    *out = TAKE(c);
    return true;
}

bool conf_load(const char *file, struct conf **out, struct sai_report *r)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf text;

    buf_init(&text, CONF_MAX_FILE_BYTES + 1);
    if (!file_read(file, CONF_MAX_FILE_BYTES, &text, NULL, &e)) {
        report_add(r, SAI_ERROR, &e);
        return false;
    }
    return conf_parse(file, text.len == 0 ? "" : text.data, text.len, out, r);
}

void conf_free(struct conf *c)
{
    if (c == NULL)
        return;
    arena_free(c->arena);
    free(c);
}
