/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "codec/base64url.h"
#include "issue/minter.h"

#include <stdlib.h>

/* Bounds the scratch memory, not the tokens: those have their profile's limit. */
enum { SCRATCH_MAX = 1 << 20, TOKEN_MAX = 2 * SCRATCH_MAX };

/* Makes the signer of the key unless it is there. */
static bool need_signer(struct sai_minter *m, size_t key, struct sai_err *e)
{
    const struct sai_policy *p = m->policy;

    return m->signers[key] != NULL ||
           signer_new(p->keys[key].pkey, p->verify_signatures, &m->signers[key], e);
}

static bool add_signers(struct sai_minter *m, struct sai_err *e)
{
    for (size_t i = 0; i < m->policy->key_count; i++) {
        if (!need_signer(m, i, e))
            return false;
    }
    return true;
}

bool sai_minter_new(const struct sai_policy *policy, struct sai_minter **out, struct sai_err *e)
{
    AUTO(sai_minter) struct sai_minter *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return err_nomem(e);
    m->policy = policy;
    buf_init(&m->text, SCRATCH_MAX);
    buf_init(&m->claims, SCRATCH_MAX);
    buf_init(&m->token, TOKEN_MAX);
    m->values = calloc(policy->value_count, sizeof(*m->values));
    m->run = rules_run_new(&m->text);
    if (m->values == NULL || m->run == NULL)
        return err_nomem(e);
    if (!add_signers(m, e))
        return false;
    *out = TAKE(m);
    return true;
}

void sai_minter_free(struct sai_minter *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < POLICY_KEYS_MAX; i++)
        signer_free(m->signers[i]);
    buf_done(&m->text);
    buf_done(&m->claims);
    buf_done(&m->token);
    rules_run_free(m->run);
    free(m->values);
    free(m);
}

static bool check_size(const struct sai_minter *m, const struct grant *g, struct sai_err *e)
{
    size_t size = m->policy->keys[g->key].head.len + base64url_size(m->claims.len) + 1 +
                  base64url_size(signer_signature_bytes(m->signers[g->key]));

    if (size > g->max_token_bytes)
        return err_set(e, SAI_E_LIMIT,
                       "the token would have %zu bytes: its audience's profile takes %zu", size,
                       g->max_token_bytes);
    return true;
}

static bool write_claims(struct sai_minter *m,
                         const struct sai_token_request *request,
                         const struct grant *g,
                         struct sai_err *e)
{
    const struct rules_input in = grant_rules_input(g, request);

    buf_reset(&m->text);
    buf_reset(&m->claims);
    if (!rules_apply(m->policy->rules, &in, m->run, m->values + VALUE_FIRST_RULE, e) ||
        !jti_next(&m->jtis, m->jti, e))
        return false;
    claims_put_kubernetes(m, request, g);
    if (!buf_ok(&m->text, e))
        return false;
    layout_write(m->policy->layout, &m->claims, m->text.data, m->values);
    return buf_ok(&m->claims, e) && check_size(m, g, e);
}

static bool sign(struct sai_minter *m, const struct grant *g, struct sai_err *e)
{
    const struct fragment *head = &m->policy->keys[g->key].head;
    size_t len;

    buf_reset(&m->token);
    buf_add(&m->token, head->bytes, head->len);
    base64url_put(&m->token, m->claims.data, m->claims.len);
    if (!buf_ok(&m->token, e))
        return false;
    if (!signer_sign(m->signers[g->key], m->token.data, m->token.len, m->signature, &len, e)) {
        /* Contexts of OpenSSL do not always survive an allocation that failed within. */
        signer_free(TAKE(m->signers[g->key]));
        return false;
    }
    buf_char(&m->token, '.');
    base64url_put(&m->token, m->signature, len);
    return buf_ok(&m->token, e);
}

static bool mint(struct sai_minter *m,
                 const struct sai_token_request *request,
                 bool claims_only,
                 struct sai_token *out,
                 struct sai_err *e)
{
    const struct sai_policy *p = m->policy;
    struct grant g = { 0 };

    if (!grant_decide(p, request, &g, e) || !need_signer(m, g.key, e) ||
        !write_claims(m, request, &g, e) || (!claims_only && !sign(m, &g, e)))
        return false;
    *out = (struct sai_token){
        .text = claims_only ? NULL : m->token.data,
        .len = claims_only ? 0 : m->token.len,
        .claims = m->claims.data,
        .claims_len = m->claims.len,
        .jti = m->jti,
        .kid = p->keys[g.key].kid,
        .alg = p->keys[g.key].alg,
        .iat = g.iat,
        .exp = g.exp,
        .lifetime_s = g.lifetime_s,
        .clamped = g.clamped,
    };
    return true;
}

bool sai_mint(struct sai_minter *m,
              const struct sai_token_request *request,
              struct sai_token *out,
              struct sai_err *e)
{
    return mint(m, request, false, out, e);
}

bool sai_mint_claims(struct sai_minter *m,
                     const struct sai_token_request *request,
                     struct sai_token *out,
                     struct sai_err *e)
{
    return mint(m, request, true, out, e);
}
