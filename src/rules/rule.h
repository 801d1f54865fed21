/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Compiled rules from the inside, for the files of this room. */

#include "rules/pattern.h"
#include "rules/rules.h"
#include "rules/template.h"

#include <stdbool.h>

struct fixed_json {
    const char *bytes; /* NULL: none */
    size_t len;
};

struct rule {
    enum sai_claim_source kind;
    struct source source;     /* of all kinds but these two */
    struct template template; /* of SAI_SOURCE_TEMPLATE */
    struct fixed_json value;  /* of SAI_SOURCE_VALUE */
    struct fixed_json preset; /* instead of a missing source */
    const char *what;         /* of messages: annotation "example.com/team" */
    struct sai_strings path;
    const char *tag; /* the key of a session tag; NULL: none */
    bool transitive;
    bool required;
    enum sai_claim_type type;
    const struct pattern *pattern; /* NULL: none; the rules own it */
    struct sai_strings one_of;
    size_t max_length;
    struct sai_strings namespaces;     /* empty: all */
    const unsigned char *for_audience; /* a byte for each of the options; NULL: all */
};

struct rules {
    struct rule *items;
    size_t count;
    struct pattern **patterns; /* each once, for releasing them */
    size_t pattern_count;
    struct pattern *tag_text; /* what AWS takes in keys and values; NULL without tags */
    size_t *transitive;       /* rules, by their tags' keys */
    size_t transitive_count;
    struct sai_strings transitive_path;
};

enum { TAG_KEY_MAX = 128, TAG_VALUE_MAX = 256, TAGS_MAX = 50 };

struct rules_run {
    struct buf *text; /* where values go */
    struct pattern_run *patterns;
    struct buf template;
};

/* Checks a text against the constraints of the rule and appends its JSON value. Errors:
 * SAI_E_INVALID with a text that completes a sentence, SAI_E_NOMEM. */
bool rule_put(const struct rule *rule,
              const struct pattern *tag_text,
              const char *text,
              struct pattern_run *run,
              struct buf *out,
              struct sai_err *e) MUST_USE;
