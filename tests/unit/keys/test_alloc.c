/* SPDX-License-Identifier: Apache-2.0 */

/* Loading, rendering and signing while the n-th allocation fails, for every n: no crash, no
 * leak (AddressSanitizer's lane sees those), an error that says what it was, and never a
 * wrong document or signature. */

#include "base/err.h"
#include "case_dir.h"
#include "fail_alloc.h"
#include "jose/sign.h"
#include "keys/keyset.h"
#include "unit.h"

#include <sa_issuer/discovery.h>
#include <stdio.h>
#include <unistd.h>

enum { SWEEP_MAX = 100000 };

struct documents {
    char *discovery;
    char *jwks;
};

static void documents_done(struct documents *d)
{
    free(d->discovery);
    free(d->jwks);
    *d = (struct documents){ 0 };
}

static bool render(const struct sai_keyset *ks, struct documents *out, struct sai_err *e)
{
    const struct sai_discovery_options o = { .issuer = "https://issuer.example.com" };
    size_t len;

    return sai_discovery_render(&o, ks, &out->discovery, &len, e) &&
           sai_jwks_render(ks, &out->jwks, &len, e);
}

/* *problem is the first reported error. */
static bool
load(const struct sai_keyset_options *options, struct sai_keyset **ks, struct sai_err *problem)
{
    bool armed = alloc_plan.armed;
    struct sai_report *r;
    bool ok;

    alloc_plan.armed = false;
    r = sai_report_new();
    alloc_plan.armed = armed;
    assert_non_null(r);
    ok = sai_keyset_load(options, ks, r);
    if (!ok)
        *problem = *sai_report_get(r, 0, NULL);
    sai_report_free(r);
    return ok;
}

static void load_and_render(const struct sai_keyset_options *options,
                            struct documents *out,
                            struct sai_err *e)
{
    struct sai_keyset *ks = NULL;

    if (load(options, &ks, e))
        (void)render(ks, out, e);
    sai_keyset_free(ks);
}

/* How often each kind of error came of an allocation that failed. */
struct tally {
    size_t tried;
    size_t harmless; /* OpenSSL got along without */
    size_t nomem;
    size_t other;
};

static bool try_one(const struct sai_keyset_options *options,
                    const struct documents *right,
                    size_t n,
                    struct tally *t)
{
    struct documents got = { 0 };
    struct sai_err e = { 0 };
    bool failed;

    alloc_arm(n);
    load_and_render(options, &got, &e);
    failed = alloc_disarm();
    if (e.code == SAI_OK) {
        assert_string_equal(got.discovery, right->discovery);
        assert_string_equal(got.jwks, right->jwks);
    }
    if (failed && alloc_plan.failed_ours)
        assert_int_equal(e.code, SAI_E_NOMEM);
    t->tried += failed ? 1 : 0;
    t->harmless += failed && e.code == SAI_OK ? 1 : 0;
    t->nomem += e.code == SAI_E_NOMEM ? 1 : 0;
    if (e.code != SAI_OK && e.code != SAI_E_NOMEM)
        t->other++;
    documents_done(&got);
    return failed;
}

static void sweep(const char *path)
{
    const char *const paths[] = { path };
    const struct sai_keyset_options options = {
        .paths = paths, .path_count = 1, .passphrase_file = "pw", .allow_ed25519 = true
    };
    struct documents right = { 0 };
    struct sai_err e = { 0 };
    struct tally t = { 0 };
    size_t n = 1;

    load_and_render(&options, &right, &e); /* also fills OpenSSL's caches */
    assert_string_equal(e.text, "");
    while (n < SWEEP_MAX && try_one(&options, &right, n, &t))
        n++;
    print_message("%s: %zu points, %zu out of memory, %zu told otherwise, %zu harmless\n", path,
                  t.tried, t.nomem, t.other, t.harmless);
    assert_true(n > 50 && n < SWEEP_MAX);
    /* OpenSSL does not always say that it was memory; with few exceptions it does. */
    assert_true(t.nomem > 20 * t.other);
    documents_done(&right);
}

static void every_kind_of_file(void **state)
{
    static const char *const files[] = { "rsa.pem",    "ec.pem",  "ed.pem", "crt.pem",
                                         "sealed.pem", "old.pem", "dir" };

    (void)state;
    case_shell("key rsa2048 >rsa.pem; sec1 p384 >ec.pem; key ed25519 >ed.pem\n"
               "certificate p256 >crt.pem; echo right >pw; mkdir dir; pub p521 >dir/a.pub\n"
               "key p256 | openssl pkcs8 -topk8 -iter 1 -passout pass:right >sealed.pem\n"
               "key p256 | openssl ec -aes128 -passout pass:right 2>/dev/null >old.pem",
               NULL);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        sweep(files[i]);
}

/* OpenSSL 3.0 may report a success with a length of 2^32 - 1 here. */
static void no_bad_signature_leaves_of(const char *path, bool verify)
{
    const struct sai_keyset_options options = { .paths = &path,
                                                .path_count = 1,
                                                .allow_ed25519 = true };
    AUTO(sai_keyset) struct sai_keyset *ks = NULL;
    AUTO(verifier) struct verifier *v = NULL;
    struct sai_err e = { 0 };
    const struct pkey *k;
    bool failed = true;

    assert_true(load(&options, &ks, &e));
    k = key_pkey(sai_keyset_get(ks, 0));
    assert_true(verifier_new(k, pkey_alg(k), &v, &e));
    for (size_t n = 1; failed && n < SWEEP_MAX; n++) {
        AUTO(signer) struct signer *s = NULL;
        unsigned char sig[SIGNATURE_MAX];
        struct sai_err own = { 0 };
        size_t len = 0;
        bool ok;

        alloc_arm(n);
        ok = signer_new(k, verify, &s, &own) && signer_sign(s, "message", 7, sig, &len, &own);
        failed = alloc_disarm();
        assert_int_equal(ok, own.code == SAI_OK);
        if (ok)
            assert_true(verifier_check(v, "message", 7, sig, len, &e));
    }
    assert_false(failed);
}

/* Nor where signatures are not verified before they leave. */
static void no_bad_signature_leaves(void **state)
{
    no_bad_signature_leaves_of(*state, true);
    no_bad_signature_leaves_of(*state, false);
}

static char work[] = "/tmp/sa-keys-alloc-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    case_cache_new();
    return mkdtemp(work) == NULL || chdir(work) != 0;
}

static int tear_down(void **state)
{
    char command[100];

    (void)state;
    (void)snprintf(command, sizeof(command), "cd /; rm -r '%s'", work);
    case_shell(command, NULL);
    case_cache_done();
    return chdir("/");
}

int main(void)
{
    static char rsa[] = "rsa.pem";
    static char ec[] = "ec.pem";
    static char ed[] = "ed.pem";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_file),
        { "no_bad_signature_leaves (RSA)", no_bad_signature_leaves, NULL, NULL, rsa },
        { "no_bad_signature_leaves (ECDSA)", no_bad_signature_leaves, NULL, NULL, ec },
        { "no_bad_signature_leaves (Ed25519)", no_bad_signature_leaves, NULL, NULL, ed },
    };

    return alloc_hook_openssl() ? cmocka_run_group_tests(tests, set_up, tear_down) : 1;
}
