/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/base64url.h"
#include "conf/conf.h"
#include "jose/digest.h"
#include "state/build.h"
#include "state/snapshot.h"

#include <inttypes.h>
#include <sa_issuer/discovery.h>
#include <sa_issuer/policy.h>
#include <stdio.h>
#include <string.h>

static bool load_keyset(struct build *b,
                        const struct sai_keyset_options *options,
                        const char *place,
                        struct sai_keyset **out)
{
    AUTO(sai_report) struct sai_report *found = sai_report_new();
    struct sai_keyset *ks = NULL;
    unsigned char sum[SHA256_BYTES];
    bool ok = true;

    if (found == NULL)
        return build_nomem(b);
    (void)sai_keyset_load(options, &ks, found);
    if (!build_add_problems(b, place, found))
        return false;
    *out = ks;
    sai_keyset_fingerprint(ks, sum);
    sha256_add_piece(b->digest, sum, sizeof(sum));
    for (size_t i = 0; i < sai_keyset_source_count(ks); i++)
        ok = build_note_input(b, sai_keyset_source(ks, i)) && ok;
    return ok;
}

static bool load_keys(struct build *b, size_t index)
{
    const struct conf *conf = b->snapshot->conf;
    const struct conf_keys *keys = &conf->issuers[index].keys;
    const struct sai_keyset_options options = {
        .paths = keys->files.items,
        .path_count = keys->files.count,
        .signing = keys->signing.items,
        .signing_count = keys->signing.count,
        .passphrase_file = keys->passphrase_file,
        .rsa_algorithm = keys->rsa_algorithm,
        .allow_ed25519 = keys->allow_ed25519,
        .max_keys = conf->limits.max_keys,
        .max_file_bytes = conf->limits.max_key_file_bytes,
    };
    char place[BUILD_PATH_MAX];

    (void)snprintf(place, sizeof(place), "issuers[%zu].keys", index);
    return load_keyset(b, &options, place, &b->snapshot->issuers[index].keys);
}

static const struct sai_key *find_key(const struct sai_keyset *ks, const struct sai_key *wanted)
{
    for (size_t i = 0; i < sai_keyset_count(ks); i++) {
        const struct sai_key *k = sai_keyset_get(ks, i);

        if (strcmp(sai_key_id(k), sai_key_id(wanted)) == 0)
            return k;
    }
    return NULL;
}

/* kube-apiserver refuses what a key signed that it is told of as legacy too. */
static bool
check_legacy_key(const struct issuer *issuer, const struct sai_key *legacy, struct sai_err *e)
{
    const struct sai_key *k = find_key(issuer->keys, legacy);

    if (sai_key_is_private(legacy))
        return err_set(e, SAI_E_DENIED, "%s holds a private key; legacy keys only verify",
                       sai_key_file(legacy));
    if (k != NULL)
        return err_set(e, SAI_E_INVALID,
                       "%s has the key of %s, which is published and verifies legacy tokens "
                       "as well: leave it out here",
                       sai_key_file(legacy), sai_key_file(k));
    return true;
}

static bool load_legacy_keys(struct build *b, size_t index)
{
    const struct conf *conf = b->snapshot->conf;
    const struct conf_strings *files = &conf->issuers[index].signer.legacy_keys;
    const struct sai_keyset_options options = {
        .paths = files->items,
        .path_count = files->count,
        .max_keys = conf->limits.max_keys,
        .max_file_bytes = conf->limits.max_key_file_bytes,
    };
    struct issuer *issuer = &b->snapshot->issuers[index];
    struct sai_err e = { 0 };
    char place[BUILD_PATH_MAX];

    if (files->count == 0)
        return true;
    (void)snprintf(place, sizeof(place), "issuers[%zu].signer.legacyKeys", index);
    if (!load_keyset(b, &options, place, &issuer->legacy_keys))
        return false;
    for (size_t i = 0; i < sai_keyset_count(issuer->legacy_keys); i++) {
        if (!check_legacy_key(issuer, sai_keyset_get(issuer->legacy_keys, i), &e))
            return build_error(b, place, &e);
    }
    return true;
}

/* What an issuer of that role must, or must not, hold (DESIGN 3). */
static bool check_role(struct build *b, size_t index)
{
    const struct issuer *issuer = &b->snapshot->issuers[index];
    char path[BUILD_PATH_MAX];
    struct sai_err e = { 0 };
    size_t privates = 0;

    for (size_t i = 0; i < sai_keyset_count(issuer->keys); i++) {
        const struct sai_key *key = sai_keyset_get(issuer->keys, i);

        if (!sai_key_is_private(key))
            continue;
        privates++;
        if (issuer->conf->role == CONF_PUBLISH)
            (void)err_set(&e, SAI_E_DENIED,
                          "%s holds a private key; an issuer with role publish takes public "
                          "keys only",
                          sai_key_file(key));
    }
    if (privates == 0 && issuer->conf->role != CONF_PUBLISH)
        (void)err_set(&e, SAI_E_INVALID,
                      "no private key to sign with; add one, or set role: publish");
    if (e.code == SAI_OK)
        return true;
    (void)snprintf(path, sizeof(path), "issuers[%zu].keys.files", index);
    return build_error(b, path, &e);
}

static bool render(const struct issuer *issuer,
                   enum document_id id,
                   char **out,
                   size_t *len,
                   struct sai_err *e)
{
    struct sai_discovery_options options = {
        .issuer = issuer->conf->url,
        .jwks_uri = issuer->conf->discovery.jwks_uri,
        .extra_json = issuer->conf->discovery.extra_json,
    };
    struct sai_strings names;

    if (id == DOCUMENT_JWKS)
        return sai_jwks_render(issuer->keys, out, len, e);
    if (issuer->policy != NULL) {
        names = sai_policy_claim_names(issuer->policy);
        options.claims = names.items;
        options.claim_count = names.count;
    }
    return sai_discovery_render(&options, issuer->keys, out, len, e);
}

/* A strong validator (RFC 9110 section 8.8.3): the same bytes always have the same one. */
static const char *etag_of(struct arena *arena, const char *bytes, size_t len)
{
    unsigned char sum[SHA256_BYTES];
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, 64);
    if (!sha256(bytes, len, sum, &e))
        return NULL;
    buf_char(&b, '"');
    base64url_put(&b, sum, sizeof(sum));
    buf_char(&b, '"');
    return buf_ok(&b, &e) ? arena_strndup(arena, b.data, b.len) : NULL;
}

static const char *cache_control_of(struct arena *arena, uint64_t max_age_ms)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "public, max-age=%" PRIu64, max_age_ms / 1000);
    return arena_strdup(arena, text);
}

static bool render_document(struct build *b, struct issuer *issuer, enum document_id id)
{
    const struct conf_discovery *conf = &issuer->conf->discovery;
    struct document *document = &issuer->documents[id];
    struct arena *arena = b->snapshot->arena;
    AUTO_FREE char *bytes = NULL;
    struct sai_err e = { 0 };

    if (!render(issuer, id, &bytes, &document->size, &e)) {
        report_add(b->report, SAI_ERROR, &e);
        return false;
    }
    /* Content types and Cache-Control as kube-apiserver's (pkg/routes/openidmetadata.go). */
    document->content_type =
        id == DOCUMENT_JWKS ? "application/jwk-set+json" : "application/json";
    document->bytes = arena_strndup(arena, bytes, document->size);
    document->etag = etag_of(arena, bytes, document->size);
    document->cache_control =
        cache_control_of(arena, id == DOCUMENT_JWKS ? conf->jwks_max_age_ms : conf->max_age_ms);
    if (document->bytes == NULL || document->etag == NULL || document->cache_control == NULL)
        return build_nomem(b);
    return true;
}

/* It holds a private key that nothing uses. */
static void warn_of_silence(struct build *b, size_t index)
{
    const struct conf *conf = b->snapshot->conf;
    char place[BUILD_PATH_MAX];
    struct sai_err e = { 0 };

    if (conf->issuers[index].role != CONF_CLUSTER || conf->listeners.signer.present)
        return;
    (void)snprintf(place, sizeof(place), "issuers[%zu].role", index);
    (void)err_set(&e, SAI_E_INVALID,
                  "nothing signs without listeners.signer; to publish keys alone, give public "
                  "ones to role publish");
    conf_locate(conf, place, &e);
    report_add(b->report, SAI_WARNING, &e);
}

static bool build_issuer(struct build *b, size_t index)
{
    struct issuer *issuer = &b->snapshot->issuers[index];
    bool ok = true;

    issuer->conf = &b->snapshot->conf->issuers[index];
    if (!load_keys(b, index) || !check_role(b, index) || !load_legacy_keys(b, index) ||
        !build_policy(b, index))
        return false;
    for (unsigned id = 0; id < DOCUMENT_COUNT; id++)
        ok = render_document(b, issuer, (enum document_id)id) && ok;
    warn_of_silence(b, index);
    return ok;
}

/* Two paths to tokens are two key sets: a verifier that accepts both issuers, as an API server
 * does on its way from one to the other, must not take what one of them minted for a token that
 * the other's rules were kept for. */
static bool check_apart(struct build *b, size_t cluster, size_t federation)
{
    const struct issuer *signs = &b->snapshot->issuers[cluster];
    const struct issuer *mints = &b->snapshot->issuers[federation];
    char place[BUILD_PATH_MAX];
    struct sai_err e = { 0 };

    if (signs->conf->role != CONF_CLUSTER || mints->conf->role != CONF_FEDERATION)
        return true;
    for (size_t i = 0; i < sai_keyset_count(mints->keys); i++) {
        const struct sai_key *k = sai_keyset_get(mints->keys, i);
        const struct sai_key *same = find_key(signs->keys, k);

        if (same != NULL && (sai_key_is_private(k) || sai_key_is_private(same)))
            (void)err_set(&e, SAI_E_DENIED,
                          "%s holds a key of issuers[%zu], which signs for an API server: give "
                          "each issuer its own",
                          sai_key_file(k), cluster);
    }
    if (e.code == SAI_OK)
        return true;
    (void)snprintf(place, sizeof(place), "issuers[%zu].keys.files", federation);
    return build_error(b, place, &e);
}

static bool check_all_apart(struct build *b)
{
    const struct snapshot *s = b->snapshot;
    bool ok = true;

    for (size_t i = 0; i < s->issuer_count; i++) {
        for (size_t j = 0; j < s->issuer_count; j++)
            ok = check_apart(b, i, j) && ok;
    }
    return ok;
}

bool build_issuers(struct build *b)
{
    struct snapshot *s = b->snapshot;
    bool ok = true;

    s->issuers = arena_alloc(s->arena, s->conf->issuer_count * sizeof(*s->issuers));
    if (s->issuers == NULL)
        return build_nomem(b);
    s->issuer_count = s->conf->issuer_count;
    for (size_t i = 0; i < s->issuer_count; i++)
        ok = build_issuer(b, i) && ok;
    return ok && check_all_apart(b);
}
