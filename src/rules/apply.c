/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/json_out.h"
#include "base/utf8.h"
#include "rules/rule.h"
#include "rules/value.h"

#include <stdio.h>
#include <string.h>

struct rules_run *rules_run_new(struct buf *text)
{
    struct rules_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return NULL;
    run->text = text;
    buf_init(&run->template, RULE_TEXT_MAX_BYTES);
    run->patterns = pattern_run_new();
    if (run->patterns == NULL) {
        rules_run_free(run);
        return NULL;
    }
    return run;
}

void rules_run_free(struct rules_run *run)
{
    if (run == NULL)
        return;
    pattern_run_free(run->patterns);
    buf_done(&run->template);
    free(run);
}

static bool check_pattern(const struct pattern *p,
                          struct pattern_run *run,
                          const char *text,
                          size_t len,
                          struct sai_err *e)
{
    switch (pattern_match(p, run, text, len)) {
    case PATTERN_MATCHES:
        return true;
    case PATTERN_DIFFERS:
        return err_set(e, SAI_E_INVALID, "does not match the pattern");
    case PATTERN_GAVE_UP:
        break;
    }
    return err_set(e, SAI_E_INVALID, "takes the pattern too many steps to match");
}

/* AWS STS: values of session tags, as a PrincipalTag's. */
static bool check_tag(const struct pattern *tag_text,
                      size_t characters,
                      struct pattern_run *run,
                      const char *text,
                      size_t len,
                      struct sai_err *e)
{
    if (characters > TAG_VALUE_MAX)
        return err_set(e, SAI_E_INVALID,
                       "is %zu characters long: a session tag takes at most %d", characters,
                       (int)TAG_VALUE_MAX);
    if (pattern_match(tag_text, run, text, len) != PATTERN_MATCHES)
        return err_set(e, SAI_E_INVALID,
                       "holds a character that a session tag cannot: letters, numbers, spaces "
                       "and _ . : / = + - @ are what AWS takes");
    return true;
}

static bool is_one_of(const struct sai_strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            return true;
    }
    return list->count == 0;
}

bool rule_put(const struct rule *rule,
              const struct pattern *tag_text,
              const char *text,
              struct pattern_run *run,
              struct buf *out,
              struct sai_err *e)
{
    size_t len = strlen(text);
    size_t characters;

    if (len > rule->max_length)
        return err_set(e, SAI_E_INVALID, "is %zu bytes long: at most %zu", len,
                       rule->max_length);
    characters = utf8_count(text, len);
    if (characters == SIZE_MAX)
        return err_set(e, SAI_E_INVALID, "is not valid UTF-8");
    if (rule->pattern != NULL && !check_pattern(rule->pattern, run, text, len, e))
        return false;
    if (!is_one_of(&rule->one_of, text))
        return err_set(e, SAI_E_INVALID, "is none of the allowed values");
    if (rule->tag == NULL)
        return value_put(rule->type, text, len, out, e);
    if (!check_tag(tag_text, characters, run, text, len, e))
        return false;
    buf_char(out, '[');
    json_out_string_n(out, text, len);
    buf_char(out, ']');
    return true;
}

static bool is_for(const struct rule *rule, const struct rules_input *in)
{
    bool found = rule->for_audience == NULL;

    for (size_t i = 0; !found && i < in->audience_count; i++)
        found = rule->for_audience[in->audiences[i]] != 0;
    return found && is_one_of(&rule->namespaces, in->account->namespace_name);
}

/* NULL: missing, or too long for the template's buffer; then e is set. */
static const char *find_text(const struct rule *rule,
                             const struct rules_input *in,
                             struct rules_run *run,
                             struct sai_err *e)
{
    if (rule->kind != SAI_SOURCE_TEMPLATE)
        return source_find(&rule->source, in);
    buf_reset(&run->template);
    buf_str(&run->template, "");
    if (template_expand(&rule->template, in, &run->template) != NULL)
        return NULL;
    if (run->template.failed && run->template.too_long) {
        (void)err_set(e, SAI_E_INVALID, "is longer than %d bytes", (int)RULE_TEXT_MAX_BYTES);
        return NULL;
    }
    return buf_ok(&run->template, e) ? run->template.data : NULL;
}

/* Appends the claim's value. Errors complete a sentence about the rule's source. */
static enum sai_rule_outcome put(const struct rules *rules,
                                 const struct rule *rule,
                                 const struct rules_input *in,
                                 struct rules_run *run,
                                 struct rule_result *out,
                                 struct sai_err *e)
{
    if (!is_for(rule, in))
        return SAI_RULE_NOT_HERE;
    if (rule->value.bytes != NULL) {
        buf_add(run->text, rule->value.bytes, rule->value.len);
        return SAI_RULE_WRITTEN;
    }
    out->source = find_text(rule, in, run, e);
    if (e->code != SAI_OK)
        return SAI_RULE_REFUSED;
    if (out->source != NULL)
        return rule_put(rule, rules->tag_text, out->source, run->patterns, run->text, e)
                   ? SAI_RULE_WRITTEN
                   : SAI_RULE_REFUSED;
    if (rule->preset.bytes != NULL) {
        buf_add(run->text, rule->preset.bytes, rule->preset.len);
        return SAI_RULE_PRESET;
    }
    if (!rule->required)
        return SAI_RULE_ABSENT;
    (void)err_set(e, SAI_E_INVALID, "is missing");
    return SAI_RULE_REFUSED;
}

/* Completes the sentence, and says which rule it is. */
static void blame(const struct rule *rule, size_t i, struct sai_err *e)
{
    const struct sai_err reason = *e;
    char path[64];

    if (e->code != SAI_E_NOMEM) {
        e->code = SAI_OK;
        (void)err_set(e, SAI_E_DENIED, "%s %s", rule->what, reason.text);
    }
    (void)snprintf(path, sizeof(path), "claims[%zu]", i);
    err_at_path(e, path);
}

void rules_apply_one(const struct rules *rules,
                     size_t i,
                     const struct rules_input *in,
                     struct rules_run *run,
                     struct rule_result *out,
                     struct sai_err *e)
{
    const struct rule *rule = &rules->items[i];

    *out = (struct rule_result){ .json = { run->text->len, 0 } };
    out->outcome = put(rules, rule, in, run, out, e);
    if (out->outcome == SAI_RULE_REFUSED)
        blame(rule, i, e);
    else
        out->json.len = run->text->len - out->json.at;
}

/* Which of the session tags that were written AWS keeps when roles are chained. */
static void
put_transitive(const struct rules *rules, struct buf *text, struct json_span *values)
{
    struct json_span *list = &values[rules->count];
    bool any = false;

    *list = (struct json_span){ text->len, 0 };
    for (size_t i = 0; i < rules->transitive_count; i++) {
        if (values[rules->transitive[i]].len == 0)
            continue;
        buf_char(text, any ? ',' : '[');
        json_out_string(text, rules->items[rules->transitive[i]].tag);
        any = true;
    }
    if (any)
        buf_char(text, ']');
    list->len = text->len - list->at;
}

bool rules_apply(const struct rules *rules,
                 const struct rules_input *in,
                 struct rules_run *run,
                 struct json_span *values,
                 struct sai_err *e)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct rule_result result;

        rules_apply_one(rules, i, in, run, &result, e);
        if (result.outcome == SAI_RULE_REFUSED)
            return false;
        values[i] = result.json;
    }
    put_transitive(rules, run->text, values);
    return true;
}
