/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/num.h"
#include "codec/yaml.h"

#include <stdio.h>
#include <string.h>

/* A path is written from its end, as the way from a node leads to the root. */
struct path {
    char text[256]; /* more than an error holds, which marks what it cuts */
    size_t start;   /* of what is written */
};

static void prepend(struct path *p, const char *s, size_t len)
{
    while (len > 0 && p->start > 0) {
        char c = s[--len];

        if (c < ' ' || c > '~')
            c = '?';
        p->text[--p->start] = c;
    }
}

static void prepend_index(struct path *p, size_t index)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "[%zu]", index);
    prepend(p, text, strlen(text));
}

/* A key itself has the path of its map. */
static void prepend_step(struct path *p, const struct yaml_node *n)
{
    if (n->parent->kind == YAML_LIST) {
        prepend_index(p, n->index);
    } else if (n->key != NULL) {
        prepend(p, n->key->text, n->key->len);
        if (n->parent->parent != NULL)
            prepend(p, ".", 1);
    }
}

void yaml_locate(const struct yaml_doc *doc, const struct yaml_node *n, struct sai_err *e)
{
    struct path p = { .start = sizeof(p.text) - 1 };

    err_in_file(e, doc->file, n->line, n->column);
    for (; n->parent != NULL; n = n->parent)
        prepend_step(&p, n);
    err_at_path(e, p.text + p.start);
}

static const struct yaml_node *member(const struct yaml_node *map, const char *key, size_t len)
{
    if (map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml_node *n = map->first; n != NULL; n = n->next) {
        if (n->key->len == len && memcmp(n->key->text, key, len) == 0)
            return n;
    }
    return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    return member(map, key, strlen(key));
}

static const struct yaml_node *
item(const struct yaml_node *list, const char *digits, size_t len)
{
    struct sai_err e = { 0 };
    const struct yaml_node *n = list->kind == YAML_LIST ? list->first : NULL;
    uint64_t index;

    if (!num_u64(digits, len, &index, &e))
        return NULL;
    while (n != NULL && n->index != index)
        n = n->next;
    return n;
}

const struct yaml_node *yaml_find(const struct yaml_doc *doc, const char *path)
{
    const struct yaml_node *n = doc->root;

    while (*path != '\0') {
        bool in_list = *path == '[';
        const char *start = path + (in_list || *path == '.' ? 1 : 0);
        size_t len = strcspn(start, in_list ? "]" : ".[");
        const struct yaml_node *next = in_list ? item(n, start, len) : member(n, start, len);

        if (next == NULL)
            break;
        n = next;
        path = start + len + (in_list && start[len] == ']' ? 1 : 0);
    }
    return n;
}

bool yaml_is_null(const struct yaml_node *n)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL" };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (n->kind == YAML_SCALAR && !n->quoted && strcmp(n->text, words[i]) == 0)
            return true;
    }
    return false;
}
