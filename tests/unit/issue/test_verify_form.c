/* SPDX-License-Identifier: Apache-2.0 */

/* Verifying tokens: the form of the whole and the header; each refusal has its own words. */

#include "verify_fixture.h"

struct header_case {
    const char *header;
    enum sai_err_code code;
    const char *text; /* NULL: accepted */
};

/* All signed with the ES256 key. */
static const struct header_case header_cases[] = {
    { "{\"alg\":\"ES256\",\"kid\":\"p256\"}", SAI_OK, NULL },
    { " {\"typ\":\"jwt\", \"kid\":\"p256\", \"alg\":\"ES256\"}\n", SAI_OK, NULL },
    { "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", SAI_OK, NULL }, /* the only key for ES256 */
    { "{\"alg\":\"none\",\"kid\":\"p256\"}", SAI_E_DENIED,
      "header.alg: none: the token is not signed" },
    { "{\"alg\":\"nOnE\"}", SAI_E_DENIED, "header.alg: none: the token is not signed" },
    { "{\"alg\":\"HS256\",\"kid\":\"p256\"}", SAI_E_DENIED,
      "header.alg: HS256: HMAC is refused, as a public key must never be its secret" },
    { "{\"alg\":\"PS256\",\"kid\":\"p256\"}", SAI_E_DENIED,
      "header.alg: PS256 is not supported (want RS256, RS384, RS512, ES256, ES384, ES512 or "
      "EdDSA)" },
    { "{\"alg\":\"es256\\n\",\"kid\":\"p256\"}", SAI_E_DENIED,
      "header.alg: es256? is not supported (want RS256, RS384, RS512, ES256, ES384, ES512 or "
      "EdDSA)" },
    { "{\"alg\":\"\",\"kid\":\"p256\"}", SAI_E_DENIED,
      "header.alg:  is not supported (want RS256, RS384, RS512, ES256, ES384, ES512 or "
      "EdDSA)" },
    { "{\"alg\":[\"ES256\"],\"kid\":\"p256\"}", SAI_E_SYNTAX, "header.alg: must be a string" },
    { "{\"kid\":\"p256\"}", SAI_E_SYNTAX, "header.alg: missing" },
    { "{\"alg\":\"ES384\",\"kid\":\"p256\"}", SAI_E_DENIED,
      "header.alg: ES384, but the key with this kid is for ES256" },
    { "{\"alg\":\"RS256\",\"kid\":\"p256\"}", SAI_E_DENIED,
      "header.alg: RS256, but the key with this kid is for ES256" },
    { "{\"alg\":\"ES256\",\"kid\":\"p-256\"}", SAI_E_DENIED,
      "header.kid: no key of the issuer has the id p-256" },
    { "{\"alg\":\"ES256\",\"kid\":\"../../etc/passwd\\u00e9\"}", SAI_E_DENIED,
      "header.kid: no key of the issuer has the id ../../etc/passwd??" },
    { "{\"alg\":\"ES256\",\"kid\":\"\"}", SAI_E_SYNTAX,
      "header.kid: must have 1 to 1024 bytes" },
    { "{\"alg\":\"ES256\",\"kid\":256}", SAI_E_SYNTAX, "header.kid: must be a string" },
    { "{\"alg\":\"ES256\",\"kid\":null}", SAI_E_SYNTAX, "header.kid: must be a string" },
    { "{\"alg\":\"RS256\"}", SAI_E_DENIED,
      "header.kid: missing, and 2 keys are for RS256: none can be chosen" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"typ\":\"at+jwt\"}", SAI_E_DENIED,
      "header.typ: at+jwt: want JWT" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"typ\":true}", SAI_E_SYNTAX,
      "header.typ: must be a string" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"kid\":\"p256\"}", SAI_E_SYNTAX,
      "header: not JSON: a member stands there twice (at byte 33)" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"crit\":[\"exp\"]}", SAI_E_DENIED,
      "header.crit: no critical extension is supported" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"jwk\":{\"kty\":\"EC\"}}", SAI_E_DENIED,
      "header.jwk: keys that a token brings or points to are never used" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"jku\":\"https://a.example\"}", SAI_E_DENIED,
      "header.jku: keys that a token brings or points to are never used" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"x5u\":\"https://a.example\"}", SAI_E_DENIED,
      "header.x5u: keys that a token brings or points to are never used" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"x5c\":[\"MII\"]}", SAI_E_DENIED,
      "header.x5c: keys that a token brings or points to are never used" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"b64\":false}", SAI_E_DENIED,
      "header.b64: unencoded payloads are not supported" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"zip\":\"DEF\"}", SAI_E_DENIED,
      "header.zip: compressed claims are refused" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"cty\":\"JWT\"}", SAI_E_DENIED,
      "header.cty: nested tokens are refused" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"enc\":\"A128GCM\"}", SAI_E_DENIED,
      "header.enc: encrypted tokens are refused" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\",\"x\\ty\":1}", SAI_E_DENIED,
      "header.x?y: not allowed (a header has alg, kid and typ, nothing else)" },
    { "{\"alg\":\"ES256\",\"kid\":\"p256\"} x", SAI_E_SYNTAX,
      "header: not JSON: something stands behind the end (at byte 30)" },
    { "{\"alg\":\"ES256\"", SAI_E_SYNTAX, "header: not JSON: ends early (at byte 14)" },
    { "{'alg':'ES256'}", SAI_E_SYNTAX, "header: not JSON: invalid syntax (at byte 2)" },
    { "\xef\xbb\xbf{\"alg\":\"ES256\"}", SAI_E_SYNTAX,
      "header: not JSON: invalid syntax (at byte 3)" },
    { "[\"alg\",\"ES256\"]", SAI_E_SYNTAX, "header: not a JSON object" },
    { "{\"alg\":\"ES256\",\"a\":[[[[[[[[]]]]]]]]}", SAI_E_LIMIT,
      "header: more than 8 levels of nesting" },
};

static void judges_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(header_cases); i++) {
        const struct header_case *c = &header_cases[i];
        char token[JWT_TEXT_SIZE];

        jwt_make(keys[P256_KEY].key, "ES256", c->header, good_claims, token);
        if (c->text == NULL)
            expect_good(token, &strict);
        else
            expect_refusal(token, strlen(token), &strict, c->code, c->text);
    }
}

struct form_case {
    const char *form; /* H, C and S stand for header, claims and signature, T for less of it */
    enum sai_err_code code;
    const char *text;
};

static const struct form_case form_cases[] = {
    { "", SAI_E_SYNTAX, "no token: the text is empty" },
    { "H", SAI_E_SYNTAX, "not a signed JWT: want three parts with dots between them, not 1" },
    { "H.C", SAI_E_SYNTAX, "not a signed JWT: want three parts with dots between them, not 2" },
    { "H.C.", SAI_E_SYNTAX, "signature: empty" },
    { "H..S", SAI_E_SYNTAX, "claims: empty" },
    { ".C.S", SAI_E_SYNTAX, "header: empty" },
    { "H.C.S.", SAI_E_SYNTAX,
      "not a signed JWT: want three parts with dots between them, not 4" },
    { "H.C.S.S.S", SAI_E_DENIED, "five parts: encrypted tokens are refused" },
    { "{\"protected\":\"H\",\"payload\":\"C\",\"signature\":\"S\"}", SAI_E_DENIED,
      "the JSON serialisation of a JWS: want the compact one" },
    { "H.C.S=", SAI_E_SYNTAX, "signature: not base64url: unexpected character at offset 86" },
    { "H.C.S==", SAI_E_SYNTAX, "signature: not base64url: unexpected character at offset 86" },
    { "H=.C.S", SAI_E_SYNTAX, "header: not base64url: unexpected character at offset 38" },
    { "H.C.S\n", SAI_E_SYNTAX, "signature: not base64url: unexpected character at offset 86" },
    { " H.C.S", SAI_E_SYNTAX, "header: not base64url: unexpected character at offset 0" },
    { "H.C\n.S", SAI_E_SYNTAX, "claims: not base64url: unexpected character at offset 270" },
    { "H.C.T", SAI_E_DENIED, "signature: ES256 signature of 63 bytes: want 64" },
    { "H.C.SAA", SAI_E_DENIED, "signature: ES256 signature of 66 bytes: want 64" },
    { "H.C.AAAA", SAI_E_DENIED, "signature: ES256 signature of 3 bytes: want 64" },
    { "H.C."
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      SAI_E_DENIED, "signature: the signature does not fit the message and key" },
};

static void fill_in(const char *form, const char *parts[3], char *out)
{
    for (; *form != '\0'; form++) {
        if (*form == 'T')
            out += sprintf(out, "%.84s", parts[2]);
        else if (strchr("HCS", *form) != NULL)
            out += sprintf(out, "%s", parts[*form == 'H' ? 0 : *form == 'C' ? 1 : 2]);
        else
            *out++ = *form;
    }
    *out = '\0';
}

static void judges_forms(void **state)
{
    char token[JWT_TEXT_SIZE];
    const char *parts[3] = { token };

    (void)state;
    jwt_make(keys[P256_KEY].key, "ES256", p256_header, good_claims, token);
    for (size_t i = 1; i < ARRAY_SIZE(parts); i++) {
        char *dot = strchr((char *)(uintptr_t)parts[i - 1], '.');

        *dot = '\0';
        parts[i] = dot + 1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(form_cases); i++) {
        char text[4 * JWT_TEXT_SIZE];

        fill_in(form_cases[i].form, parts, text);
        expect_refusal(text, strlen(text), &strict, form_cases[i].code, form_cases[i].text);
    }
}

/* The last character of a part has bits that stand for nothing: one spelling only. */
static void refuses_unused_bits(void **state)
{
    char token[JWT_TEXT_SIZE];
    size_t len;

    (void)state;
    jwt_make(keys[P256_KEY].key, "ES256", p256_header, good_claims, token);
    len = strlen(token);
    assert_true(strchr("AQgw", token[len - 1]) != NULL);
    token[len - 1]++;
    expect_refusal(token, len, &strict, SAI_E_SYNTAX,
                   "signature: not base64url: unused bits of the last character are set");
}

static void refuses_nul_bytes(void **state)
{
    char token[JWT_TEXT_SIZE] = { 0 };

    (void)state;
    jwt_make(keys[P256_KEY].key, "ES256", p256_header, good_claims, token);
    expect_refusal(token, strlen(token) + 2, &strict, SAI_E_SYNTAX,
                   "signature: not base64url: unexpected character at offset 86");
}

static void refuses_large_tokens(void **state)
{
    static char token[65538];

    (void)state;
    memset(token, 'A', sizeof(token));
    expect_refusal(token, 65537, &strict, SAI_E_LIMIT, "a token of more than 65536 bytes");
    token[20000] = token[60000] = '.';
    expect_refusal(token, 65536, &strict, SAI_E_LIMIT, "header: longer than 8192 bytes");
}

static void refuses_large_signatures(void **state)
{
    char text[JWT_TEXT_SIZE];
    char *end;

    (void)state;
    jwt_make(keys[P256_KEY].key, "ES256", p256_header, good_claims, text);
    end = strrchr(text, '.') + 1;
    memset(end, 'A', 1368);
    end[1368] = '\0';
    expect_refusal(text, strlen(text), &strict, SAI_E_LIMIT,
                   "signature: longer than 1024 bytes");
}

static void refuses_der_signatures(void **state)
{
    char token[JWT_TEXT_SIZE];
    unsigned char der[128];
    size_t len = sizeof(der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    char *end;
    struct sai_verified v = { 0 };
    struct sai_err e = { 0 };

    (void)state;
    jwt_make(keys[P256_KEY].key, "ES256", p256_header, good_claims, token);
    end = strrchr(token, '.');
    *end = '\0';
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, keys[P256_KEY].key), 1);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, (unsigned char *)token, strlen(token)), 1);
    EVP_MD_CTX_free(ctx);
    *end++ = '.';
    jwt_base64(der, len, end);
    assert_false(sai_verify(jwks, token, strlen(token), &strict, &v, &e));
    assert_int_equal(e.code, SAI_E_DENIED);
    assert_non_null(strstr(e.text, "want 64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_headers),         cmocka_unit_test(judges_forms),
        cmocka_unit_test(refuses_unused_bits),    cmocka_unit_test(refuses_nul_bytes),
        cmocka_unit_test(refuses_large_tokens),   cmocka_unit_test(refuses_large_signatures),
        cmocka_unit_test(refuses_der_signatures),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
