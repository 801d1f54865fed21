/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens in the form of Kubernetes: what stands in them, who signs, how long they live, and
 * which requests are refused. */

#include "mint_fixture.h"

#include <openssl/ecdsa.h>

static struct fixture all; /* one key of each type */

static const struct sai_account account = { .namespace_name = "ns",
                                            .name = "builder.v2",
                                            .uid = TEST_UID };

static const struct sai_audience audiences[] = {
    { .name = "https://a.example", .profile = "generic" },
    { .name = "ec", .profile = "generic", .algorithm = "ES256" },
    { .name = "ed", .profile = "vault", .algorithm = "EdDSA" },
    { .name = "short", .profile = "kubernetes", .max_lifetime_s = 900 },
    { .name = "api://AzureADTokenExchange", .profile = "entra" },
    { .name = "//iam.googleapis.com/x", .profile = "gcp" },
    { .name = "https://api.anthropic.com", .profile = "anthropic" },
    { .name = "<&>\"\\", .profile = "generic" },
};

static struct sai_policy_options options(void)
{
    return (struct sai_policy_options){
        .issuer = "https://oidc.example.com/a",
        .keys = all.keys,
        .audiences = audiences,
        .audience_count = ARRAY_SIZE(audiences),
        .max_lifetime_s = 604800,
        .backdate_s = 30,
    };
}

static struct sai_token_request request(struct sai_strings to)
{
    return (struct sai_token_request){ .account = &account,
                                       .audiences = to,
                                       .now_unix_s = test_now };
}

static int setup(void **state)
{
    (void)state;
    return fixture_init(&all, "RSA EC ED25519");
}

static int teardown(void **state)
{
    (void)state;
    fixture_done(&all);
    return 0;
}

static void
assert_claims(struct sai_minter *m, const struct sai_token_request *r, const char *expected)
{
    struct sai_err e = { 0 };
    struct sai_token t;
    char *claims;

    if (!sai_mint_claims(m, r, &t, &e))
        fail_msg("%s", e.text);
    assert_null(t.text);
    assert_int_equal(t.len, 0);
    assert_int_equal(t.claims_len, strlen(t.claims));
    claims = claims_without_jti(&t);
    assert_string_equal(claims, expected);
    free(claims);
}

/* The shapes of pkg/serviceaccount/claims.go as go-jose writes them. */
static void claims_are_those_of_kubernetes(void **state)
{
    struct sai_policy_options o = options();
    struct sai_policy *p = must_compile(&o);
    struct sai_minter *m = must_prepare(p);
    struct sai_token_request r = request(LIST("https://a.example"));

    (void)state;
    assert_claims(m, &r,
                  "{\"aud\":[\"https://a.example\"],\"exp\":1767229200,\"iat\":1767225570,"
                  "\"iss\":\"https://oidc.example.com/a\",\"jti\":\"JTI\",\"kubernetes.io\":"
                  "{\"namespace\":\"ns\",\"serviceaccount\":{\"name\":\"builder.v2\",\"uid\":"
                  "\"" TEST_UID "\"}},\"nbf\":1767225570,"
                  "\"sub\":\"system:serviceaccount:ns:builder.v2\"}");
    r.audiences = LIST("short", "<&>\"\\");
    r.pod = (struct sai_object_ref){ "p-0", "u1" };
    r.node = (struct sai_object_ref){ "n1", NULL };
    assert_claims(m, &r,
                  "{\"aud\":[\"short\",\"\\u003c\\u0026\\u003e\\\"\\\\\"],\"exp\":1767226500,"
                  "\"iat\":1767225570,\"iss\":\"https://oidc.example.com/a\",\"jti\":\"JTI\","
                  "\"kubernetes.io\":{\"namespace\":\"ns\",\"node\":{\"name\":\"n1\"},"
                  "\"pod\":{\"name\":\"p-0\",\"uid\":\"u1\"},\"serviceaccount\":{\"name\":"
                  "\"builder.v2\",\"uid\":\"" TEST_UID "\"}},\"nbf\":1767225570,"
                  "\"sub\":\"system:serviceaccount:ns:builder.v2\"}");
    r.audiences = LIST("short");
    r.pod = r.node = (struct sai_object_ref){ 0 };
    r.secret = (struct sai_object_ref){ "s", "u2" };
    assert_claims(m, &r,
                  "{\"aud\":[\"short\"],\"exp\":1767226500,"
                  "\"iat\":1767225570,\"iss\":\"https://oidc.example.com/a\",\"jti\":\"JTI\","
                  "\"kubernetes.io\":{\"namespace\":\"ns\",\"secret\":{\"name\":\"s\",\"uid\":"
                  "\"u2\"},\"serviceaccount\":{\"name\":\"builder.v2\",\"uid\":"
                  "\"" TEST_UID "\"}},\"nbf\":1767225570,"
                  "\"sub\":\"system:serviceaccount:ns:builder.v2\"}");
    sai_minter_free(m);
    sai_policy_free(p);
}

static size_t decode(const char *text, size_t len, unsigned char *out)
{
    char padded[4096];
    size_t padding = (4 - len % 4) % 4;

    assert_true(len + padding < sizeof(padded));
    for (size_t i = 0; i < len; i++)
        padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    memset(padded + len, '=', padding);
    return (size_t)EVP_DecodeBlock(out, (unsigned char *)padded, (int)(len + padding)) -
           padding;
}

/* By OpenSSL alone; raw R || S is turned into DER with its own encoder. */
static bool verifies(EVP_PKEY *key,
                     const char *digest,
                     const char *message,
                     size_t len,
                     const unsigned char *signature,
                     size_t signature_len)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    ECDSA_SIG *sig = NULL;
    bool ok;

    if (EVP_PKEY_is_a(key, "EC")) {
        int half = (int)signature_len / 2;
        int der_len;

        sig = ECDSA_SIG_new();
        assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(signature, half, NULL),
                                        BN_bin2bn(signature + half, half, NULL)),
                         1);
        der_len = i2d_ECDSA_SIG(sig, &der);
        assert_true(der_len > 0);
        signature = der;
        signature_len = (size_t)der_len;
    }
    ok =
        EVP_DigestVerifyInit_ex(c, NULL, digest, NULL, NULL, key, NULL) == 1 &&
        EVP_DigestVerify(c, signature, signature_len, (const unsigned char *)message, len) == 1;
    ECDSA_SIG_free(sig);
    OPENSSL_free(der);
    EVP_MD_CTX_free(c);
    return ok;
}

static void check_token(
    struct sai_minter *m, const char *to, EVP_PKEY *key, const char *digest, const char *alg)
{
    struct sai_token_request r = request(LIST(to));
    struct sai_err e = { 0 };
    unsigned char bytes[4096];
    struct sai_token t;
    char header[256];
    const char *dot;
    const char *last;
    size_t len;

    if (!sai_mint(m, &r, &t, &e))
        fail_msg("%s: %s", to, e.text);
    assert_int_equal(t.len, strlen(t.text));
    assert_string_equal(t.alg, alg);
    dot = strchr(t.text, '.');
    last = strrchr(t.text, '.');
    assert_true(dot != last);
    (void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
                   alg, t.kid);
    len = decode(t.text, (size_t)(dot - t.text), bytes);
    assert_int_equal(len, strlen(header));
    assert_memory_equal(bytes, header, len);
    len = decode(dot + 1, (size_t)(last - dot - 1), bytes);
    assert_int_equal(len, t.claims_len);
    assert_memory_equal(bytes, t.claims, len);
    len = decode(last + 1, strlen(last + 1), bytes);
    assert_true(verifies(key, digest, t.text, (size_t)(last - t.text), bytes, len));
    bytes[len / 2] ^= 1;
    assert_false(verifies(key, digest, t.text, (size_t)(last - t.text), bytes, len));
}

static void the_audience_decides_which_key_signs(void **state)
{
    for (int verify = 0; verify <= 1; verify++) {
        struct sai_policy_options o = options();
        struct sai_policy *p;
        struct sai_minter *m;

        o.verify_signatures = verify == 1;
        p = must_compile(&o);
        m = must_prepare(p);
        for (int i = 0; i < 3; i++) { /* contexts are used again */
            check_token(m, "https://a.example", all.rsa, "SHA256", "RS256");
            check_token(m, "ec", all.ec, "SHA256", "ES256");
            check_token(m, "ed", all.ed25519, NULL, "EdDSA");
        }
        sai_minter_free(m);
        sai_policy_free(p);
    }
    (void)state;
}

static struct sai_keyset *load_for(const char *rsa_algorithm, struct sai_report *r)
{
    const char *paths[] = { all.dir.dir };
    const struct sai_keyset_options o = {
        .paths = paths, .path_count = 1, .rsa_algorithm = rsa_algorithm, .allow_ed25519 = true
    };
    struct sai_keyset *ks = NULL;

    (void)sai_keyset_load(&o, &ks, r);
    return ks;
}

static void rsa_keys_sign_for_one_algorithm(void **state)
{
    static const struct {
        const char *alg;
        const char *digest;
    } algs[] = { { "RS256", "SHA256" }, { "RS384", "SHA384" }, { "RS512", "SHA512" } };
    struct sai_report *r = sai_report_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
        const struct sai_audience to[] = {
            { .name = "rsa", .profile = "entra" },
            { .name = "ec", .profile = "aws", .algorithm = "ES256" },
            { .name = "any", .profile = "aws" },
        };
        struct sai_policy_options o = options();
        struct sai_keyset *ks = load_for(algs[i].alg, r);
        struct sai_policy *p;
        struct sai_minter *m;

        assert_non_null(ks);
        assert_non_null(sai_keyset_active(ks, algs[i].alg));
        o.keys = ks;
        o.audiences = to;
        o.audience_count = ARRAY_SIZE(to);
        p = must_compile(&o);
        m = must_prepare(p);
        check_token(m, "rsa", all.rsa, algs[i].digest, algs[i].alg);
        check_token(m, "any", all.rsa, algs[i].digest, algs[i].alg);
        check_token(m, "ec", all.ec, "SHA256", "ES256");
        sai_minter_free(m);
        sai_policy_free(p);
        sai_keyset_free(ks);
    }
    assert_null(load_for("ES256", r));
    assert_null(load_for("RS1", r));
    assert_int_equal(sai_report_count(r), 2);
    assert_string_equal(sai_report_get(r, 1, NULL)->path, "rsaAlgorithm");
    assert_string_equal(sai_report_get(r, 1, NULL)->text, "must be RS256, RS384 or RS512");
    sai_report_free(r);
}

/* A second RSA key, and a public one, are published and never sign. */
static void only_active_keys_sign(void **state)
{
    struct sai_report *r = sai_report_new();
    struct sai_policy_options o = options();
    EVP_PKEY *other = temp_key_new("EC");
    struct sai_token_request to = request(LIST("ec"));
    char path[TEMP_PATH_SIZE];
    struct sai_err e = { 0 };
    struct sai_keyset *ks;
    struct sai_policy *p;
    struct sai_minter *m;
    struct sai_token t;

    (void)state;
    temp_key_make(&all.dir, "ZZ.pem", "RSA");
    temp_key_write(&all.dir, "AA.pub", other, TEMP_PUBLIC, 0644);
    ks = load_for(NULL, r);
    assert_non_null(ks);
    assert_int_equal(sai_keyset_count(ks), 5);
    o.keys = ks;
    p = must_compile(&o);
    m = must_prepare(p);
    check_token(m, "https://a.example", all.rsa, "SHA256", "RS256");
    check_token(m, "ec", all.ec, "SHA256", "ES256");
    assert_true(sai_mint(m, &to, &t, &e));
    assert_string_equal(t.kid, sai_key_id(sai_keyset_active(ks, "ES256")));
    sai_minter_free(m);
    sai_policy_free(p);
    sai_keyset_free(ks);
    EVP_PKEY_free(other);
    sai_report_free(r);
    assert_int_equal(unlink(temp_path(&all.dir, "ZZ.pem", path)), 0);
    assert_int_equal(unlink(temp_path(&all.dir, "AA.pub", path)), 0);
}

static void lifetimes_are_clamped(void **state)
{
    static const struct {
        const char *to;
        uint64_t asked;
        uint64_t granted;
        bool clamped;
    } cases[] = {
        { "https://a.example", 0, 3600, false },
        { "https://a.example", 600, 600, false },
        { "https://a.example", 604800, 604800, false },
        { "https://a.example", 604801, 604800, true },
        { "https://a.example", UINT64_C(1) << 32, 604800, true },
        { "short", 0, 900, false }, /* nothing was asked for */
        { "short", 900, 900, false },
        { "short", 901, 900, true },
        /* The profile's figure is exp - iat. */
        { "//iam.googleapis.com/x", 86400, 86370, true },
        { "//iam.googleapis.com/x", 86370, 86370, false },
        { "api://AzureADTokenExchange", 90000, 86370, true },
        { "https://api.anthropic.com", 0, 3570, false },
        { "https://api.anthropic.com", 3600, 3570, true },
    };
    struct sai_policy_options o = options();
    struct sai_policy *p = must_compile(&o);
    struct sai_minter *m = must_prepare(p);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct sai_token_request r = request(LIST(cases[i].to));
        struct sai_err e = { 0 };
        struct sai_token t;

        r.duration_s = cases[i].asked;
        assert_true(sai_mint_claims(m, &r, &t, &e));
        assert_int_equal(t.lifetime_s, cases[i].granted);
        assert_int_equal(t.clamped, cases[i].clamped);
        assert_int_equal(t.iat, test_now - 30);
        assert_int_equal(t.exp, test_now + (int64_t)cases[i].granted);
    }
    sai_minter_free(m);
    sai_policy_free(p);
}

static void the_clock_is_asked_where_no_time_is_given(void **state)
{
    struct sai_policy_options o = options();
    struct sai_policy *p = must_compile(&o);
    struct sai_minter *m = must_prepare(p);
    struct sai_token_request r = request(LIST("ec"));
    struct sai_err e = { 0 };
    struct sai_token t;
    int64_t before = (int64_t)time(NULL);

    (void)state;
    r.now_unix_s = 0;
    assert_true(sai_mint(m, &r, &t, &e));
    assert_in_range(t.iat + 30, before, before + 60);
    sai_minter_free(m);
    sai_policy_free(p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_those_of_kubernetes),
        cmocka_unit_test(the_audience_decides_which_key_signs),
        cmocka_unit_test(rsa_keys_sign_for_one_algorithm),
        cmocka_unit_test(only_active_keys_sign),
        cmocka_unit_test(lifetimes_are_clamped),
        cmocka_unit_test(the_clock_is_asked_where_no_time_is_given),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
