/* SPDX-License-Identifier: Apache-2.0 */

/* Claim rules and accounts: whatever the bytes, rules compile or every problem is one printable
 * line, and what they give is one JSON object without duplicates, sorted at every level, or a
 * refusal that names its rule.
 *
 * The input is lines of a word, a blank and text; see the corpus. */

#include "base/err.h"
#include "issue/layout.h"
#include "rules/rules.h"
#include "rules/source.h"
#include "rules/value.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RULES = 8, ITEMS = 10, PAIRS = 16 };

static void check(bool ok)
{
    if (!ok)
        abort();
}

struct list {
    const char *items[ITEMS];
    size_t count;
};

struct lists {
    struct list claim;
    struct list one_of;
    struct list namespaces;
    struct list audiences;
};

struct input {
    struct sai_claim_rule rules[RULES];
    struct lists lists[RULES];
    size_t count;
    struct sai_pair pairs[4][PAIRS]; /* by enum sai_claim_source */
    size_t pair_counts[4];
};

static void push(struct list *l, const char *text)
{
    if (l->count < ITEMS)
        l->items[l->count++] = text;
}

static void set_list(struct lists *l, const char *word, const char *text)
{
    if (strcmp(word, "claim") == 0)
        push(&l->claim, text);
    else if (strcmp(word, "oneOf") == 0)
        push(&l->one_of, text);
    else if (strcmp(word, "namespaces") == 0)
        push(&l->namespaces, text);
    else if (strcmp(word, "audiences") == 0)
        push(&l->audiences, text);
}

static void set_member(struct sai_claim_rule *rule, const char *word, const char *text)
{
    if (strcmp(word, "sessionTag") == 0)
        rule->session_tag = text;
    else if (strcmp(word, "transitive") == 0)
        rule->transitive = true;
    else if (strcmp(word, "required") == 0)
        rule->required = true;
    else if (strcmp(word, "default") == 0)
        rule->preset = text;
    else if (strcmp(word, "pattern") == 0)
        rule->pattern = text;
    else if (strcmp(word, "maxLength") == 0)
        rule->max_length = strlen(text) * 100;
    for (unsigned i = 0; source_word((enum sai_claim_source)i) != NULL; i++) {
        if (strcmp(word, source_word((enum sai_claim_source)i)) == 0) {
            rule->source = (enum sai_claim_source)i;
            rule->from = text;
        }
    }
    for (unsigned i = 0; strcmp(word, "type") == 0 && value_type_word((enum sai_claim_type)i);
         i++) {
        if (strcmp(text, value_type_word((enum sai_claim_type)i)) == 0)
            rule->type = (enum sai_claim_type)i;
    }
}

/* The account has WORD KEY VALUE. */
static void set_pair(struct input *in, char *text)
{
    char *key = strchr(text, ' ');
    char *value = key == NULL ? NULL : strchr(key + 1, ' ');

    if (value == NULL)
        return;
    *key = *value = '\0';
    for (unsigned i = 0; i < 4; i++) {
        size_t n = in->pair_counts[i];

        if (strcmp(text, source_word((enum sai_claim_source)i)) != 0 || n == PAIRS)
            continue;
        /* Sorted, no key twice. */
        if (n == 0 || strcmp(in->pairs[i][n - 1].key, key + 1) < 0)
            in->pairs[i][in->pair_counts[i]++] = (struct sai_pair){ key + 1, value + 1 };
    }
}

static void read_line(struct input *in, char *line)
{
    char *blank = strchr(line, ' ');
    char *text = blank == NULL ? line + strlen(line) : blank + 1;

    if (blank != NULL)
        *blank = '\0';
    if (strcmp(line, "rule") == 0 && in->count < RULES)
        in->count++;
    else if (strcmp(line, "has") == 0)
        set_pair(in, text);
    else if (in->count > 0) {
        set_list(&in->lists[in->count - 1], line, text);
        set_member(&in->rules[in->count - 1], line, text);
    }
}

static struct sai_strings strings_of(const struct list *l)
{
    return (struct sai_strings){ l->items, l->count };
}

static void read_input(struct input *in, char *text)
{
    char *rest = text;
    char *line;

    while ((line = strsep(&rest, "\n")) != NULL)
        read_line(in, line);
    for (size_t i = 0; i < in->count; i++) {
        in->rules[i].claim = strings_of(&in->lists[i].claim);
        in->rules[i].one_of = strings_of(&in->lists[i].one_of);
        in->rules[i].namespaces = strings_of(&in->lists[i].namespaces);
        in->rules[i].audiences = strings_of(&in->lists[i].audiences);
    }
}

static void check_line(const struct sai_err *e)
{
    char line[1024];

    check(e->code != SAI_OK && strncmp(e->path, "claims", 6) == 0 && e->text[0] != '\0');
    for (const char *c = sai_err_format(e, line, sizeof(line)); *c != '\0'; c++)
        check(*c >= ' ' && *c <= '~');
}

static void check_sorted(json_t *value)
{
    const char *before = NULL;
    const char *key;
    json_t *member;
    size_t i;

    json_array_foreach (value, i, member)
        check_sorted(member);
    json_object_foreach (value, key, member) {
        check(before == NULL || strcmp(before, key) < 0);
        before = key;
        check_sorted(member);
    }
}

static void write_claims(struct arena *arena,
                         const struct rules *rules,
                         const char *text,
                         const struct json_span *values)
{
    struct layout_leaf leaves[RULES + 1];
    AUTO(buf) struct buf out;
    struct layout *layout;
    json_t *claims;

    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < rules_value_count(rules); i++)
        leaves[i] = (struct layout_leaf){ .path = rules_value_path(rules, i), .value = i };
    layout = layout_new(arena, leaves, rules_value_count(rules));
    check(layout != NULL);
    layout_write(layout, &out, text, values);
    check(!out.failed);
    claims = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    check(claims != NULL && json_is_object(claims));
    check_sorted(claims);
    json_decref(claims);
}

static void apply(struct arena *arena, const struct rules *rules, const struct input *in)
{
    const struct sai_account account = {
        .namespace_name = "ns",
        .name = "sa",
        .uid = "u",
        .annotations = { in->pairs[SAI_SOURCE_ANNOTATION], in->pair_counts[0] },
        .labels = { in->pairs[SAI_SOURCE_LABEL], in->pair_counts[1] },
        .namespace_annotations = { in->pairs[SAI_SOURCE_NAMESPACE_ANNOTATION],
                                   in->pair_counts[2] },
        .namespace_labels = { in->pairs[SAI_SOURCE_NAMESPACE_LABEL], in->pair_counts[3] },
    };
    const size_t audience = 0;
    const struct rules_input input = {
        .account = &account, .pod = "p", .audiences = &audience, .audience_count = 1
    };
    struct json_span values[RULES + 1];
    struct rules_run *run;
    struct sai_err e = { 0 };
    AUTO(buf) struct buf text;

    buf_init(&text, 1 << 20);
    run = rules_run_new(&text);
    check(run != NULL);
    buf_str(&text, "x"); /* values begin anywhere */
    if (rules_apply(rules, &input, run, values, &e)) {
        check(e.code == SAI_OK && !text.failed);
        write_claims(arena, rules, text.data, values);
    } else {
        check(e.code == SAI_E_DENIED);
        check_line(&e);
    }
    rules_run_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sai_audience audience = { .name = "one", .profile = "generic" };
    char *copy = calloc(1, size + 1);
    struct input *in = calloc(1, sizeof(*in));
    struct sai_policy_options options = { .audiences = &audience, .audience_count = 1 };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(arena) struct arena *arena = arena_new();
    struct rules *rules = NULL;

    check(copy != NULL && in != NULL && r != NULL && arena != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    read_input(in, copy);
    options.claims = in->rules;
    options.claim_count = in->count;
    check(rules_new(arena, &options, &rules, r));
    for (size_t i = 0; i < sai_report_count(r); i++)
        check_line(sai_report_get(r, i, NULL));
    if (sai_report_count(r) == 0)
        apply(arena, rules, in);
    rules_free(rules);
    free(in);
    free(copy);
    return 0;
}
