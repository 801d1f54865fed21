/* SPDX-License-Identifier: Apache-2.0 */

/* Where rules may write. */

#include "base/err.h"
#include "base/utf8.h"
#include "rules/compile.h"
#include "rules/problem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the issuer itself says of a token, and verifiers rely on. */
static const char *const reserved[] = {
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "kubernetes.io",
};

/* Claims with this prefix give power inside AWS: only session tags are written there. */
static const char aws_prefix[] = "https://aws.amazon.com/";
static const char aws_tags[] = "https://aws.amazon.com/tags";

static void check_top_name(struct compile *c, const char *member, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        if (strcmp(reserved[i], name) == 0)
            complain(c, member, "%s is reserved: no rule can write it", name);
    }
    if (strncmp(name, aws_prefix, sizeof(aws_prefix) - 1) == 0)
        complain(c, member, "%s is reserved: use sessionTag", shown(name).text);
}

static void set_claim(struct compile *c, const struct sai_strings *names, struct rule *rule)
{
    if (names->count > RULE_DEPTH_MAX) {
        complain(c, "claim", "%zu names deep: at most %d", names->count, (int)RULE_DEPTH_MAX);
        return;
    }
    for (size_t j = 0; j < names->count; j++) {
        const char *name = names->items[j];
        struct item_member item = item_member("claim", j);
        const char *member = names->count == 1 ? "claim" : item.text;

        if (name[0] == '\0')
            complain(c, member, "empty");
        else if (strlen(name) > RULE_NAME_MAX_BYTES)
            complain(c, member, "%zu bytes long: at most %d", strlen(name),
                     (int)RULE_NAME_MAX_BYTES);
        else if (!utf8_is_line(name, strlen(name)))
            complain(c, member, "\"%s\" is not printable UTF-8", shown(name).text);
        else if (j == 0)
            check_top_name(c, member, name);
    }
    rule->path = copy_list(c, names);
}

/* AWS STS, Tag: keys of 1 to 128 characters, aws: is AWS' own. */
static void check_tag_key(struct compile *c, const char *key)
{
    if (key[0] == '\0')
        complain(c, "sessionTag", "empty");
    else if (!utf8_is_line(key, strlen(key)) ||
             pattern_match(c->rules->tag_text, c->run, key, strlen(key)) != PATTERN_MATCHES)
        complain(c, "sessionTag",
                 "\"%s\": AWS takes letters, numbers, spaces and _ . : / = + - @",
                 shown(key).text);
    else if (utf8_count(key, strlen(key)) > TAG_KEY_MAX)
        complain(c, "sessionTag", "%zu characters long: AWS takes at most %d",
                 utf8_count(key, strlen(key)), (int)TAG_KEY_MAX);
    else if (strncasecmp(key, "aws:", 4) == 0)
        complain(c, "sessionTag", "\"%s\": keys that begin with aws: are reserved by AWS",
                 shown(key).text);
}

static void set_tag(struct compile *c, const struct sai_claim_rule *from, struct rule *rule)
{
    const char **names = arena_alloc(c->arena, 3 * sizeof(*names));
    struct sai_err e = { 0 };

    if (c->rules->tag_text == NULL &&
        !pattern_new("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", &c->rules->tag_text, &e))
        c->nomem = true;
    if (names == NULL || c->nomem) {
        c->nomem = true;
        return;
    }
    check_tag_key(c, from->session_tag);
    if (from->type != SAI_TYPE_STRING)
        complain(c, "type", "a session tag is a string");
    rule->tag = copy_text(c, from->session_tag);
    rule->transitive = from->transitive;
    names[0] = aws_tags;
    names[1] = "principal_tags";
    names[2] = rule->tag;
    rule->path = (struct sai_strings){ names, 3 };
}

void compile_target(struct compile *c, const struct sai_claim_rule *from, struct rule *rule)
{
    if (from->claim.count > 0 && from->session_tag != NULL)
        complain(c, NULL, "has both claim and sessionTag: want one of them");
    else if (from->claim.count > 0)
        set_claim(c, &from->claim, rule);
    else if (from->session_tag != NULL)
        set_tag(c, from, rule);
    else
        complain(c, NULL, "has neither claim nor sessionTag");
    if (from->transitive && from->session_tag == NULL)
        complain(c, "transitive", "only a session tag can be transitive");
}

/* How many names the two paths begin with in common. AWS' keys do not differ by case alone. */
static size_t common_names(const struct rule *a, const struct rule *b)
{
    size_t n = 0;

    while (n < a->path.count && n < b->path.count &&
           (strcmp(a->path.items[n], b->path.items[n]) == 0 ||
            (a->tag != NULL && b->tag != NULL && strcasecmp(a->tag, b->tag) == 0)))
        n++;
    return n;
}

static void check_pair(struct compile *c, const struct rule *rule, size_t j)
{
    const struct rule *other = &c->rules->items[j];
    size_t common = common_names(rule, other);
    const char *member = rule->tag != NULL ? "sessionTag" : "claim";

    if (common == 0 || (common < rule->path.count && common < other->path.count))
        return;
    if (rule->path.count == other->path.count)
        complain(c, member, "the same as that of claims[%zu]", j);
    else if (common == rule->path.count)
        complain(c, member, "holds that of claims[%zu]: a claim is a value or an object", j);
    else
        complain(c, member, "lies within that of claims[%zu]: a claim is a value or an object",
                 j);
}

static int compare_tags(const void *a, const void *b, void *rules)
{
    const struct rule *items = ((const struct rules *)rules)->items;

    return strcmp(items[*(const size_t *)a].tag, items[*(const size_t *)b].tag);
}

static void order_transitive(struct compile *c)
{
    struct rules *rules = c->rules;

    rules->transitive = arena_alloc(c->arena, (rules->count + 1) * sizeof(*rules->transitive));
    if (rules->transitive == NULL) {
        c->nomem = true;
        return;
    }
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->items[i].transitive)
            rules->transitive[rules->transitive_count++] = i;
    }
    qsort_r(rules->transitive, rules->transitive_count, sizeof(*rules->transitive),
            compare_tags, rules);
}

void compile_targets_together(struct compile *c)
{
    static const char *const transitive_path[] = { aws_tags, "transitive_tag_keys" };
    size_t tags = 0;

    c->rules->transitive_path =
        (struct sai_strings){ transitive_path, ARRAY_SIZE(transitive_path) };
    for (c->i = 0; c->i < c->rules->count; c->i++) {
        const struct rule *rule = &c->rules->items[c->i];

        for (size_t j = 0; j < c->i; j++)
            check_pair(c, rule, j);
        if (rule->tag != NULL && ++tags == TAGS_MAX + 1)
            complain(c, "sessionTag", "one too many: AWS takes at most %d", (int)TAGS_MAX);
    }
    if (!c->nomem)
        order_transitive(c);
}
