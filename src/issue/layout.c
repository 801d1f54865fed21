/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/layout.h"

#include "base/json_out.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct text {
    const char *bytes;
    size_t len;
};

struct step {
    struct text *names; /* "name":  written out, from the outermost object inwards */
    size_t depth;
    size_t shared; /* leading names that are those of the step before */
    size_t value;
};

struct layout {
    struct step *steps;
    size_t count;
};

static int compare_leaves(const void *a, const void *b)
{
    const struct sai_strings *x = &((const struct layout_leaf *)a)->path;
    const struct sai_strings *y = &((const struct layout_leaf *)b)->path;

    for (size_t i = 0; i < x->count && i < y->count; i++) {
        int order = strcmp(x->items[i], y->items[i]);

        if (order != 0)
            return order;
    }
    return (x->count > y->count) - (x->count < y->count);
}

static size_t count_shared(const struct sai_strings *a, const struct sai_strings *b)
{
    size_t n = 0;

    while (n < a->count && n < b->count && strcmp(a->items[n], b->items[n]) == 0)
        n++;
    return n;
}

static bool set_name(struct arena *arena, struct text *out, const char *name)
{
    AUTO(buf) struct buf b;

    buf_init(&b, SIZE_MAX / 2);
    json_out_string(&b, name);
    buf_char(&b, ':');
    out->len = b.len;
    out->bytes = b.failed ? NULL : arena_strndup(arena, b.data, b.len);
    return out->bytes != NULL;
}

static bool set_step(struct arena *arena, struct step *s, const struct layout_leaf *leaf)
{
    s->depth = leaf->path.count;
    s->value = leaf->value;
    s->names = arena_alloc(arena, s->depth * sizeof(*s->names));
    if (s->names == NULL)
        return false;
    for (size_t i = 0; i < s->depth; i++) {
        if (!set_name(arena, &s->names[i], leaf->path.items[i]))
            return false;
    }
    return true;
}

struct layout *layout_new(struct arena *arena, struct layout_leaf *leaves, size_t count)
{
    struct layout *l = arena_alloc(arena, sizeof(*l));

    if (l == NULL)
        return NULL;
    l->steps = arena_alloc(arena, count * sizeof(*l->steps));
    if (l->steps == NULL)
        return NULL;
    qsort(leaves, count, sizeof(*leaves), compare_leaves);
    for (size_t i = 0; i < count; i++) {
        if (!set_step(arena, &l->steps[i], &leaves[i]))
            return NULL;
        if (i > 0)
            l->steps[i].shared = count_shared(&leaves[i - 1].path, &leaves[i].path);
    }
    l->count = count;
    return l;
}

static void close_objects(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_char(out, '}');
}

void layout_write(const struct layout *l,
                  struct buf *out,
                  const char *text,
                  const struct json_span *values)
{
    size_t open = 0;            /* objects within the outermost one */
    size_t shared = 0;          /* names in common with the last step that was written */
    const char *separator = ""; /* between two members */

    buf_char(out, '{');
    for (size_t i = 0; i < l->count; i++) {
        const struct step *s = &l->steps[i];
        const struct json_span *v = &values[s->value];

        /* Sorted: what two steps share is the least of what their neighbours between share. */
        shared = s->shared < shared ? s->shared : shared;
        if (v->len == 0)
            continue;
        close_objects(out, open - shared);
        buf_str(out, separator);
        for (size_t n = shared; n < s->depth; n++) {
            buf_add(out, s->names[n].bytes, s->names[n].len);
            if (n + 1 < s->depth)
                buf_char(out, '{');
        }
        buf_add(out, text + v->at, v->len);
        separator = ",";
        open = s->depth - 1;
        shared = SIZE_MAX;
    }
    close_objects(out, open + 1);
}
