/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "build_fixture.h"
#include "conf/conf.h"
#include "state/certificate.h"
#include "state/state.h"

#include <pthread.h>
#include <sa_issuer/keyset.h>
#include <time.h>

#define HEAD                                                                                   \
    "apiVersion: sa-issuerd/v1\n"                                                              \
    "kind: Configuration\n"                                                                    \
    "issuers:\n"                                                                               \
    "  - url: https://oidc.example.com\n"
#define KEYS  "    keys: { files: [keys] }\n"
#define PLAIN "listeners: { discovery: { address: \"127.0.0.1:0\" } }\n"
#define TLS                                                                                    \
    "listeners:\n"                                                                             \
    "  discovery:\n"                                                                           \
    "    address: \"127.0.0.1:0\"\n"                                                           \
    "    tls: { certificate: tls.crt, key: tls.key }\n"

static void holds_everything_a_request_needs(void **state)
{
    struct fixture *f = *state;
    const struct document *d;

    temp_key_make(&f->temp, "keys/a.pem", "RSA");
    assert_true(build_from(f, HEAD "    role: federation\n" KEYS PLAIN));
    assert_int_equal(sai_report_count(f->report), 0);
    assert_int_equal(f->snapshot->issuer_count, 1);
    d = &f->snapshot->issuers[0].documents[DOCUMENT_DISCOVERY];
    assert_string_equal(d->content_type, "application/json");
    assert_string_equal(d->cache_control, "public, max-age=3600");
    assert_int_equal(strlen(d->bytes), d->size);
    assert_int_equal(strlen(d->etag), 45); /* 32 bytes of base64url and two quotes */
    d = &f->snapshot->issuers[0].documents[DOCUMENT_JWKS];
    assert_string_equal(d->content_type, "application/jwk-set+json");
    assert_string_equal(d->cache_control, "public, max-age=300");
    assert_non_null(
        strstr(d->bytes, sai_key_id(sai_keyset_get(f->snapshot->issuers[0].keys, 0))));
    assert_null(f->snapshot->discovery_certificate);
}

static void the_fingerprint_tells_whether_files_changed(void **state)
{
    static const char conf[] = HEAD "    role: federation\n" KEYS PLAIN;
    struct fixture *f = *state;
    unsigned char first[FINGERPRINT_BYTES];

    temp_key_make(&f->temp, "keys/a.pem", "EC");
    assert_true(build_from(f, conf));
    memcpy(first, f->snapshot->fingerprint, sizeof(first));
    assert_true(build(f));
    assert_memory_equal(first, f->snapshot->fingerprint, sizeof(first));
    temp_key_make(&f->temp, "keys/b.pem", "EC");
    assert_true(build(f));
    assert_memory_not_equal(first, f->snapshot->fingerprint, sizeof(first));
    memcpy(first, f->snapshot->fingerprint, sizeof(first));
    temp_write(&f->temp, "conf.yaml", HEAD "    role: cluster\n" KEYS PLAIN);
    assert_true(build(f));
    assert_memory_not_equal(first, f->snapshot->fingerprint, sizeof(first));
}

static void a_role_wants_its_kind_of_keys(void **state)
{
    struct fixture *f = *state;
    EVP_PKEY *key = temp_key_new("EC");

    temp_key_write(&f->temp, "keys/a.pub", key, TEMP_PUBLIC, 0644);
    assert_true(build_from(f, HEAD "    role: publish\n" KEYS PLAIN));
    assert_false(build_from(f, HEAD "    role: federation\n" KEYS PLAIN));
    expect_problem(f, SAI_ERROR,
                   "conf.yaml:6:20: issuers[0].keys.files: no private key to sign with; add "
                   "one, or set role: publish");
    temp_key_write(&f->temp, "keys/a.key", key, TEMP_PRIVATE, 0600);
    assert_true(build_from(f, HEAD "    role: federation\n" KEYS PLAIN));
    assert_false(build_from(f, HEAD "    role: publish\n" KEYS PLAIN));
    assert_non_null(strstr(sai_report_get(f->report, 0, NULL)->text,
                           "keys/a.key holds a private key; an issuer with role publish takes "
                           "public keys only"));
    EVP_PKEY_free(key);
}

static void inputs_are_known_after_a_failure(void **state)
{
    struct fixture *f = *state;
    char path[TEMP_PATH_SIZE];
    bool found = false;

    assert_false(build_from(f, HEAD "    role: federation\n" KEYS TLS));
    for (size_t i = 0; i < inputs_count(f->inputs); i++)
        found = found ||
                strcmp(inputs_get(f->inputs, i), temp_path(&f->temp, "tls.crt", path)) == 0;
    assert_true(found);
    assert_int_equal(inputs_count(f->inputs), 4); /* conf.yaml, keys, tls.crt, tls.key */
}

static void loads_a_certificate_with_its_key(void **state)
{
    static const char conf[] = HEAD "    role: federation\n" KEYS TLS;
    struct fixture *f = *state;
    EVP_PKEY *key = temp_key_new("EC");
    EVP_PKEY *other = temp_key_new("EC");
    int64_t end_s = (int64_t)time(NULL) + 86400;

    temp_key_make(&f->temp, "keys/a.pem", "EC");
    temp_key_write(&f->temp, "tls.key", key, TEMP_PRIVATE, 0600);
    assert_false(build_from(f, conf));
    expect_problem(f, SAI_ERROR,
                   "tls.crt: listeners.discovery.tls.certificate: cannot open: No such file or "
                   "directory");
    temp_write(&f->temp, "tls.crt", "hello\n");
    assert_false(build(f));
    expect_problem(f, SAI_ERROR,
                   "tls.crt: listeners.discovery.tls.certificate: not a PEM certificate chain "
                   "with its private key: No certificate was found.");
    temp_certificate_write(&f->temp, "tls.crt", other, -10, 86400);
    assert_false(build(f));
    expect_problem(
        f, SAI_ERROR,
        "tls.crt: listeners.discovery.tls.certificate: the private key does not "
        "belong to the first certificate (the server's own certificate comes first)");
    temp_certificate_write(&f->temp, "tls.crt", key, -10, 86400);
    assert_true(build(f));
    assert_int_equal(sai_report_count(f->report), 0);
    assert_in_range(certificate_expiry_unix_s(f->snapshot->discovery_certificate), end_s - 60,
                    end_s + 60);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void looks_at_dates_and_modes_of_certificates(void **state)
{
    static const char conf[] = HEAD "    role: federation\n" KEYS TLS;
    struct fixture *f = *state;
    EVP_PKEY *key = temp_key_new("EC");

    temp_key_make(&f->temp, "keys/a.pem", "EC");
    temp_key_write(&f->temp, "tls.key", key, TEMP_PRIVATE, 0600);
    temp_certificate_write(&f->temp, "tls.crt", key, -100, -10);
    assert_true(build_from(f, conf));
    expect_problem(f, SAI_WARNING, "tls.crt: the certificate has expired");
    temp_certificate_write(&f->temp, "tls.crt", key, 100, 1000);
    assert_true(build(f));
    expect_problem(f, SAI_WARNING, "tls.crt: the certificate is not valid yet");
    temp_certificate_write(&f->temp, "tls.crt", key, -100, 1000);
    temp_key_write(&f->temp, "tls.key", key, TEMP_PRIVATE, 0640);
    assert_true(build(f));
    expect_problem(f, SAI_WARNING, "tls.key: the private key is readable by its group");
    temp_key_write(&f->temp, "tls.key", key, TEMP_PRIVATE, 0644);
    assert_false(build(f));
    expect_problem(f, SAI_ERROR,
                   "tls.key: listeners.discovery.tls.key: a private key must not be open to "
                   "others (mode 0644, want 0600)");
    EVP_PKEY_free(key);
}

enum { SWAPS = 2000, READERS = 3 };

static void *read_while_swapped(void *arg)
{
    struct state *st = arg;
    uint64_t last = 0;

    while (last < SWAPS + 1) {
        uint64_t seen = state_generation(st);
        AUTO(snapshot) struct snapshot *s = state_current(st);

        assert_true(s->generation >= seen && s->generation >= last);
        last = s->generation;
    }
    return NULL;
}

static void readers_and_swaps_get_along(void **state)
{
    AUTO(snapshot) struct snapshot *first = calloc(1, sizeof(*first));
    pthread_t readers[READERS];
    struct state *st;

    (void)state;
    assert_non_null(first);
    first->refs = 2; /* the state's and ours */
    st = state_new(first);
    assert_non_null(st);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_while_swapped, st), 0);
    for (int i = 0; i < SWAPS; i++) {
        struct snapshot *next = calloc(1, sizeof(*next));

        assert_non_null(next);
        next->refs = 1;
        state_swap(st, next);
    }
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(first->refs, 1);
    assert_int_equal(first->generation, 1);
    state_free(st);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(holds_everything_a_request_needs),
        CASE(the_fingerprint_tells_whether_files_changed),
        CASE(a_role_wants_its_kind_of_keys),
        CASE(inputs_are_known_after_a_failure),
        CASE(loads_a_certificate_with_its_key),
        CASE(looks_at_dates_and_modes_of_certificates),
        cmocka_unit_test(readers_and_swaps_get_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
