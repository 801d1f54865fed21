/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/compile.h"

#include "accounts/names.h"
#include "base/err.h"
#include "rules/problem.h"
#include "rules/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void complain(struct compile *c, const char *member, const char *fmt, ...)
{
    struct sai_err e = { 0 };
    va_list ap;

    va_start(ap, fmt);
    err_set_vtext(&e, SAI_E_INVALID, fmt, ap);
    va_end(ap);
    (void)snprintf(e.path, sizeof(e.path), "claims[%zu]%s%s", c->i, member == NULL ? "" : ".",
                   member == NULL ? "" : member);
    report_add(c->report, SAI_ERROR, &e);
}

void complain_err(struct compile *c, const char *member, const struct sai_err *e)
{
    if (e->code == SAI_E_NOMEM)
        c->nomem = true;
    else
        complain(c, member, "%s", e->text);
}

struct item_member item_member(const char *member, size_t j)
{
    struct item_member out;

    (void)snprintf(out.text, sizeof(out.text), "%s[%zu]", member, j);
    return out;
}

const char *copy_text(struct compile *c, const char *s)
{
    const char *copy = arena_strdup(c->arena, s);

    if (copy != NULL)
        return copy;
    c->nomem = true;
    return "";
}

struct sai_strings copy_list(struct compile *c, const struct sai_strings *list)
{
    const char **items = arena_alloc(c->arena, (list->count + 1) * sizeof(*items));

    if (items == NULL) {
        c->nomem = true;
        return (struct sai_strings){ 0 };
    }
    for (size_t i = 0; i < list->count; i++)
        items[i] = copy_text(c, list->items[i]);
    return (struct sai_strings){ items, list->count };
}

static void set_what(struct compile *c, const struct sai_claim_rule *from, struct rule *rule)
{
    char what[128];

    if (from->source == SAI_SOURCE_VALUE || from->source == SAI_SOURCE_TEMPLATE)
        (void)snprintf(what, sizeof(what), "%s", source_word(from->source));
    else
        (void)snprintf(what, sizeof(what), "%s \"%s\"", source_word(from->source),
                       shown(from->from).text);
    rule->what = copy_text(c, what);
}

static void set_source(struct compile *c, const struct sai_claim_rule *from, struct rule *rule)
{
    const char *text;
    struct sai_err e = { 0 };

    if (source_word(from->source) == NULL || from->from == NULL) {
        complain(c, NULL, "has no source");
        return;
    }
    rule->kind = from->source;
    set_what(c, from, rule);
    text = copy_text(c, from->from);
    if (c->nomem || from->source == SAI_SOURCE_VALUE)
        return;
    if (!(from->source == SAI_SOURCE_TEMPLATE
              ? template_parse(c->arena, text, &rule->template, &e)
              : source_set(&rule->source, from->source, text, &e)))
        complain_err(c, source_word(from->source), &e);
}

static void set_pattern(struct compile *c, const char *text, struct rule *rule)
{
    struct pattern *p = NULL;
    struct sai_err e = { 0 };

    if (text == NULL)
        return;
    if (!pattern_new(text, &p, &e)) {
        complain_err(c, "pattern", &e);
        return;
    }
    c->rules->patterns[c->rules->pattern_count++] = p;
    rule->pattern = p;
}

static void set_namespaces(struct compile *c, const struct sai_strings *from, struct rule *rule)
{
    for (size_t j = 0; j < from->count; j++) {
        struct sai_err why = { 0 };

        if (!name_check_label(from->items[j], &why))
            complain(c, item_member("namespaces", j).text, "\"%s\": %s",
                     shown(from->items[j]).text, why.text);
    }
    rule->namespaces = copy_list(c, from);
}

static void set_audiences(struct compile *c, const struct sai_strings *from, struct rule *rule)
{
    const struct sai_policy_options *o = c->options;
    unsigned char *marks;

    if (from->count == 0)
        return;
    marks = arena_alloc(c->arena, o->audience_count + 1);
    if (marks == NULL) {
        c->nomem = true;
        return;
    }
    for (size_t j = 0; j < from->count; j++) {
        size_t i = 0;

        while (i < o->audience_count && strcmp(o->audiences[i].name, from->items[j]) != 0)
            i++;
        if (i == o->audience_count)
            complain(c, item_member("audiences", j).text, "audience \"%s\" is not configured",
                     shown(from->items[j]).text);
        marks[i] = 1; /* one more place than audiences */
    }
    rule->for_audience = marks;
}

/* A text that the administrator wrote must pass what the accounts' texts must. */
static bool render(struct compile *c,
                   const struct rule *rule,
                   const char *member,
                   const char *text,
                   struct fixed_json *out)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, SIZE_MAX / 2);
    if (!rule_put(rule, c->rules->tag_text, text, c->run, &b, &e) || !buf_ok(&b, &e)) {
        complain_err(c, member, &e);
        return false;
    }
    out->len = b.len;
    out->bytes = arena_strndup(c->arena, b.data, b.len);
    c->nomem = c->nomem || out->bytes == NULL;
    return true;
}

static void set_limits(struct compile *c, const struct sai_claim_rule *from, struct rule *rule)
{
    rule->max_length =
        from->max_length == 0 ? (size_t)RULE_TEXT_DEFAULT_BYTES : (size_t)from->max_length;
    if (from->max_length > RULE_TEXT_MAX_BYTES)
        complain(c, "maxLength", "%llu bytes: at most %d", (unsigned long long)from->max_length,
                 (int)RULE_TEXT_MAX_BYTES);
}

/* Texts of the rule itself, once all that constrains them is known. */
static void set_texts(struct compile *c, const struct sai_claim_rule *from, struct rule *rule)
{
    struct fixed_json unused;

    for (size_t j = 0; j < from->one_of.count; j++)
        (void)render(c, rule, item_member("oneOf", j).text, from->one_of.items[j], &unused);
    rule->one_of = copy_list(c, &from->one_of);
    rule->required = from->required;
    if (rule->kind == SAI_SOURCE_VALUE) {
        if (from->preset != NULL)
            complain(c, "default", "has no use: a constant is never missing");
        (void)render(c, rule, "value", from->from, &rule->value);
        return;
    }
    if (from->preset == NULL)
        return;
    if (from->required)
        complain(c, "default", "has no use: the rule is required");
    (void)render(c, rule, "default", from->preset, &rule->preset);
}

static void
compile_rule(struct compile *c, const struct sai_claim_rule *from, struct rule *rule)
{
    size_t before = sai_report_total(c->report, SAI_ERROR);

    set_source(c, from, rule);
    compile_target(c, from, rule);
    if (value_type_word(from->type) == NULL)
        complain(c, "type", "no type of this number");
    else
        rule->type = from->type;
    set_pattern(c, from->pattern, rule);
    set_limits(c, from, rule);
    set_namespaces(c, &from->namespaces, rule);
    set_audiences(c, &from->audiences, rule);
    if (!c->nomem && sai_report_total(c->report, SAI_ERROR) == before)
        set_texts(c, from, rule);
}

static bool allocate(struct compile *c)
{
    const struct sai_policy_options *o = c->options;

    c->rules = calloc(1, sizeof(*c->rules));
    c->run = pattern_run_new();
    if (c->rules == NULL || c->run == NULL)
        return false;
    c->rules->items = arena_alloc(c->arena, (o->claim_count + 1) * sizeof(*c->rules->items));
    c->rules->patterns = arena_alloc(c->arena, (o->claim_count + 1) * sizeof(struct pattern *));
    return c->rules->items != NULL && c->rules->patterns != NULL;
}

bool rules_new(struct arena *arena,
               const struct sai_policy_options *options,
               struct rules **out,
               struct sai_report *r)
{
    struct compile c = { .arena = arena, .options = options, .report = r };

    c.nomem = !allocate(&c);
    if (options->claim_count > RULES_MAX)
        problem_add(r, "claims", "%zu rules: at most %d", options->claim_count, (int)RULES_MAX);
    else if (!c.nomem)
        c.rules->count = options->claim_count;
    for (c.i = 0; !c.nomem && c.i < c.rules->count; c.i++)
        compile_rule(&c, &options->claims[c.i], &c.rules->items[c.i]);
    if (!c.nomem)
        compile_targets_together(&c);
    pattern_run_free(c.run);
    *out = c.rules;
    return !c.nomem;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->pattern_count; i++)
        pattern_free(rules->patterns[i]);
    pattern_free(rules->tag_text);
    free(rules);
}

size_t rules_count(const struct rules *rules)
{
    return rules->count;
}

size_t rules_value_count(const struct rules *rules)
{
    return rules->count + 1;
}

struct sai_strings rules_value_path(const struct rules *rules, size_t i)
{
    return i < rules->count ? rules->items[i].path : rules->transitive_path;
}

bool rules_for_audience(const struct rules *rules, size_t i, size_t audience)
{
    const unsigned char *marks = rules->items[i].for_audience;

    return marks == NULL || marks[audience] != 0;
}
