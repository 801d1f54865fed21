/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a configuration may hold, as rows: the loader, conf_check_reload() and the reference
 * are all driven by them. A new key is a new row (conf/rows*.c), a new kind of value a new type
 * (conf/types.c). */

#include "base/arena.h"
#include "base/buf.h"
#include "codec/yaml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What no key changes; each is a row of the reference's table of fixed limits. */
enum {
    CONF_MAX_FILE_BYTES = 1 << 20,
    CONF_MAX_YAML_DEPTH = 32,
    CONF_MAX_YAML_NODES = 10000,
    CONF_MAX_TEXT_BYTES = 4096,
    CONF_MAX_EXTRA_BYTES = 65536,
    CONF_MAX_UNIX_PATH_BYTES = 107,
    CONF_MAX_URL_BYTES = 255,
};

/* One run of conf_parse(). */
struct loader {
    const struct yaml_doc *doc;
    struct arena *arena; /* the configuration's */
    struct sai_report *report;
};

/* Reports a mistake at the node. */
void loader_problem(struct loader *ld, const struct yaml_node *n, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void loader_nomem(struct loader *ld);

struct schema_row;

struct schema_type {
    const char *name;    /* in the reference */
    const char *article; /* "a duration", in messages */
    /* Reads the node into *out, which stays zero where a mistake was reported. */
    void (*read)(struct loader *ld,
                 const struct schema_row *row,
                 const struct yaml_node *n,
                 void *out);
    /* For ROW_RESTART; NULL: no row of this type has it. */
    bool (*equal)(const void *a, const void *b);
    void (*put)(struct buf *b, uint64_t v); /* a bound of the range as the user writes it */
};

extern const struct schema_type type_bool;     /* bool */
extern const struct schema_type type_number;   /* uint64_t */
extern const struct schema_type type_duration; /* uint64_t, ms */
extern const struct schema_type type_size;     /* uint64_t, bytes */
extern const struct schema_type type_mode;     /* unsigned */
extern const struct schema_type type_choice;   /* an enum */
extern const struct schema_type type_constant; /* nothing: the one choice must be there */
extern const struct schema_type type_text;     /* const char * */
extern const struct schema_type type_path;     /* const char *, resolved */
extern const struct schema_type type_socket;   /* const char *, resolved unless "@name" */
extern const struct schema_type type_texts;    /* struct conf_strings */
extern const struct schema_type type_paths;    /* struct conf_strings, resolved */
extern const struct schema_type type_names;    /* struct conf_strings, those with / resolved */
extern const struct schema_type type_id;       /* const uint32_t *: a user's or group's */
extern const struct schema_type type_ids;      /* struct conf_ids */
extern const struct schema_type type_members;  /* const char *: members of a JSON object */

struct schema_choice {
    const char *name; /* NULL ends the list */
    int value;
};

enum schema_flag {
    ROW_REQUIRED = 1,       /* in a section that is there */
    ROW_RESTART = 2,        /* cannot change in a reload */
    ROW_RESTART_IF_SET = 4, /* may change, but not appear or vanish, in a reload; of a section
                               that notes its presence, too */
    ROW_SECONDS = 8,        /* a duration of whole seconds */
    ROW_OR_ONE = 16,        /* a list that may also be written as its only item */
};

typedef bool schema_check_fn(const char *text, struct sai_err *e);

struct schema_row {
    const char *key;                /* NULL ends the list */
    const struct schema_type *type; /* NULL: a section, or a list of them */
    size_t offset;                  /* of the value in the section's struct */
    unsigned flags;
    uint64_t min; /* the range of a number; of a list, how many items */
    uint64_t max;
    const char *preset; /* the default, read as if the file had it; NULL: none */
    const struct schema_choice *choices;
    schema_check_fn *check; /* of a text, or of each in a list */
    const char *allowed;    /* in the reference, where range and choices do not say it */
    const char *help;

    const struct schema_row *section;
    size_t count_offset;   /* of the number of items, for a list of sections */
    size_t item_bytes;     /* 0: one section */
    size_t present_offset; /* of a bool: the file has the section; 0: nobody asks */
};

extern const struct schema_row conf_rows[];
extern const struct schema_row conf_claim_rows[]; /* of one claim rule */

/* Fills the section's struct at base from the map; NULL: the section is absent, so that only
 * defaults are set. */
void load_section(struct loader *ld,
                  const struct schema_row *rows,
                  const struct yaml_node *map,
                  void *base);

/* The nearest of the words to what was written, if it is near enough to be meant; else
 * NULL. next(list, i) gives the i-th word, NULL after the last. */
typedef const char *word_fn(const void *list, size_t i);
const char *suggest_word(const char *written, word_fn *next, const void *list);

/* Mistakes that no single row can see. */
struct conf;
void check_conf(struct loader *ld, const struct conf *c);
