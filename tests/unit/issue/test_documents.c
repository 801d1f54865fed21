/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "temp.h"
#include "unit.h"

#include <sa_issuer/discovery.h>
#include <stdlib.h>
#include <string.h>

/* kubernetes/kubernetes, pkg/serviceaccount/jwt_test.go; the JWK members were computed from
 * the PEM by python3-cryptography, the kids are those published there. */
static const char rsa_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA249XwEo9k4tM8fMxV7zx\n"
    "OhcrP+WvXn917koM5Qr2ZXs4vo26e4ytdlrV0bQ9SlcLpQVSYjIxNfhTZdDt+ecI\n"
    "zshKuv1gKIxbbLQMOuK1eA/4HALyEkFgmS/tleLJrhc65tKPMGD+pKQ/xhmzRuCG\n"
    "51RoiMgbQxaCyYxGfNLpLAZK9L0Tctv9a0mJmGIYnIOQM4kC1A1I1n3EsXMWmeJU\n"
    "j7OTh/AjjCnMnkgvKT2tpKxYQ59PgDgU8Ssc7RDSmSkLxnrv+OrN80j6xrw0OjEi\n"
    "B4Ycr0PqfzZcvy8efTtFQ/Jnc4Bp1zUtFXt7+QeevePtQ2EcyELXE0i63T1CujRM\n"
    "WwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
static const char ec_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH6cuzP8XuD5wal6wf9M6xDljTOPL\n"
    "X2i8uIp/C/ASqiIGUeeKQtX0/IR3qCXyThP/dbCiHrF3v1cuhBOHY8CLVg==\n"
    "-----END PUBLIC KEY-----\n";
#define RSA_JWK                                                                                \
    "{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"JHJehTTTZlsspKHT-GaJxK7Kd1NQgZJu3fyK6K_"       \
    "QDYU\","                                                                                  \
    "\"alg\":\"RS256\",\"n\":\"249XwEo9k4tM8fMxV7zxOhcrP-"                                     \
    "WvXn917koM5Qr2ZXs4vo26e4ytdlrV0bQ9SlcLpQVSYj"                                             \
    "IxNfhTZdDt-ecIzshKuv1gKIxbbLQMOuK1eA_4HALyEkFgmS_tleLJrhc65tKPMGD-pKQ_"                   \
    "xhmzRuCG51RoiMgbQxaCyYxGfNLpLAZK9L0Tctv9a0mJmGIYnIOQM4kC1A1I1n3EsXMWme"                   \
    "JUj7OTh_AjjCnMnkgvKT2tpKxYQ59PgDgU8Ssc7RDSmSkLxnrv-OrN80j6xrw0OjEiB4Yc"                   \
    "r0PqfzZcvy8efTtFQ_Jnc4Bp1zUtFXt7-QeevePtQ2EcyELXE0i63T1CujRMWw\",\"e\":\"AQAB\"}"
#define EC_JWK                                                                                 \
    "{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"SoABiieYuNx4UdqYvZRVeuC6SihxgLrhLy9peHMHpTc\"," \
    "\"crv\":\"P-256\",\"alg\":\"ES256\",\"x\":\"H6cuzP8XuD5wal6wf9M6xDljTOPLX2i8uIp_C_"       \
    "ASqiI\",\"y\":\"BlHnikLV9PyEd6gl8k4T_3Wwoh6xd79XLoQTh2PAi1Y\"}"

static struct sai_keyset *load(const char *text)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct temp t;
    char file[TEMP_PATH_SIZE];
    struct sai_keyset *ks = NULL;
    const char *path;

    temp_init(&t);
    temp_write(&t, "keys.pem", text);
    path = temp_path(&t, "keys.pem", file);
    if (!sai_keyset_load(&(struct sai_keyset_options){ .paths = &path, .path_count = 1 }, &ks,
                         r))
        fail_msg("%s", sai_report_get(r, 0, NULL)->text);
    temp_done(&t);
    return ks;
}

static void check_discovery(const char *pem,
                            const struct sai_discovery_options *options,
                            const char *expected)
{
    struct sai_keyset *ks = load(pem);
    struct sai_err e = { 0 };
    AUTO_FREE char *text = NULL;
    size_t len = 0;

    assert_true(sai_discovery_render(options, ks, &text, &len, &e));
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
    sai_keyset_free(ks);
}

#define ARRAYS                                                                                 \
    "\"response_types_supported\":[\"id_token\"],\"subject_types_supported\":[\"public\"],"
#define CLAIMS                                                                                 \
    ",\"claims_supported\":[\"aud\",\"exp\",\"iat\",\"iss\",\"jti\",\"kubernetes.io\","        \
    "\"nbf\","                                                                                 \
    "\"sub\"]"

/* The form of kube-apiserver (pkg/serviceaccount/openidmetadata.go), plus claims_supported. */
static void discovery_is_byte_exact(void **state)
{
    const struct sai_discovery_options options = { .issuer = "https://oidc.example.com/prod" };

    (void)state;
    check_discovery(rsa_pem, &options,
                    "{\"issuer\":\"https://oidc.example.com/prod\",\"jwks_uri\":"
                    "\"https://oidc.example.com/prod/openid/v1/jwks\"," ARRAYS
                    "\"id_token_signing_alg_values_supported\":[\"RS256\"]" CLAIMS "}");
}

static void algorithms_are_unique_and_sorted(void **state)
{
    const struct sai_discovery_options options = { .issuer = "https://a" };
    AUTO_FREE char *pem = NULL;

    (void)state;
    assert_true(asprintf(&pem, "%s%s%s", rsa_pem, ec_pem, rsa_pem) > 0);
    check_discovery(
        pem, &options,
        "{\"issuer\":\"https://a\",\"jwks_uri\":\"https://a/openid/v1/jwks\"," ARRAYS
        "\"id_token_signing_alg_values_supported\":[\"ES256\",\"RS256\"]" CLAIMS "}");
}

static void every_option_has_its_place(void **state)
{
    static const char *const claims[] = { "sub", "tenant" };
    const struct sai_discovery_options options = {
        .issuer = "http://localhost:8080",
        .jwks_uri = "https://cdn.example.com/jwks.json?a=1&b=2",
        .claims = claims,
        .claim_count = 2,
        .extra_json = "\"scopes_supported\":[\"openid\"],\"x\":null",
    };

    (void)state;
    /* Go's encoder writes & as \u0026 */
    check_discovery(rsa_pem, &options,
                    "{\"issuer\":\"http://localhost:8080\","
                    "\"jwks_uri\":\"https://cdn.example.com/jwks.json?a=1\\u0026b=2\"," ARRAYS
                    "\"id_token_signing_alg_values_supported\":[\"RS256\"],"
                    "\"claims_supported\":[\"sub\",\"tenant\"],"
                    "\"scopes_supported\":[\"openid\"],\"x\":null}");
}

static void no_claims_leave_the_member_out(void **state)
{
    static const char *const claims[] = { NULL };
    const struct sai_discovery_options options = {
        .issuer = "https://a", .claims = claims, .claim_count = 0, .extra_json = ""
    };

    (void)state;
    check_discovery(
        ec_pem, &options,
        "{\"issuer\":\"https://a\",\"jwks_uri\":\"https://a/openid/v1/jwks\"," ARRAYS
        "\"id_token_signing_alg_values_supported\":[\"ES256\"]}");
}

static void check_jwks(const char *pem, const char *expected)
{
    struct sai_keyset *ks = load(pem);
    struct sai_err e = { 0 };
    AUTO_FREE char *text = NULL;
    size_t len = 0;

    assert_true(sai_jwks_render(ks, &text, &len, &e));
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
    sai_keyset_free(ks);
}

static void jwks_is_byte_exact_in_file_order(void **state)
{
    AUTO_FREE char *both = NULL;
    AUTO_FREE char *turned = NULL;

    (void)state;
    assert_true(asprintf(&both, "%s%s%s", rsa_pem, ec_pem, rsa_pem) > 0);
    assert_true(asprintf(&turned, "%s%s", ec_pem, rsa_pem) > 0);
    check_jwks(rsa_pem, "{\"keys\":[" RSA_JWK "]}");
    check_jwks(both, "{\"keys\":[" RSA_JWK "," EC_JWK "]}");
    check_jwks(turned, "{\"keys\":[" EC_JWK "," RSA_JWK "]}");
}

static void an_issuer_too_long_is_an_error(void **state)
{
    struct sai_keyset *ks = load(ec_pem);
    size_t size = 20 << 20;
    AUTO_FREE char *issuer = malloc(size);
    const struct sai_discovery_options options = { .issuer = issuer };
    struct sai_err e = { 0 };
    char *text = NULL;
    size_t len;

    (void)state;
    assert_non_null(issuer);
    memset(issuer, 'a', size - 1);
    issuer[size - 1] = '\0';
    assert_false(sai_discovery_render(&options, ks, &text, &len, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
    assert_null(text);
    sai_keyset_free(ks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(discovery_is_byte_exact),
        cmocka_unit_test(algorithms_are_unique_and_sorted),
        cmocka_unit_test(every_option_has_its_place),
        cmocka_unit_test(no_claims_leave_the_member_out),
        cmocka_unit_test(jwks_is_byte_exact_in_file_order),
        cmocka_unit_test(an_issuer_too_long_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
