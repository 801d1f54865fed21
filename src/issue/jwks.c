/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/jwks.h"

#include "base/err.h"
#include "base/printable.h"
#include "codec/json.h"
#include "jose/jwt.h"
#include "jose/pkey.h"
#include "jose/sign.h"

#include <stdio.h>
#include <string.h>

enum { JWKS_MAX_BYTES = 1 << 20, JWKS_MAX_DEPTH = 16, JWKS_MAX_KEYS = 1000, SHOWN = 100 };

static const struct jwk *find_key(const struct sai_jwks *jwks, const char *kid)
{
    for (size_t i = 0; i < jwks->count; i++) {
        if (jwks->keys[i].kid != NULL && strcmp(jwks->keys[i].kid, kid) == 0)
            return &jwks->keys[i];
    }
    return NULL;
}

static bool add_key(struct sai_jwks *jwks, const json_t *json, struct sai_err *e)
{
    AUTO(jwk) struct jwk k = { 0 };

    if (!jwk_read(json, &k, e))
        return false;
    if (k.pkey == NULL) {
        jwks->skipped++;
        return true;
    }
    if (k.kid != NULL && find_key(jwks, k.kid) != NULL)
        return err_set_at(e, "kid", SAI_E_INVALID, "another key of the set has this one");
    jwks->keys[jwks->count++] = k;
    k = (struct jwk){ 0 };
    return true;
}

/* The path of a key's error is that within the key. */
static void err_at_key(struct sai_err *e, size_t i)
{
    char path[sizeof(e->path)];

    (void)snprintf(path, sizeof(path), "keys[%zu]%s%.64s", i, e->path[0] == '\0' ? "" : ".",
                   e->path);
    e->path[0] = '\0';
    err_at_path(e, path);
}

static bool read_keys(const json_t *keys, struct sai_jwks **out, struct sai_err *e)
{
    size_t count = json_array_size(keys);
    AUTO(sai_jwks) struct sai_jwks *jwks = NULL;

    if (!json_is_array(keys))
        return err_set(e, SAI_E_INVALID, "not a JWK Set: no member \"keys\" with a list");
    if (count > JWKS_MAX_KEYS)
        return err_set(e, SAI_E_LIMIT, "more than %d keys", (int)JWKS_MAX_KEYS);
    jwks = calloc(1, sizeof(*jwks) + count * sizeof(*jwks->keys));
    if (jwks == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++) {
        if (!add_key(jwks, json_array_get(keys, i), e)) {
            err_at_key(e, i);
            return false;
        }
    }
    *out = TAKE(jwks);
    return true;
}

bool sai_jwks_parse(const char *json, size_t len, struct sai_jwks **out, struct sai_err *e)
{
    static const struct json_limits limits = { JWKS_MAX_BYTES, JWKS_MAX_DEPTH };
    AUTO(json_t) json_t *set = NULL;

    return json_read_object(json, len, &limits, &set, e) &&
           read_keys(json_object_get(set, "keys"), out, e);
}

void sai_jwks_free(struct sai_jwks *jwks)
{
    if (jwks == NULL)
        return;
    for (size_t i = 0; i < jwks->count; i++)
        jwk_done(&jwks->keys[i]);
    free(jwks);
}

size_t sai_jwks_count(const struct sai_jwks *jwks)
{
    return jwks->count;
}

size_t sai_jwks_skipped(const struct sai_jwks *jwks)
{
    return jwks->skipped;
}

#define deny(e, path, ...) err_set_at(e, path, SAI_E_DENIED, __VA_ARGS__)

/* Without a kid only a key that is alone with its algorithm can be meant. Kubernetes tries all
 * keys; that makes a guess of what RFC 8725 section 3.1 wants pinned, and no issuer of
 * Kubernetes tokens leaves the kid out. */
static const struct jwk *
only_key_for(const struct sai_jwks *jwks, const struct alg *alg, struct sai_err *e)
{
    const struct jwk *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < jwks->count; i++) {
        if (jwks->keys[i].alg != alg)
            continue;
        found = &jwks->keys[i];
        count++;
    }
    if (count == 1)
        return found;
    if (count == 0)
        (void)deny(e, "header.kid", "missing, and no key is for %s", alg->name);
    else
        (void)deny(e, "header.kid", "missing, and %zu keys are for %s: none can be chosen",
                   count, alg->name);
    return NULL;
}

static const struct jwk *
choose_key(const struct sai_jwks *jwks, const struct jwt *t, struct sai_err *e)
{
    const struct jwk *k;
    char shown[SHOWN];

    if (t->kid == NULL)
        return only_key_for(jwks, t->alg, e);
    k = find_key(jwks, t->kid);
    if (k == NULL) {
        (void)deny(e, "header.kid", "no key of the issuer has the id %s",
                   printable(t->kid, strlen(t->kid), shown, sizeof(shown)));
        return NULL;
    }
    if (k->alg == t->alg)
        return k;
    (void)deny(e, "header.alg", "%s, but the key with this kid is for %s", t->alg->name,
               k->alg->name);
    return NULL;
}

static bool check_signature(const struct jwk *k, const struct jwt *t, struct sai_err *e)
{
    AUTO(verifier) struct verifier *v = NULL;

    if (!verifier_new(k->pkey, k->alg, &v, e))
        return false;
    if (verifier_check(v, t->signed_text, t->signed_len,
                       (const unsigned char *)t->signature.data, t->signature.len, e))
        return true;
    if (e->code == SAI_E_INVALID)
        e->code = SAI_E_DENIED;
    err_at_path(e, "signature");
    return false;
}

bool jwks_check(const struct sai_jwks *jwks,
                const struct jwt *t,
                const struct jwk **by,
                struct sai_err *e)
{
    const struct jwk *k = choose_key(jwks, t, e);

    if (k == NULL || !check_signature(k, t, e))
        return false;
    *by = k;
    return true;
}
