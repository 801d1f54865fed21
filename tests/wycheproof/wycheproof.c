/* SPDX-License-Identifier: Apache-2.0 */

/* Project Wycheproof's cases against our keys, tokens and signatures. The vectors are not part
 * of this repository; see absent() below. Every one that is skipped is listed with its reason.
 * Exit code 77: skipped as a whole. */

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "codec/json.h"
#include "issue/jwks.h"
#include "jose/ecdsa_sig.h"
#include "jose/jwt.h"
#include "jose/pkey.h"
#include "jose/sign.h"

#include <stdio.h>
#include <string.h>

enum { SKIPPED_AS_A_WHOLE = 77, FILE_MAX_BYTES = 4 << 20, MESSAGE_MAX_BYTES = 1 << 16 };

struct tally {
    const char *file;
    size_t held;
    size_t skipped;
    size_t failed;
};

/* One group of a file; what its kind of file needs is filled in. */
struct group {
    const json_t *json;
    const struct alg *alg;
    struct pkey *key;
    struct verifier *verifier;
    struct sai_err refusal; /* of the key */
};

struct vectors {
    const char *file;
    const char *alg; /* NULL: each token says */
    /* Whether our code accepts the case; e tells why not. */
    bool (*accepts)(const struct group *g, const json_t *test, struct sai_err *e);
};

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text == NULL ? "" : text;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* tokens and JWKs */

/* The public keys of a group, or what it has as "private": secrets of HMAC and AES. */
static const json_t *keys_of(const json_t *group)
{
    const json_t *keys = json_object_get(group, "public");

    return keys != NULL ? keys : json_object_get(group, "private");
}

static bool parse_keys(const json_t *keys, struct sai_jwks **out, struct sai_err *e)
{
    AUTO_FREE char *text = json_dumps(keys, JSON_COMPACT);
    AUTO(buf) struct buf set;

    buf_init(&set, FILE_MAX_BYTES);
    if (text == NULL)
        return err_nomem(e);
    if (json_object_get(keys, "keys") != NULL)
        buf_str(&set, text);
    else
        buf_printf(&set, "{\"keys\":[%s]}", text);
    return buf_ok(&set, e) && sai_jwks_parse(set.data, set.len, out, e);
}

static bool accepts_token(const struct group *g, const json_t *test, struct sai_err *e)
{
    const char *token = text_of(test, json_object_get(test, "jwe") != NULL ? "jwe" : "jws");
    AUTO(sai_jwks) struct sai_jwks *jwks = NULL;
    AUTO(jwt) struct jwt t = { 0 };
    const struct jwk *by;

    return parse_keys(keys_of(g->json), &jwks, e) && jwt_parse(token, strlen(token), &t, e) &&
           jwks_check(jwks, &t, &by, e);
}

/* signatures */

static bool add_hex(struct buf *out, const char *hex, struct sai_err *e)
{
    static const char digits[] = "0123456789abcdef";

    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const char *high = strchr(digits, hex[0]);
        const char *low = strchr(digits, hex[1]);

        if (high == NULL || low == NULL)
            return err_set(e, SAI_E_SYNTAX, "not hexadecimal");
        buf_char(out, (char)((high - digits) << 4 | (low - digits)));
    }
    return buf_ok(out, e);
}

static bool check_raw(const struct group *g,
                      const json_t *test,
                      const unsigned char *signature,
                      size_t len,
                      struct sai_err *e)
{
    AUTO(buf) struct buf message;

    buf_init(&message, MESSAGE_MAX_BYTES);
    return add_hex(&message, text_of(test, "msg"), e) &&
           verifier_check(g->verifier, message.len > 0 ? message.data : "", message.len,
                          signature, len, e);
}

static bool accepts_raw(const struct group *g, const json_t *test, struct sai_err *e)
{
    AUTO(buf) struct buf sig;

    buf_init(&sig, MESSAGE_MAX_BYTES);
    return add_hex(&sig, text_of(test, "sig"), e) &&
           check_raw(g, test, (const unsigned char *)sig.data, sig.len, e);
}

/* As a signature of OpenSSL's becomes one of JWS. */
static bool accepts_der(const struct group *g, const json_t *test, struct sai_err *e)
{
    unsigned char raw[2 * ECDSA_COORDINATE_MAX];
    AUTO(buf) struct buf sig;

    buf_init(&sig, MESSAGE_MAX_BYTES);
    if (!add_hex(&sig, text_of(test, "sig"), e))
        return false;
    if (!ecdsa_raw_from_der((const unsigned char *)sig.data, sig.len, g->alg->coordinate_bytes,
                            raw))
        return err_set(e, SAI_E_SYNTAX, "not DER of that width");
    return check_raw(g, test, raw, 2 * g->alg->coordinate_bytes, e);
}

static bool load_pem(struct group *g, struct sai_err *e)
{
    const char *pem = text_of(g->json, "publicKeyPem");
    struct pem_reader reader;
    struct pem_block block;

    pem_reader_init(&reader, pem, strlen(pem));
    if (!pem_next(&reader, &block, e))
        return err_set(e, SAI_E_SYNTAX, "no PEM block");
    return pkey_from_pem(&block, NULL, &g->key, e) &&
           verifier_new(g->key, g->alg, &g->verifier, e);
}

/* Where a group has its key as a JWK too, that must be the same key. */
static bool same_as_jwk(const struct group *g, struct sai_err *e)
{
    const json_t *json = json_object_get(g->json, "publicKeyJwk");
    AUTO(jwk) struct jwk k = { 0 };

    if (json == NULL)
        return true;
    if (!jwk_read(json, &k, e))
        return false;
    return (k.pkey != NULL && strcmp(pkey_kid(k.pkey), pkey_kid(g->key)) == 0) ||
           err_set(e, SAI_E_INVALID, "publicKeyJwk is another key than publicKeyPem");
}

static const struct vectors all_vectors[] = {
    { "json_web_signature_test.json", NULL, accepts_token },
    { "json_web_key_test.json", NULL, accepts_token },
    { "json_web_crypto_test.json", NULL, accepts_token },
    { "ecdsa_secp256r1_sha256_test.json", "ES256", accepts_der },
    { "ecdsa_secp256r1_sha256_p1363_test.json", "ES256", accepts_raw },
    { "ecdsa_secp384r1_sha384_p1363_test.json", "ES384", accepts_raw },
    { "ecdsa_secp521r1_sha512_p1363_test.json", "ES512", accepts_raw },
    { "ed25519_test.json", "EdDSA", accepts_raw },
    { "rsa_signature_2048_sha256_test.json", "RS256", accepts_raw },
};

/* what is refused on purpose */

static const char *reason_to_skip(const struct group *g, const json_t *test)
{
    const json_t *keys = keys_of(g->json);
    const json_t *set = json_object_get(keys, "keys");
    const json_t *key = set != NULL ? json_array_get(set, 0) : keys;

    if (has_prefix(g->refusal.text, "RSA exponent 3 is too small"))
        return "RSA exponent 3: such keys are not loaded (FIPS 186-5)";
    if (strcmp(text_of(test, "comment"), "emptyPayload") == 0)
        return "no claims: a JWS, but no JWT";
    if (json_object_get(test, "jwe") != NULL)
        return "encryption: not supported";
    if (strcmp(text_of(key, "kty"), "oct") == 0)
        return "HMAC: refused always";
    if (has_prefix(text_of(key, "alg"), "PS"))
        return "RSASSA-PSS: not supported";
    if (strcmp(text_of(key, "alg"), "ES521") == 0)
        return "the key is for ES521, which no RFC defines (RFC 7520 has ES512)";
    return NULL;
}

static void judge(struct tally *t,
                  const struct group *g,
                  const json_t *test,
                  bool accepted,
                  const struct sai_err *e)
{
    const char *want = text_of(test, "result");
    const char *reason = reason_to_skip(g, test);
    int id = (int)json_integer_value(json_object_get(test, "tcId"));

    if (strcmp(want, "acceptable") == 0) {
        printf("# %s %d: acceptable, %s: %s %s\n", t->file, id,
               accepted ? "accepted" : "refused", text_of(test, "comment"), e->text);
        t->held++;
    } else if (accepted == (strcmp(want, "valid") == 0)) {
        t->held++;
    } else if (!accepted && reason != NULL) {
        printf("# %s %d: skipped: %s (%s)\n", t->file, id, reason, text_of(test, "comment"));
        t->skipped++;
    } else {
        printf("# %s %d: is %s, but we %s it: %s: %s %s\n", t->file, id, want,
               accepted ? "accept" : "refuse", text_of(test, "comment"), e->path, e->text);
        t->failed++;
    }
}

static void run_group(const struct vectors *v, const json_t *json, struct tally *t)
{
    struct group g = { .json = json, .alg = v->alg != NULL ? alg_find(v->alg) : NULL };
    const json_t *tests = json_object_get(json, "tests");

    if (v->alg != NULL && load_pem(&g, &g.refusal) && !same_as_jwk(&g, &g.refusal)) {
        printf("# %s: a key: %s\n", v->file, g.refusal.text);
        t->failed++;
    }
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *test = json_array_get(tests, i);
        struct sai_err e = g.refusal;
        bool accepted = e.code == SAI_OK && v->accepts(&g, test, &e);

        judge(t, &g, test, accepted, &e);
    }
    verifier_free(g.verifier);
    pkey_free(g.key);
}

static bool run_file(const char *dir, const struct vectors *v, size_t *held, struct sai_err *e)
{
    static const struct json_limits limits = { FILE_MAX_BYTES, 64 };
    AUTO(json_t) json_t *json = NULL;
    struct tally t = { .file = v->file };
    AUTO(buf) struct buf text;
    char path[4096];
    const json_t *groups;

    buf_init(&text, FILE_MAX_BYTES);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, v->file);
    if (!file_read(path, FILE_MAX_BYTES, &text, NULL, e) ||
        !json_read_object(text.data, text.len, &limits, &json, e))
        return false;
    groups = json_object_get(json, "testGroups");
    for (size_t i = 0; i < json_array_size(groups); i++)
        run_group(v, json_array_get(groups, i), &t);
    if (t.held + t.skipped + t.failed !=
        (size_t)json_integer_value(json_object_get(json, "numberOfTests")))
        return err_set(e, SAI_E_INVALID, "not the number of cases that it names");
    printf("%s: %zu hold, %zu skipped, %zu fail\n", v->file, t.held, t.skipped, t.failed);
    *held += t.held;
    return t.failed == 0;
}

static int absent(const char *dir)
{
    printf("skipped: no Wycheproof vectors in %s. To run this, clone\n"
           "https://github.com/C2SP/wycheproof and set WYCHEPROOF_DIR to its testvectors_v1\n",
           dir);
    return SKIPPED_AS_A_WHOLE;
}

int main(int argc, char **argv)
{
    const char *dir = getenv("WYCHEPROOF_DIR");
    size_t failed = 0;
    size_t held = 0;
    char path[4096];
    FILE *f;

    if (dir == NULL || dir[0] == '\0')
        dir = argc > 1 ? argv[1] : ".";
    (void)snprintf(path, sizeof(path), "%s/%s", dir, all_vectors[0].file);
    f = fopen(path, "r");
    if (f == NULL)
        return absent(dir);
    (void)fclose(f);
    for (size_t i = 0; i < ARRAY_SIZE(all_vectors); i++) {
        struct sai_err e = { 0 };

        if (run_file(dir, &all_vectors[i], &held, &e))
            continue;
        failed++;
        if (e.code != SAI_OK)
            printf("%s: %s\n", all_vectors[i].file, e.text);
    }
    printf("%zu cases\n", held);
    return failed == 0 ? 0 : 1;
}
