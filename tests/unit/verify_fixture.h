/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A key of each kind in one JWK Set, claims that are good, and judging a token. Tokens and keys
 * are made by OpenSSL alone. */

#include "base/err.h"
#include "temp_jwt.h"

#include <sa_issuer/verify.h>

static const int64_t now = 1700000000; /* 2023-11-14T22:13:20Z */

struct signing_key {
    const char *alg;
    const char *kid;
    const char *curve; /* NULL: RSA, "": Ed25519 */
    EVP_PKEY *key;
};

/* Two keys for RS256, one for each of the others. */
static struct signing_key keys[] = {
    { .alg = "RS256", .kid = "rsa-1" },
    { .alg = "RS256", .kid = "rsa-2" },
    { .alg = "RS384", .kid = "rsa-3" },
    { .alg = "RS512", .kid = "rsa-4" },
    { .alg = "ES256", .kid = "p256", .curve = "P-256" },
    { .alg = "ES384", .kid = "p384", .curve = "P-384" },
    { .alg = "ES512", .kid = "p521", .curve = "P-521" },
    { .alg = "EdDSA", .kid = "ed", .curve = "" },
};
enum { RSA_KEY = 0, P256_KEY = 4, ED_KEY = 7 };

static struct sai_jwks *jwks;

/* Appends the JWK to a set. */
static inline void put_jwk(const struct signing_key *k, char *set, size_t size)
{
    size_t used = strlen(set);
    char members[4096];

    jwk_members(k->key, members, sizeof(members));
    (void)snprintf(set + used, size - used,
                   "%s{\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\",%s}",
                   set[used - 1] == '[' ? "" : ",", k->alg, k->kid, members);
}

static inline int make_keys(void **state)
{
    static char text[32768] = "{\"keys\":[";
    struct sai_err e = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        struct signing_key *k = &keys[i];

        if (k->curve == NULL)
            k->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        else if (k->curve[0] != '\0')
            k->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", k->curve);
        else
            k->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        assert_non_null(k->key);
        put_jwk(k, text, sizeof(text));
    }
    (void)strcat(text, "]}");
    if (!sai_jwks_parse(text, strlen(text), &jwks, &e))
        fail_msg("%s: %s", e.path, e.text);
    return 0;
}

static inline int free_keys(void **state)
{
    (void)state;
    sai_jwks_free(jwks);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        EVP_PKEY_free(keys[i].key);
    return 0;
}

#define ISS "\"iss\":\"https://issuer.example\""
#define SUB "\"sub\":\"system:serviceaccount:ns:app\""
#define AUD "\"aud\":[\"vault\",\"sts\"]"
#define IAT "\"iat\":1700000000"
#define EXP "\"exp\":1700003600"
#define WHO ISS "," SUB "," AUD

static const char good_claims[] =
    "{" WHO "," IAT ",\"nbf\":1700000000," EXP
    ",\"jti\":\"a\",\"kubernetes.io\":{\"namespace\":\"ns\"},\"n\":[1.5,null]}";

static const struct sai_verify_options strict = {
    .issuer = "https://issuer.example",
    .audience = "sts",
    .now_unix_s = now,
    .leeway_s = 60,
};

/* The error as it is shown. */
static inline void expect_refusal(const char *token,
                                  size_t len,
                                  const struct sai_verify_options *options,
                                  enum sai_err_code code,
                                  const char *text)
{
    struct sai_verified v = { 0 };
    struct sai_err e = { 0 };
    char shown[sizeof(struct sai_err)];

    if (sai_verify(jwks, token, len, options, &v, &e))
        fail_msg("accepted; want: %s", text);
    assert_null(v.claims);
    assert_string_equal(sai_err_format(&e, shown, sizeof(shown)), text);
    assert_int_equal(e.code, code);
}

static inline void expect_good(const char *token, const struct sai_verify_options *options)
{
    struct sai_verified v = { 0 };
    struct sai_err e = { 0 };
    char shown[sizeof(struct sai_err)];

    if (!sai_verify(jwks, token, strlen(token), options, &v, &e))
        fail_msg("refused: %s", sai_err_format(&e, shown, sizeof(shown)));
    free(v.claims);
}

static const char p256_header[] = "{\"alg\":\"ES256\",\"kid\":\"p256\"}";
