/* SPDX-License-Identifier: Apache-2.0 */

/* Verifying tokens: signatures and claims; each refusal has its own words. */

#include "verify_fixture.h"

static void accepts_every_algorithm(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        struct sai_verified v = { 0 };
        struct sai_err e = { 0 };
        char token[JWT_TEXT_SIZE];
        char header[128];

        (void)snprintf(header, sizeof(header),
                       "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", keys[i].alg,
                       keys[i].kid);
        jwt_make(keys[i].key, keys[i].alg, header, good_claims, token);
        if (!sai_verify(jwks, token, strlen(token), &strict, &v, &e))
            fail_msg("%s: %s: %s", keys[i].kid, e.path, e.text);
        assert_string_equal(v.claims, good_claims);
        assert_int_equal(v.claims_len, strlen(good_claims));
        assert_string_equal(v.kid, keys[i].kid);
        assert_string_equal(v.alg, keys[i].alg);
        free(v.claims);
    }
}

/* Any bit of any signature, and any of the signed text. */
static void refuses_flipped_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        char message[JWT_TEXT_SIZE];
        unsigned char signature[1024];
        char header[128];
        size_t len;

        (void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}", keys[i].alg,
                       keys[i].kid);
        jwt_base64(header, strlen(header), message);
        (void)strcat(message, ".");
        jwt_base64(good_claims, strlen(good_claims), message + strlen(message));
        len = jwt_sign(keys[i].key, keys[i].alg, message, strlen(message), signature);
        for (size_t bit = 0; bit < 8 * len; bit += 37) {
            char token[JWT_TEXT_SIZE];

            signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
            (void)strcat(strcpy(token, message), ".");
            jwt_base64(signature, len, token + strlen(token));
            expect_refusal(token, strlen(token), &strict, SAI_E_DENIED,
                           "signature: the signature does not fit the message and key");
            signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        (void)strcat(message, ".");
        jwt_base64(signature, len, message + strlen(message));
        expect_good(message, &strict);
    }
}

struct claims_case {
    const char *claims;
    enum sai_err_code code;
    const char *text; /* NULL: accepted */
};

static const struct claims_case claims_cases[] = {
    { "{" WHO "," IAT "," EXP "}", SAI_OK, NULL },
    { "{" ISS "," SUB ",\"aud\":\"sts\"," IAT "," EXP "}", SAI_OK, NULL },
    /* 60 seconds either way, not one more */
    { "{" WHO "," IAT ",\"exp\":1699999941}", SAI_OK, NULL },
    { "{" WHO "," IAT ",\"exp\":1699999940}", SAI_E_DENIED,
      "claims.exp: expired at 2023-11-14T22:12:20Z, 60 s ago" },
    { "{" WHO "," IAT ",\"nbf\":1700000060," EXP "}", SAI_OK, NULL },
    { "{" WHO "," IAT ",\"nbf\":1700000061," EXP "}", SAI_E_DENIED,
      "claims.nbf: not valid before 2023-11-14T22:14:21Z, in 61 s" },
    { "{" WHO ",\"iat\":1700000060," EXP "}", SAI_OK, NULL },
    { "{" WHO ",\"iat\":1700000061," EXP "}", SAI_E_DENIED,
      "claims.iat: issued in the future, at 2023-11-14T22:14:21Z, in 61 s" },
    { "{" WHO "," IAT "}", SAI_E_DENIED, "claims.exp: missing" },
    { "{" WHO "," EXP "}", SAI_E_DENIED, "claims.iat: missing" },
    { "{" WHO "," IAT ",\"exp\":\"1700003600\"}", SAI_E_DENIED,
      "claims.exp: must be an integer, seconds since 1970, before the year 10000" },
    { "{" WHO "," IAT ",\"exp\":1700003600.5}", SAI_E_DENIED,
      "claims.exp: must be an integer, seconds since 1970, before the year 10000" },
    { "{" WHO "," IAT ",\"exp\":1.7e10}", SAI_E_DENIED,
      "claims.exp: must be an integer, seconds since 1970, before the year 10000" },
    { "{" WHO "," IAT ",\"exp\":-1}", SAI_E_DENIED,
      "claims.exp: must be an integer, seconds since 1970, before the year 10000" },
    { "{" WHO "," IAT ",\"exp\":253402300800}", SAI_E_DENIED,
      "claims.exp: must be an integer, seconds since 1970, before the year 10000" },
    { "{" WHO "," IAT ",\"exp\":253402300799}", SAI_OK, NULL },
    { "{" WHO "," IAT ",\"exp\":18446744073709551616}", SAI_E_SYNTAX,
      "claims: not JSON: a number is out of range (at byte 134)" },
    { "{" WHO "," IAT ",\"exp\":1e999}", SAI_E_SYNTAX,
      "claims: not JSON: a number is out of range (at byte 119)" },
    { "{" WHO "," IAT ",\"exp\":NaN}", SAI_E_SYNTAX,
      "claims: not JSON: invalid syntax (at byte 117)" },
    { "{" WHO "," IAT ",\"nbf\":null," EXP "}", SAI_E_DENIED,
      "claims.nbf: must be an integer, seconds since 1970, before the year 10000" },
    { "{" SUB "," AUD "," IAT "," EXP "}", SAI_E_DENIED, "claims.iss: missing" },
    { "{\"iss\":7," SUB "," AUD "," IAT "," EXP "}", SAI_E_DENIED,
      "claims.iss: must be a string that is not empty" },
    { "{\"iss\":\"https://issuer.example/\"," SUB "," AUD "," IAT "," EXP "}", SAI_E_DENIED,
      "claims.iss: https://issuer.example/: want https://issuer.example" },
    { "{" ISS "," AUD "," IAT "," EXP "}", SAI_E_DENIED, "claims.sub: missing" },
    { "{" ISS ",\"sub\":\"\"," AUD "," IAT "," EXP "}", SAI_E_DENIED,
      "claims.sub: must be a string that is not empty" },
    { "{" ISS "," SUB "," IAT "," EXP "}", SAI_E_DENIED, "claims.aud: missing" },
    { "{" ISS "," SUB ",\"aud\":[]," IAT "," EXP "}", SAI_E_DENIED,
      "claims.aud: must be a string, or a list of strings, not empty" },
    { "{" ISS "," SUB ",\"aud\":[\"sts\",1]," IAT "," EXP "}", SAI_E_DENIED,
      "claims.aud: must be a string, or a list of strings, not empty" },
    { "{" ISS "," SUB ",\"aud\":{\"sts\":1}," IAT "," EXP "}", SAI_E_DENIED,
      "claims.aud: must be a string, or a list of strings, not empty" },
    { "{" ISS "," SUB ",\"aud\":1," IAT "," EXP "}", SAI_E_DENIED,
      "claims.aud: must be a string, or a list of strings, not empty" },
    { "{" ISS "," SUB ",\"aud\":[\"STS\",\"sts \"]," IAT "," EXP "}", SAI_E_DENIED,
      "claims.aud: not for sts" },
    { "{" ISS "," SUB ",\"aud\":\"vault,sts\"," IAT "," EXP "}", SAI_E_DENIED,
      "claims.aud: not for sts" },
    { "{" WHO "," IAT "," EXP ",\"jti\":1}", SAI_E_DENIED,
      "claims.jti: must be a string that is not empty" },
    { "{" WHO "," IAT "," EXP "," EXP "}", SAI_E_SYNTAX,
      "claims: not JSON: a member stands there twice (at byte 130)" },
    { "{" WHO "," IAT "," EXP ",\"a\":{\"b\":[{\"c\":1,\"c\":1}]}}", SAI_E_SYNTAX,
      "claims: not JSON: a member stands there twice (at byte 145)" },
    { "{" WHO "," IAT "," EXP ",\"a\":\"\\u0000\"}", SAI_E_SYNTAX,
      "claims: not JSON: \\u0000 in a string (at byte 137)" },
    { "{" WHO "," IAT "," EXP ",\"a\":\"\xff\"}", SAI_E_SYNTAX,
      "claims: not JSON: invalid UTF-8 (at byte 130)" },
    { "{" WHO "," IAT "," EXP ",\"a\":\"\\ud800\"}", SAI_E_SYNTAX,
      "claims: not JSON: invalid syntax (at byte 137)" },
    { "{" WHO "," IAT "," EXP ",}", SAI_E_SYNTAX,
      "claims: not JSON: invalid syntax (at byte 126)" },
    { "{" WHO "," IAT "," EXP "}{}", SAI_E_SYNTAX,
      "claims: not JSON: something stands behind the end (at byte 126)" },
    { "[]", SAI_E_SYNTAX, "claims: not a JSON object" },
    { "\"a\"", SAI_E_SYNTAX, "claims: not JSON: invalid syntax (at byte 3)" },
    { "eyJhbGciOiJub25lIn0.e30.", SAI_E_SYNTAX,
      "claims: not JSON: invalid syntax (at byte 13)" },
};

static void judges_claims(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(claims_cases); i++) {
        const struct claims_case *c = &claims_cases[i];
        char token[JWT_TEXT_SIZE];

        jwt_make(keys[P256_KEY].key, "ES256", p256_header, c->claims, token);
        if (c->text == NULL)
            expect_good(token, &strict);
        else
            expect_refusal(token, strlen(token), &strict, c->code, c->text);
    }
}

static void refuses_utf16_claims(void **state)
{
    static const char claims[] = "{\0\"\0i\0s\0s\0\"\0:\0\"\0a\0\"\0}";
    char token[JWT_TEXT_SIZE];

    (void)state;
    jwt_make_n(keys[P256_KEY].key, "ES256", p256_header, claims, sizeof(claims), token);
    expect_refusal(token, strlen(token), &strict, SAI_E_SYNTAX, "claims: not JSON: a NUL byte");
}

/* Bad claims under a bad signature: the signature is told. */
static void looks_at_claims_last(void **state)
{
    char token[JWT_TEXT_SIZE];

    (void)state;
    jwt_make(keys[RSA_KEY].key, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa-2\"}", "not JSON",
             token);
    expect_refusal(token, strlen(token), &strict, SAI_E_DENIED,
                   "signature: the signature does not fit the message and key");
}

static void lets_issuer_and_audience_be_any(void **state)
{
    const struct sai_verify_options any = { .now_unix_s = now };
    char token[JWT_TEXT_SIZE];

    (void)state;
    jwt_make(keys[ED_KEY].key, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
             "{\"iss\":\"a\",\"sub\":\"b\",\"aud\":\"c\",\"iat\":1,\"exp\":1700000001}", token);
    expect_good(token, &any);
}

/* RFC 7519 section 4.1.4: on exp it is over. */
static void has_no_leeway_unless_asked(void **state)
{
    const struct sai_verify_options exact = { .now_unix_s = now };
    char token[JWT_TEXT_SIZE];

    (void)state;
    jwt_make(keys[ED_KEY].key, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
             "{" WHO "," IAT ",\"exp\":1700000000}", token);
    expect_refusal(token, strlen(token), &exact, SAI_E_DENIED,
                   "claims.exp: expired at 2023-11-14T22:13:20Z, 0 s ago");
}

static void bounds_leeway_and_time(void **state)
{
    struct sai_verify_options o = { .now_unix_s = now, .leeway_s = UINT64_MAX };
    char token[JWT_TEXT_SIZE];

    (void)state;
    jwt_make(keys[ED_KEY].key, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
             "{" WHO ",\"iat\":0,\"exp\":0}", token);
    expect_good(token, &o);
    o.now_unix_s = INT64_MAX;
    expect_refusal(token, strlen(token), &o, SAI_E_INVALID,
                   "the time to verify at is out of range");
    o.now_unix_s = INT64_MIN;
    expect_refusal(token, strlen(token), &o, SAI_E_INVALID,
                   "the time to verify at is out of range");
}

static void uses_the_clock(void **state)
{
    struct sai_verify_options o = { .leeway_s = 60 };
    char token[JWT_TEXT_SIZE];
    char claims[256];

    (void)state;
    (void)snprintf(claims, sizeof(claims), "{" WHO ",\"iat\":%lld,\"exp\":%lld}",
                   (long long)time(NULL), (long long)time(NULL) + 1);
    jwt_make(keys[ED_KEY].key, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", claims, token);
    expect_good(token, &o);
    jwt_make(keys[ED_KEY].key, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", good_claims,
             token);
    {
        struct sai_verified v = { 0 };
        struct sai_err e = { 0 };

        assert_false(sai_verify(jwks, token, strlen(token), &o, &v, &e));
        assert_string_equal(e.path, "claims.exp");
    }
}

/* A key that says neither alg nor kid stands for what its type is published for. */
static void pins_keys_without_alg(void **state)
{
    char members[4096];
    char set[8192];
    char token[JWT_TEXT_SIZE];
    struct sai_jwks *own = NULL;
    struct sai_verified v = { 0 };
    struct sai_err e = { 0 };

    (void)state;
    jwk_members(keys[RSA_KEY].key, members, sizeof(members));
    (void)snprintf(set, sizeof(set), "{\"keys\":[{%s}]}", members);
    assert_true(sai_jwks_parse(set, strlen(set), &own, &e));
    jwt_make(keys[RSA_KEY].key, "RS256", "{\"alg\":\"RS256\"}", good_claims, token);
    assert_true(sai_verify(own, token, strlen(token), &strict, &v, &e));
    assert_null(v.kid);
    free(v.claims);
    jwt_make(keys[RSA_KEY].key, "RS384", "{\"alg\":\"RS384\"}", good_claims, token);
    assert_false(sai_verify(own, token, strlen(token), &strict, &v, &e));
    assert_string_equal(e.path, "header.kid");
    assert_string_equal(e.text, "missing, and no key is for RS384");
    sai_jwks_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_algorithm),
        cmocka_unit_test(refuses_flipped_bits),
        cmocka_unit_test(judges_claims),
        cmocka_unit_test(refuses_utf16_claims),
        cmocka_unit_test(looks_at_claims_last),
        cmocka_unit_test(lets_issuer_and_audience_be_any),
        cmocka_unit_test(has_no_leeway_unless_asked),
        cmocka_unit_test(bounds_leeway_and_time),
        cmocka_unit_test(uses_the_clock),
        cmocka_unit_test(pins_keys_without_alg),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
