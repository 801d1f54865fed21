/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/clerk.h"

#include "base/clock.h"
#include "base/err.h"
#include "codec/base64url.h"
#include "conf/conf.h"
#include "issue/trail.h"
#include "jose/sign.h"
#include "keys/keyset.h"
#include "signer/audit.h"
#include "signer/claims.h"
#include "signer/desk.h"
#include "signer/listing.h"
#include "signer/messages.h"
#include "state/state.h"

/* gRPC clients take 4 MiB at most. */
enum { RESPONSE_MAX_BYTES = 4 << 20, DER_MAX_BYTES = 8192 };

struct sign_clerk {
    struct sign_desk *desk;
    struct snapshot *snapshot;
    const struct issuer *issuer; /* of the snapshot; NULL: it has no signer */
    int64_t chosen_s;            /* when the key was chosen */
    const struct sai_key *key;
    struct signer *signer; /* of key; NULL: to be made */
    struct buf header;     /* of key's tokens */
    struct buf input;      /* header '.' claims */
    struct buf scratch;
    struct buf signature;
    struct trail trail;
};

bool sign_clerk_new(struct sign_desk *d, struct sign_clerk **out, struct sai_err *e)
{
    AUTO(sign_clerk) struct sign_clerk *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return err_nomem(e);
    c->desk = d;
    buf_init(&c->header, RESPONSE_MAX_BYTES);
    buf_init(&c->input, RESPONSE_MAX_BYTES);
    buf_init(&c->scratch, RESPONSE_MAX_BYTES);
    buf_init(&c->signature, RESPONSE_MAX_BYTES);
    trail_init(&c->trail);
    (void)sign_clerk_refresh(c);
    *out = TAKE(c);
    return true;
}

static void forget_key(struct sign_clerk *c)
{
    signer_free(TAKE(c->signer));
    c->key = NULL;
}

void sign_clerk_free(struct sign_clerk *c)
{
    if (c == NULL)
        return;
    forget_key(c);
    snapshot_unref(c->snapshot);
    buf_done(&c->header);
    buf_done(&c->input);
    buf_done(&c->scratch);
    buf_done(&c->signature);
    trail_done(&c->trail);
    free(c);
}

const struct conf *sign_clerk_refresh(struct sign_clerk *c)
{
    struct state *st = sign_desk_state(c->desk);

    if (c->snapshot == NULL || c->snapshot->generation != state_generation(st)) {
        forget_key(c);
        snapshot_unref(c->snapshot);
        c->snapshot = state_current(st);
        c->issuer = sign_issuer(c->snapshot);
        c->chosen_s = 0;
        trail_use(&c->trail, c->snapshot->conf->audit.file);
    }
    return c->snapshot->conf;
}

/* alg, kid and typ and nothing else: kube-apiserver refuses any other member. */
static bool put_header(struct sign_clerk *c, struct sai_err *e)
{
    buf_reset(&c->scratch);
    buf_reset(&c->header);
    buf_printf(&c->scratch, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
               sai_key_alg(c->key), sai_key_id(c->key));
    if (!buf_ok(&c->scratch, e))
        return false;
    base64url_put(&c->header, c->scratch.data, c->scratch.len);
    return buf_ok(&c->header, e);
}

/* Which key signs can change with the time alone, which is looked at once a second. */
static bool need_key(struct sign_clerk *c, int64_t now_s, struct sai_err *e)
{
    const struct sai_key *k = c->key;

    if (c->chosen_s != now_s)
        k = sign_listing_signing_key(sign_desk_listing(c->desk), c->issuer, now_s);
    if (k == NULL)
        return err_set(e, SAI_E_NOTFOUND, "no key that kube-apiserver takes");
    if (k != c->key || c->signer == NULL) {
        forget_key(c);
        c->key = k;
        if (!put_header(c, e) || !signer_new(key_pkey(k), false, &c->signer, e))
            return false;
    }
    c->chosen_s = now_s;
    return true;
}

static bool sign(struct sign_clerk *c, struct field_bytes claims, struct sai_err *e)
{
    unsigned char signature[SIGNATURE_MAX];
    size_t len;

    buf_reset(&c->input);
    buf_add(&c->input, c->header.data, c->header.len);
    buf_char(&c->input, '.');
    buf_add(&c->input, claims.at, claims.len);
    if (!buf_ok(&c->input, e))
        return false;
    if (!signer_sign(c->signer, c->input.data, c->input.len, signature, &len, e)) {
        /* Contexts of OpenSSL do not always survive an allocation that failed within. */
        signer_free(TAKE(c->signer));
        return false;
    }
    buf_reset(&c->signature);
    base64url_put(&c->signature, signature, len);
    return buf_ok(&c->signature, e);
}

static enum sign_outcome outcome_of(const struct sai_err *e)
{
    switch (e->code) {
    case SAI_OK:
        return SIGN_DONE;
    case SAI_E_SYNTAX:
    case SAI_E_INVALID:
    case SAI_E_LIMIT:
        return SIGN_MALFORMED;
    case SAI_E_DENIED:
        return SIGN_REFUSED;
    case SAI_E_NOMEM:
        return SIGN_UNAVAILABLE;
    case SAI_E_IO:
    case SAI_E_NOTFOUND:
    case SAI_E_CRYPTO:
        break;
    }
    return SIGN_BROKEN;
}

static bool check_claims(struct sign_clerk *c,
                         struct field_bytes segment,
                         int64_t now_s,
                         struct sign_claims *claims,
                         struct sai_err *e)
{
    const struct conf_signer *conf = &c->issuer->conf->signer;
    const struct sign_policy policy = {
        .issuer = c->issuer->conf->url,
        .max_lifetime_s = conf->max_lifetime_ms / 1000,
        .now_s = now_s,
        .extended = conf->extended_lifetime,
    };

    return sign_claims_check(&policy, segment.at, segment.len, &c->scratch, claims, e);
}

static enum sign_outcome call_sign(struct sign_clerk *c,
                                   const struct sign_peer *peer,
                                   struct field_bytes message,
                                   struct buf *out,
                                   struct sai_err *e)
{
    AUTO(sign_claims) struct sign_claims claims = { 0 };
    struct sign_record record = {
        .issuer = c->issuer->conf->url, .peer = peer, .claims = &claims, .why = e
    };
    int64_t now_s = clock_unix_s();
    struct field_bytes segment;
    struct sai_err audit_e = { 0 };
    enum sign_outcome outcome = SIGN_BROKEN;

    if (!sign_request_read(message, &segment, e) ||
        !check_claims(c, segment, now_s, &claims, e)) {
        outcome = outcome_of(e);
    } else if (!need_key(c, now_s, e) || !sign(c, segment, e)) {
        outcome = e->code == SAI_E_NOMEM ? SIGN_UNAVAILABLE : SIGN_BROKEN;
    } else {
        outcome = SIGN_DONE;
        record.kid = sai_key_id(c->key);
        record.alg = sai_key_alg(c->key);
    }
    /* The line is written before the signature is given away, or it is not. */
    if (!sign_audit_write(&c->trail, &record, &audit_e)) {
        if (outcome != SIGN_DONE)
            return outcome;
        *e = audit_e;
        return SIGN_UNAVAILABLE;
    }
    if (outcome == SIGN_DONE)
        sign_response_put(out, (struct field_bytes){ c->header.data, c->header.len },
                          (struct field_bytes){ c->signature.data, c->signature.len });
    return outcome;
}

static bool
put_keys(const struct sai_keyset *keys, bool excluded, struct buf *out, struct sai_err *e)
{
    AUTO(buf) struct buf der;

    buf_init(&der, DER_MAX_BYTES);
    for (size_t i = 0; keys != NULL && i < sai_keyset_count(keys); i++) {
        const struct sai_key *k = sai_keyset_get(keys, i);

        if (!sign_listing_takes(sai_key_alg(k)))
            continue;
        buf_reset(&der);
        if (!pkey_put_spki(&der, key_pkey(k), e) ||
            !fetch_keys_response_put_key(
                out, &(struct listed_key){ sai_key_id(k), { der.data, der.len }, excluded }, e))
            return false;
    }
    return true;
}

static enum sign_outcome call_fetch_keys(struct sign_clerk *c,
                                         const struct sign_peer *peer,
                                         struct field_bytes message,
                                         struct buf *out,
                                         struct sai_err *e)
{
    const struct issuer *issuer = c->issuer;

    (void)peer;
    if (!empty_request_read(message, e))
        return outcome_of(e);
    if (!put_keys(issuer->keys, false, out, e) ||
        !put_keys(issuer->legacy_keys, true, out, e) ||
        !fetch_keys_response_put_end(out, sign_listing_changed_s(sign_desk_listing(c->desk)),
                                     issuer->conf->signer.refresh_hint_ms / 1000, e))
        return e->code == SAI_E_NOMEM ? SIGN_UNAVAILABLE : SIGN_BROKEN;
    return SIGN_DONE;
}

static enum sign_outcome call_metadata(struct sign_clerk *c,
                                       const struct sign_peer *peer,
                                       struct field_bytes message,
                                       struct buf *out,
                                       struct sai_err *e)
{
    const struct conf_signer *conf = &c->issuer->conf->signer;

    (void)peer;
    if (!empty_request_read(message, e))
        return outcome_of(e);
    /* kube-apiserver extends no token beyond what it is told here. */
    metadata_response_put(out, conf->extended_lifetime ? SIGN_EXTENDED_S
                                                       : conf->max_lifetime_ms / 1000);
    return SIGN_DONE;
}

const struct sign_method sign_methods[] = {
    { "Sign", call_sign },
    { "FetchKeys", call_fetch_keys },
    { "Metadata", call_metadata },
    { 0 },
};
