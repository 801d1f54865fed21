/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/json_out.h"
#include "issue/policy.h"
#include "keys/keyset.h"

#include <sa_issuer/discovery.h>
#include <string.h>

enum { DOCUMENT_MAX = 16 << 20, ALGS_MAX = 16 };

static bool contains(const char *const *items, size_t count, const char *item)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i], item) == 0)
            return true;
    }
    return false;
}

/* The algorithms of the keys, each once, in byte order as kube-apiserver sorts them. */
static size_t collect_algs(const struct sai_keyset *ks, const char *algs[ALGS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < sai_keyset_count(ks); i++) {
        const char *alg = sai_key_alg(sai_keyset_get(ks, i));
        size_t at = count;

        if (contains(algs, count, alg) || count == ALGS_MAX)
            continue;
        for (; at > 0 && strcmp(algs[at - 1], alg) > 0; at--)
            algs[at] = algs[at - 1];
        algs[at] = alg;
        count++;
    }
    return count;
}

static void put_member(struct buf *b, const char *name)
{
    buf_char(b, ',');
    json_out_string(b, name);
    buf_char(b, ':');
}

static void put_jwks_uri(struct buf *b, const struct sai_discovery_options *o)
{
    AUTO(buf) struct buf uri;

    buf_init(&uri, DOCUMENT_MAX);
    if (o->jwks_uri == NULL)
        buf_printf(&uri, "%s/openid/v1/jwks", o->issuer);
    else
        buf_str(&uri, o->jwks_uri);
    if (uri.failed)
        b->failed = true;
    else
        json_out_string(b, uri.data);
}

static void put_claims(struct buf *b, const struct sai_discovery_options *o)
{
    const char *const *claims = o->claims == NULL ? claim_names : o->claims;
    size_t count = o->claims == NULL ? VALUE_FIRST_RULE : o->claim_count;

    /* OpenID Connect Discovery 1.0 section 4.2: members with zero elements are left out. */
    if (count == 0)
        return;
    put_member(b, "claims_supported");
    json_out_strings(b, claims, count);
}

static bool hand_over(struct buf *b, char **out, size_t *len, struct sai_err *e)
{
    if (!buf_ok(b, e))
        return false;
    *out = buf_take(b, len);
    return true;
}

bool sai_discovery_render(const struct sai_discovery_options *options,
                          const struct sai_keyset *ks,
                          char **out,
                          size_t *len,
                          struct sai_err *e)
{
    static const char *const response_types[] = { "id_token" };
    static const char *const subject_types[] = { "public" };
    const char *algs[ALGS_MAX];
    size_t alg_count = collect_algs(ks, algs);
    AUTO(buf) struct buf b;

    buf_init(&b, DOCUMENT_MAX);
    buf_str(&b, "{\"issuer\":");
    json_out_string(&b, options->issuer);
    put_member(&b, "jwks_uri");
    put_jwks_uri(&b, options);
    put_member(&b, "response_types_supported");
    json_out_strings(&b, response_types, ARRAY_SIZE(response_types));
    put_member(&b, "subject_types_supported");
    json_out_strings(&b, subject_types, ARRAY_SIZE(subject_types));
    put_member(&b, "id_token_signing_alg_values_supported");
    json_out_strings(&b, algs, alg_count);
    put_claims(&b, options);
    if (options->extra_json != NULL && options->extra_json[0] != '\0') {
        buf_char(&b, ',');
        buf_str(&b, options->extra_json);
    }
    buf_char(&b, '}');
    return hand_over(&b, out, len, e);
}

bool sai_jwks_render(const struct sai_keyset *ks, char **out, size_t *len, struct sai_err *e)
{
    AUTO(buf) struct buf b;

    buf_init(&b, DOCUMENT_MAX);
    buf_str(&b, "{\"keys\":[");
    for (size_t i = 0; i < sai_keyset_count(ks); i++) {
        if (i > 0)
            buf_char(&b, ',');
        if (!pkey_put_jwk(&b, key_pkey(sai_keyset_get(ks, i)), e))
            return false;
    }
    buf_str(&b, "]}");
    return hand_over(&b, out, len, e);
}
