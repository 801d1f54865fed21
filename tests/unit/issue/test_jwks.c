/* SPDX-License-Identifier: Apache-2.0 */

/* JWK Sets: which keys are taken, passed over and refused. */

#include "base/err.h"
#include "temp_jwt.h"

#include <sa_issuer/verify.h>

/* RFC 7517 appendix A.1, without line breaks. */
static const char rfc7517_set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"use\":\"enc\",\"kid\":\"1\"},"
    "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z"
    "wu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5"
    "w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpb"
    "ISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
    "apJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}]}";

/* The same RSA key, and RFC 7515 appendix A.3.1 and RFC 8037 appendix A.2. */
#define N2048                                                                                  \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"  \
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_" \
    "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"        \
    "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define RSA  "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" N2048 "\""
#define EC_X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define EC_Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC   "\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y
#define ED                                                                                     \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"                               \
    "7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define ZERO32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

struct row {
    const char *set;
    size_t count;
    size_t skipped;
    const char *error; /* NULL: read */
    enum sai_err_code code;
};

static const struct row rows[] = {
    { rfc7517_set, 1, 1, NULL, SAI_OK },
    { "{\"keys\":[]}", 0, 0, NULL, SAI_OK },
    { "{\"keys\":[{" RSA "},{" EC ",\"kid\":\"a\"},{" ED ",\"kid\":\"b\",\"alg\":\"EdDSA\"}]}",
      3, 0, NULL, SAI_OK },
    { "{\"keys\":[{" RSA "},{" EC "}],\"more\":[1,2,3]}", 2, 0, NULL, SAI_OK },
    { "{\"keys\":[{" EC ",\"x5t\":7,\"z\":[[[{}]]]}]}", 1, 0, NULL, SAI_OK },
    { "{\"keys\":[{" RSA ",\"alg\":\"RS512\",\"key_ops\":[\"sign\",\"verify\"]}]}", 1, 0, NULL,
      SAI_OK },
    /* passed over */
    { "{\"keys\":[{\"kty\":\"AKP\"},{\"kty\":\"\"},{\"kty\":\"rsa\"}]}", 0, 3, NULL, SAI_OK },
    { "{\"keys\":[{" EC ",\"use\":\"enc\"},{" EC ",\"use\":\"\"}]}", 0, 2, NULL, SAI_OK },
    { "{\"keys\":[{" EC ",\"key_ops\":[\"deriveKey\"]},{" EC ",\"key_ops\":[]}]}", 0, 2, NULL,
      SAI_OK },
    { "{\"keys\":[{" RSA ",\"alg\":\"PS256\"},{" RSA ",\"alg\":\"RSA-OAEP\"},{" EC
      ",\"alg\":\"HS256\"},{" EC ",\"alg\":\"none\"}]}",
      0, 4, NULL, SAI_OK },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"secp256k1\"},{\"kty\":\"OKP\",\"crv\":\"Ed448\"}]}",
      0, 2, NULL, SAI_OK },
    /* not a set */
    { "", 0, 0, "not JSON: ends early (at byte 0)", SAI_E_SYNTAX },
    { "[]", 0, 0, "not a JSON object", SAI_E_SYNTAX },
    { "{" EC "}", 0, 0, "not a JWK Set: no member \"keys\" with a list", SAI_E_INVALID },
    { "{\"keys\":{}}", 0, 0, "not a JWK Set: no member \"keys\" with a list", SAI_E_INVALID },
    { "{\"keys\":[],\"keys\":[]}", 0, 0, "not JSON: a member stands there twice (at byte 17)",
      SAI_E_SYNTAX },
    { "{\"keys\":[{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}]}", 0, 0,
      "more than 16 levels of nesting", SAI_E_LIMIT },
    /* not a key */
    { "{\"keys\":[7]}", 0, 0, "keys[0]: must be an object", SAI_E_INVALID },
    { "{\"keys\":[{" EC "},{}]}", 0, 0, "keys[1].kty: missing", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":7}]}", 0, 0, "keys[0].kty: must be a string", SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"use\":1}]}", 0, 0, "keys[0].use: must be a string", SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"key_ops\":\"verify\"}]}", 0, 0,
      "keys[0].key_ops: must be a list of strings", SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"key_ops\":[1]}]}", 0, 0,
      "keys[0].key_ops: must be a list of strings", SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"alg\":null}]}", 0, 0, "keys[0].alg: must be a string",
      SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"kid\":1}]}", 0, 0, "keys[0].kid: must be a string", SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"kid\":\"\"}]}", 0, 0, "keys[0].kid: must have 1 to 1024 bytes",
      SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"kid\":\"a\"},{" ED "},{" RSA ",\"kid\":\"a\"}]}", 0, 0,
      "keys[2].kid: another key of the set has this one", SAI_E_INVALID },
    /* private members, of keys that would be passed over too */
    { "{\"keys\":[{" EC ",\"d\":\"AQ\"}]}", 0, 0,
      "keys[0].d: a private member, in a set of public keys", SAI_E_INVALID },
    { "{\"keys\":[{" RSA ",\"use\":\"enc\",\"qi\":\"AQ\"}]}", 0, 0,
      "keys[0].qi: a private member, in a set of public keys", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQ\"}]}", 0, 0,
      "keys[0].k: a private member, in a set of public keys", SAI_E_INVALID },
    /* alg and key do not fit */
    { "{\"keys\":[{" EC ",\"alg\":\"RS256\"}]}", 0, 0,
      "keys[0].alg: RS256 does not fit this key, which is one for ES256", SAI_E_INVALID },
    { "{\"keys\":[{" EC ",\"alg\":\"ES384\"}]}", 0, 0,
      "keys[0].alg: ES384 does not fit this key, which is one for ES256", SAI_E_INVALID },
    { "{\"keys\":[{" RSA ",\"alg\":\"ES256\"}]}", 0, 0,
      "keys[0].alg: ES256 does not fit this key, which is one for RS256", SAI_E_INVALID },
    { "{\"keys\":[{" ED ",\"alg\":\"ES256\"}]}", 0, 0,
      "keys[0].alg: ES256 does not fit this key, which is one for EdDSA", SAI_E_INVALID },
    /* RSA */
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\"}]}", 0, 0, "keys[0].n: missing",
      SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":65537,\"n\":\"" N2048 "\"}]}", 0, 0,
      "keys[0].e: must be a string", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"\",\"n\":\"" N2048 "\"}]}", 0, 0, "keys[0].e: empty",
      SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AAEAAQ\",\"n\":\"" N2048 "\"}]}", 0, 0,
      "keys[0].e: begins with a zero byte", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"" N2048 "\"}]}", 0, 0,
      "keys[0]: RSA exponent 1 is too small (want 65537)", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAA\",\"n\":\"" N2048 "\"}]}", 0, 0,
      "keys[0]: RSA exponent is even", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}]}", 0, 0,
      "keys[0]: RSA key of 17 bits: want 2048 to 8192", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQ+/\"}]}", 0, 0,
      "keys[0].n: not base64url: unexpected character at offset 2", SAI_E_SYNTAX },
    { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB=\",\"n\":\"" N2048 "\"}]}", 0, 0,
      "keys[0].e: not base64url: cut short", SAI_E_SYNTAX },
    /* EC */
    { "{\"keys\":[{\"kty\":\"EC\"," EC_X "," EC_Y "}]}", 0, 0, "keys[0].crv: missing",
      SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "}]}", 0, 0, "keys[0].y: missing",
      SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\"," EC_X "," EC_Y "}]}", 0, 0,
      "keys[0].x: 32 bytes: a coordinate of this curve has 48", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X ",\"y\":\"" ZERO32 "\"}]}", 0, 0,
      "keys[0]: x and y are no point of the curve", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ZERO32 "\",\"y\":\"" ZERO32
      "\"}]}",
      0, 0, "keys[0]: x and y are no point of the curve", SAI_E_INVALID },
    /* Ed25519 */
    { "{\"keys\":[{\"kty\":\"OKP\"}]}", 0, 0, "keys[0].crv: missing", SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}]}", 0, 0, "keys[0].x: missing",
      SAI_E_INVALID },
    { "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}]}", 0, 0,
      "keys[0].x: 3 bytes: an Ed25519 key has 32", SAI_E_INVALID },
};

static void judge(const char *set, size_t len, const struct row *want)
{
    struct sai_jwks *jwks = NULL;
    struct sai_err e = { 0 };
    char shown[sizeof(struct sai_err)];
    bool ok = sai_jwks_parse(set, len, &jwks, &e);

    (void)sai_err_format(&e, shown, sizeof(shown));
    if (strcmp(shown, want->error == NULL ? "" : want->error) != 0)
        fail_msg("%.100s: '%s', want '%s'", set, shown, want->error == NULL ? "" : want->error);
    assert_int_equal(e.code, want->code);
    assert_int_equal(ok, want->error == NULL);
    if (ok) {
        assert_int_equal(sai_jwks_count(jwks), want->count);
        assert_int_equal(sai_jwks_skipped(jwks), want->skipped);
    } else {
        assert_null(jwks);
    }
    sai_jwks_free(jwks);
}

static void judges_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        judge(rows[i].set, strlen(rows[i].set), &rows[i]);
}

static void bounds_the_number_of_keys(void **state)
{
    const struct row good = { .skipped = 1000 };
    const struct row bad = { .error = "more than 1000 keys", .code = SAI_E_LIMIT };
    static char set[32768];
    char *at = set + sprintf(set, "{\"keys\":[");

    (void)state;
    for (int i = 0; i < 1000; i++)
        at += sprintf(at, "%s{\"kty\":\"x\"}", i == 0 ? "" : ",");
    (void)sprintf(at, "]}");
    judge(set, strlen(set), &good);
    (void)sprintf(at, ",{\"kty\":\"x\"}]}");
    judge(set, strlen(set), &bad);
}

static void bounds_the_size(void **state)
{
    const struct row good = { .error = NULL };
    const struct row bad = { .error = "longer than 1048576 bytes", .code = SAI_E_LIMIT };
    static char set[1048577];

    (void)state;
    memset(set, ' ', sizeof(set));
    memcpy(set, "{\"keys\":[]}", 11);
    judge(set, sizeof(set) - 1, &good);
    judge(set, sizeof(set), &bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_sets),
        cmocka_unit_test(bounds_the_number_of_keys),
        cmocka_unit_test(bounds_the_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
