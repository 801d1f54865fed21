/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "conf/conf.h"
#include "conf/schema.h"

#include <stdio.h>
#include <string.h>

static const char intro[] =
    "# Configuration\n"
    "\n"
    "`sa-issuerd` reads one YAML file. This page is what `sa-issuerd check --explain` prints; "
    "it\n"
    "comes from the tables that the loader itself works with.\n"
    "\n"
    "- Unknown and duplicate keys, wrong types and values out of range are errors. All of them "
    "are\n"
    "  reported in one run, each as `file:line:column: path: message`.\n"
    "- One document in UTF-8; anchors, aliases, merge keys and most tags are refused.\n"
    "- A duration is written like `30s`, `5m`, `1h30m`, `250ms` or `7d`, a size like `65536`,\n"
    "  `64KiB` or `1MiB`. Numbers and `true`/`false` stand without quotes.\n"
    "- A relative path is relative to the directory of the file.\n"
    "- The file is read again on SIGHUP, and when it changes if `reload.watch` is set. A "
    "change that\n"
    "  is marked *Restart* is refused then, and the running configuration stays.\n"
    "\n"
    "The least that a file can hold:\n"
    "\n"
    "```yaml\n"
    "apiVersion: sa-issuerd/v1\n"
    "kind: Configuration\n"
    "listeners:\n"
    "  discovery: { address: \"127.0.0.1:8080\" }\n"
    "issuers:\n"
    "  - url: http://127.0.0.1:8080\n"
    "    role: publish\n"
    "    keys: { files: [keys] }\n"
    "```\n";

/* What can be read of one section. */
struct section {
    const struct schema_row *rows;
    char path[128];
    const char *help;
};

enum { SECTIONS_MAX = 64 };

struct reference {
    struct buf *out;
    struct section waiting[SECTIONS_MAX]; /* the next to be written is the last */
    size_t waiting_count;
    struct section written[SECTIONS_MAX];
    size_t written_count;
};

typedef void cell_fn(struct buf *b, const struct schema_row *row);

static void put_key(struct buf *b, const struct schema_row *row)
{
    buf_printf(b, "`%s`", row->key);
}

static void put_type(struct buf *b, const struct schema_row *row)
{
    if (row->type != NULL)
        buf_str(b, row->type->name);
    else
        buf_str(b, row->item_bytes == 0 ? "map" : "list of maps");
}

static void put_default(struct buf *b, const struct schema_row *row)
{
    if ((row->flags & ROW_REQUIRED) != 0)
        buf_str(b, "required");
    else if (row->preset != NULL)
        buf_printf(b, "`%s`", row->preset);
    else
        buf_str(b, row->type == NULL ? "optional" : "none");
}

static void put_allowed(struct buf *b, const struct schema_row *row)
{
    if (row->allowed != NULL) {
        buf_str(b, row->allowed);
    } else if (row->choices != NULL) {
        for (size_t i = 0; row->choices[i].name != NULL; i++)
            buf_printf(b, "%s`%s`", i == 0 ? "" : ", ", row->choices[i].name);
    } else if (row->type == NULL) {
        buf_str(b, "see below");
    } else if (row->type->put != NULL) {
        row->type->put(b, row->min);
        buf_str(b, " to ");
        row->type->put(b, row->max);
    } else if (row->type == &type_bool) {
        buf_str(b, "`true`, `false`");
    } else {
        buf_str(b, "any");
    }
}

static void put_restart(struct buf *b, const struct schema_row *row)
{
    if ((row->flags & ROW_RESTART) != 0)
        buf_str(b, "yes");
    else if ((row->flags & ROW_RESTART_IF_SET) != 0)
        buf_str(b, "to add or remove");
}

static void put_help(struct buf *b, const struct schema_row *row)
{
    buf_str(b, row->help);
}

static const struct column {
    const char *title;
    cell_fn *put;
} columns[] = {
    { "Key", put_key },         { "Type", put_type },       { "Default", put_default },
    { "Allowed", put_allowed }, { "Restart", put_restart }, { "Meaning", put_help },
};

enum { COLUMNS = ARRAY_SIZE(columns), CELL_MAX = 1024 };

/* So that the table is one in a terminal too; the last column may be ragged. */
static size_t width_of(const struct column *column, const struct schema_row *rows)
{
    size_t width = strlen(column->title);
    AUTO(buf) struct buf cell;

    buf_init(&cell, CELL_MAX);
    for (const struct schema_row *row = rows; row->key != NULL; row++) {
        buf_reset(&cell);
        column->put(&cell, row);
        if (cell.len > width)
            width = cell.len;
    }
    return width;
}

static void put_padded(struct buf *out, const char *text, size_t width)
{
    buf_printf(out, "| %-*s ", (int)width, text);
}

static void put_dashes(struct buf *out, size_t count)
{
    buf_char(out, '|');
    while (count-- > 0)
        buf_char(out, '-');
}

static void put_table(struct buf *out, const struct schema_row *rows)
{
    size_t widths[COLUMNS] = { 0 };
    AUTO(buf) struct buf cell;

    buf_init(&cell, CELL_MAX);
    for (size_t i = 0; i + 1 < COLUMNS; i++)
        widths[i] = width_of(&columns[i], rows);
    for (size_t i = 0; i < COLUMNS; i++)
        put_padded(out, columns[i].title, widths[i]);
    buf_str(out, "|\n");
    for (size_t i = 0; i + 1 < COLUMNS; i++)
        put_dashes(out, widths[i] + 2);
    put_dashes(out, strlen(columns[COLUMNS - 1].title) + 2);
    buf_str(out, "|\n");
    for (const struct schema_row *row = rows; row->key != NULL; row++) {
        for (size_t i = 0; i < COLUMNS; i++) {
            buf_reset(&cell);
            columns[i].put(&cell, row);
            put_padded(out, cell.len == 0 ? "" : cell.data, widths[i]);
        }
        buf_str(out, "|\n");
    }
}

static void add_waiting(struct reference *ref, const struct section *parent)
{
    const struct schema_row *end = parent->rows;

    while (end->key != NULL)
        end++;
    /* From the last, as the last that waits is written first. */
    for (const struct schema_row *row = end; row-- != parent->rows;) {
        struct section *s = &ref->waiting[ref->waiting_count];
        int len;

        if (row->section == NULL || ref->waiting_count == SECTIONS_MAX)
            continue;
        s->rows = row->section;
        s->help = row->help;
        len = snprintf(s->path, sizeof(s->path), "%s%s%s%s", parent->path,
                       parent->path[0] == '\0' ? "" : ".", row->key,
                       row->item_bytes == 0 ? "" : "[]");
        if (len > 0 && (size_t)len < sizeof(s->path))
            ref->waiting_count++;
    }
}

static const char *path_of_written(const struct reference *ref, const struct schema_row *rows)
{
    for (size_t i = 0; i < ref->written_count; i++) {
        if (ref->written[i].rows == rows)
            return ref->written[i].path;
    }
    return NULL;
}

static void put_section(struct reference *ref, const struct section *s)
{
    const char *same = path_of_written(ref, s->rows);

    if (s->path[0] == '\0')
        buf_printf(ref->out, "\n## Top level\n\n%s\n\n", s->help);
    else
        buf_printf(ref->out, "\n## `%s`\n\n%s\n\n", s->path, s->help);
    if (same != NULL) {
        buf_printf(ref->out, "It has the keys of `%s`.\n", same);
        return;
    }
    put_table(ref->out, s->rows);
    if (ref->written_count < SECTIONS_MAX)
        ref->written[ref->written_count++] = *s;
    add_waiting(ref, s);
}

/* The limits that no key changes. */
static const struct fixed_limit {
    const char *what;
    uint64_t value;
    void (*put)(struct buf *b, uint64_t v);
    const char *help;
} fixed_limits[] = {
    { "configuration file", CONF_MAX_FILE_BYTES, num_put_size,
      "Read whole before it is parsed." },
    { "nesting", CONF_MAX_YAML_DEPTH, buf_u64, "Levels of lists and maps within each other." },
    { "keys and values", CONF_MAX_YAML_NODES, buf_u64, "In the whole file." },
    { "one text", CONF_MAX_TEXT_BYTES, buf_u64, "Bytes of a path or other text." },
    { "path of a Unix socket", CONF_MAX_UNIX_PATH_BYTES, buf_u64,
      "Bytes after it was resolved; what the kernel's `sockaddr_un` holds." },
    { "issuer URL", CONF_MAX_URL_BYTES, buf_u64, "Characters; `jwksURI` likewise." },
    { "`discovery.extra`", CONF_MAX_EXTRA_BYTES, num_put_size, "As JSON." },
};

static void put_fixed_limits(struct buf *out)
{
    AUTO(buf) struct buf value;

    buf_init(&value, CELL_MAX);
    buf_str(out,
            "\n## Fixed limits\n\nThese hold for every configuration; more is an error.\n\n");
    buf_printf(out, "| %-22s | %-8s | Meaning |\n", "What", "At most");
    buf_str(out, "|------------------------|----------|---------|\n");
    for (size_t i = 0; i < ARRAY_SIZE(fixed_limits); i++) {
        buf_reset(&value);
        fixed_limits[i].put(&value, fixed_limits[i].value);
        buf_printf(out, "| %-22s | %-8s | %s |\n", fixed_limits[i].what,
                   value.data == NULL ? "" : value.data, fixed_limits[i].help);
    }
}

void conf_explain(struct buf *out)
{
    struct reference ref = { .out = out };

    ref.waiting[ref.waiting_count++] =
        (struct section){ .rows = conf_rows, .help = "The keys of the file itself." };
    buf_str(out, intro);
    while (ref.waiting_count > 0) {
        struct section next = ref.waiting[--ref.waiting_count];

        put_section(&ref, &next);
    }
    put_fixed_limits(out);
}
