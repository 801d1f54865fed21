/* SPDX-License-Identifier: Apache-2.0 */

/* The claims that kube-apiserver writes (pkg/serviceaccount/claims.go), byte for byte. */

#include "base/json_out.h"
#include "issue/minter.h"

const char *const claim_names[VALUE_FIRST_RULE] = {
    [VALUE_AUD] = "aud", [VALUE_EXP] = "exp", [VALUE_IAT] = "iat",
    [VALUE_ISS] = "iss", [VALUE_JTI] = "jti", [VALUE_KUBERNETES] = "kubernetes.io",
    [VALUE_NBF] = "nbf", [VALUE_SUB] = "sub",
};

static void begin(struct sai_minter *m, enum claim_value value)
{
    m->values[value].at = m->text.len;
}

static void end(struct sai_minter *m, enum claim_value value)
{
    m->values[value].len = m->text.len - m->values[value].at;
}

static void put_fragment(struct buf *b, const struct fragment *f)
{
    buf_add(b, f->bytes, f->len);
}

static void put_audiences(struct sai_minter *m, const struct grant *g)
{
    begin(m, VALUE_AUD);
    for (size_t i = 0; i < g->audience_count; i++) {
        buf_char(&m->text, i == 0 ? '[' : ',');
        put_fragment(&m->text, &g->audiences[i]->json);
    }
    buf_char(&m->text, ']');
    end(m, VALUE_AUD);
}

static void put_time(struct sai_minter *m, enum claim_value value, int64_t time)
{
    begin(m, value);
    buf_i64(&m->text, time);
    end(m, value);
}

static void put_reference(struct buf *b, const char *member, const struct sai_object_ref *o)
{
    if (o->name == NULL)
        return;
    buf_str(b, member);
    json_out_string(b, o->name);
    if (o->uid != NULL) {
        buf_str(b, ",\"uid\":");
        json_out_string(b, o->uid);
    }
    buf_char(b, '}');
}

static void put_kubernetes(struct sai_minter *m, const struct sai_token_request *r)
{
    const struct sai_object_ref account = { r->account->name, r->account->uid };
    struct buf *b = &m->text;

    begin(m, VALUE_KUBERNETES);
    buf_str(b, "{\"namespace\":");
    json_out_string(b, r->account->namespace_name);
    put_reference(b, ",\"node\":{\"name\":", &r->node);
    put_reference(b, ",\"pod\":{\"name\":", &r->pod);
    put_reference(b, ",\"secret\":{\"name\":", &r->secret);
    put_reference(b, ",\"serviceaccount\":{\"name\":", &account);
    buf_char(b, '}');
    end(m, VALUE_KUBERNETES);
}

/* Names that are DNS-1123 need no escapes. */
static void put_subject(struct sai_minter *m, const struct sai_account *a)
{
    begin(m, VALUE_SUB);
    buf_str(&m->text, "\"system:serviceaccount:");
    buf_str(&m->text, a->namespace_name);
    buf_char(&m->text, ':');
    buf_str(&m->text, a->name);
    buf_char(&m->text, '"');
    end(m, VALUE_SUB);
}

static void put_jti(struct sai_minter *m)
{
    begin(m, VALUE_JTI);
    buf_char(&m->text, '"');
    buf_add(&m->text, m->jti, JTI_LEN);
    buf_char(&m->text, '"');
    end(m, VALUE_JTI);
}

void claims_put_kubernetes(struct sai_minter *m,
                           const struct sai_token_request *request,
                           const struct grant *g)
{
    put_audiences(m, g);
    put_time(m, VALUE_EXP, g->exp);
    put_time(m, VALUE_IAT, g->iat);
    begin(m, VALUE_ISS);
    put_fragment(&m->text, &m->policy->issuer);
    end(m, VALUE_ISS);
    put_jti(m);
    put_kubernetes(m, request);
    put_time(m, VALUE_NBF, g->iat);
    put_subject(m, request->account);
}
