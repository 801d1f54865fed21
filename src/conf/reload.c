/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"
#include "conf/schema.h"

#include <stdio.h>
#include <string.h>

void conf_locate(const struct conf *c, const char *path, struct sai_err *e)
{
    const struct yaml_node *n = yaml_find(c->doc, path);

    err_in_file(e, c->file, n->line, n->column);
    err_at_path(e, path);
}

struct change {
    const struct conf *next;
    struct sai_report *report;
};

static void refuse(const struct change *ch, const char *path, const char *text)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_INVALID, "%s", text);
    conf_locate(ch->next, path, &e);
    report_add(ch->report, SAI_ERROR, &e);
}

static bool is_set(const void *value)
{
    return *(const char *const *)value != NULL;
}

/* It is there in one of the two only. */
static void refuse_presence(const struct change *ch, const char *path, bool is_next)
{
    refuse(ch, path,
           is_next ? "cannot be added without a restart"
                   : "cannot be removed without a restart");
}

static void compare_row(const struct change *ch,
                        const struct schema_row *row,
                        const char *path,
                        const void *running,
                        const void *next)
{
    if ((row->flags & ROW_RESTART) != 0 && !row->type->equal(running, next))
        refuse(ch, path, "cannot change without a restart");
    if ((row->flags & ROW_RESTART_IF_SET) != 0 && is_set(running) != is_set(next))
        refuse_presence(ch, path, is_set(next));
}

static bool is_present(const struct schema_row *row, const void *base)
{
    bool present;

    memcpy(&present, (const char *)base + row->present_offset, sizeof(present));
    return present;
}

/* A section that may not. */
static bool
appears_or_vanishes(const struct schema_row *row, const void *running, const void *next)
{
    return (row->flags & ROW_RESTART_IF_SET) != 0 && row->present_offset != 0 &&
           is_present(row, running) != is_present(row, next);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables of rows */
static void compare_section(const struct change *ch,
                            const struct schema_row *rows,
                            const char *path,
                            const void *running,
                            const void *next)
{
    for (const struct schema_row *row = rows; row->key != NULL; row++) {
        const void *a = (const char *)running + row->offset;
        const void *b = (const char *)next + row->offset;
        char member[128];

        (void)snprintf(member, sizeof(member), "%s%s%s", path, path[0] == '\0' ? "" : ".",
                       row->key);
        /* What a list of sections describes is built anew at each reload. */
        if (row->type != NULL)
            compare_row(ch, row, member, a, b);
        else if (appears_or_vanishes(row, running, next))
            refuse_presence(ch, member, is_present(row, next));
        else if (row->item_bytes == 0)
            compare_section(ch, row->section, member, a, b);
    }
}

bool conf_check_reload(const struct conf *running,
                       const struct conf *next,
                       struct sai_report *r)
{
    const struct change ch = { .next = next, .report = r };
    size_t errors = sai_report_total(r, SAI_ERROR);

    compare_section(&ch, conf_rows, "", running, next);
    return sai_report_total(r, SAI_ERROR) == errors;
}
