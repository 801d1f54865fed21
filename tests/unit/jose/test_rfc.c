/* SPDX-License-Identifier: Apache-2.0 */

/* The examples of the RFCs that need no secret: signatures of RFC 7515 appendices A.2, A.3 and
 * A.4 and of RFC 8037 appendix A.4, keys of RFC 7517 appendix A.1, thumbprints of RFC 7638
 * section 3.1 and RFC 8037 appendix A.3. */

#include "base/err.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "jose/digest.h"
#include "jose/jwk.h"
#include "jose/jwt.h"
#include "jose/pkey.h"
#include "jose/sign.h"
#include "unit.h"

#include <string.h>

#define RSA_7515                                                                               \
    "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQ" \
    "p-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wG" \
    "zjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4u" \
    "DZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9" \
    "gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}"
#define P256_7515                                                                              \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define P521_7515                                                                              \
    "{\"kty\":\"EC\",\"crv\":\"P-521\","                                                       \
    "\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUx"  \
    "cWceqwQGk\",\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0"  \
    "AZMaZmh9ubmf63e3kyMj2\"}"
#define ED25519_8037                                                                           \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","                                                    \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define CLAIMS_7515                                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
    "cnVlfQ"

struct example {
    const char *key;
    const char *token;
    const char *payload;
};

static const char claims_7515[] =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

static const struct example examples[] = {
    { RSA_7515,
      "eyJhbGciOiJSUzI1NiJ9." CLAIMS_7515
      ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O"
      "8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNP"
      "vkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1p"
      "hCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
      claims_7515 },
    { P256_7515,
      "eyJhbGciOiJFUzI1NiJ9." CLAIMS_7515
      ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1"
      "Q",
      claims_7515 },
    { P521_7515,
      "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA."
      "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xd"
      "tAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_"
      "Jn",
      "Payload" },
    { ED25519_8037,
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
      "Example of Ed25519 signing" },
};

static void read_key(const char *text, struct jwk *out)
{
    AUTO(json_t) json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    struct sai_err e = { 0 };

    assert_non_null(json);
    if (!jwk_read(json, out, &e))
        fail_msg("%s: %s", e.path, e.text);
    assert_non_null(out->pkey);
}

static void verifies_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        AUTO(jwk) struct jwk k = { 0 };
        AUTO(jwt) struct jwt t = { 0 };
        AUTO(verifier) struct verifier *v = NULL;
        struct sai_err e = { 0 };
        const unsigned char *signature;

        read_key(examples[i].key, &k);
        assert_true(jwt_parse(examples[i].token, strlen(examples[i].token), &t, &e));
        assert_ptr_equal(t.alg, k.alg);
        assert_null(t.kid);
        assert_string_equal(t.claims.data, examples[i].payload);
        assert_true(verifier_new(k.pkey, k.alg, &v, &e));
        signature = (const unsigned char *)t.signature.data;
        if (!verifier_check(v, t.signed_text, t.signed_len, signature, t.signature.len, &e))
            fail_msg("%zu: %s", i, e.text);
        assert_false(
            verifier_check(v, t.signed_text, t.signed_len - 1, signature, t.signature.len, &e));
    }
}

struct thumbprint {
    const char *key;
    const char *members[4]; /* required ones in byte order (RFC 7638 section 3.2) */
    const char *thumbprint;
};

static const struct thumbprint thumbprints[] = {
    { "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86"
      "zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_R"
      "N5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91Cb"
      "OpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEg"
      "U8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}",
      { "e", "kty", "n" },
      "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
    { ED25519_8037, { "crv", "kty", "x" }, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" },
};

/* Of the JWK that we write for the key that we read: all members come out as they went in. */
static void writes_what_it_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(thumbprints); i++) {
        AUTO(jwk) struct jwk k = { 0 };
        AUTO(buf) struct buf out;
        AUTO(buf) struct buf text;
        AUTO(json_t) json_t *json = NULL;
        unsigned char digest[SHA256_BYTES];
        struct sai_err e = { 0 };

        buf_init(&out, 4096);
        buf_init(&text, 4096);
        read_key(thumbprints[i].key, &k);
        assert_true(pkey_put_jwk(&out, k.pkey, &e));
        json = json_loadb(out.data, out.len, 0, NULL);
        assert_non_null(json);
        for (const char *const *m = thumbprints[i].members; *m != NULL; m++)
            buf_printf(&text, "%s\"%s\":\"%s\"", text.len == 0 ? "{" : ",", *m,
                       json_string_value(json_object_get(json, *m)));
        buf_char(&text, '}');
        assert_true(sha256(text.data, text.len, digest, &e));
        buf_reset(&text);
        base64url_put(&text, digest, sizeof(digest));
        assert_string_equal(text.data, thumbprints[i].thumbprint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_examples),
        cmocka_unit_test(writes_what_it_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
