/* SPDX-License-Identifier: Apache-2.0 */

/* The certificates that clients of the tokens listener may show. */

#include "build_fixture.h"
#include "state/certificate.h"

#define CONF                                                                                   \
    "apiVersion: sa-issuerd/v1\n"                                                              \
    "kind: Configuration\n"                                                                    \
    "listeners:\n"                                                                             \
    "  discovery: { address: \"127.0.0.1:0\" }\n"                                              \
    "  tokens:\n"                                                                              \
    "    address: \"127.0.0.1:0\"\n"                                                           \
    "    tls: { certificate: tls.crt, key: tls.key, clientCA: ca.crt }\n"                      \
    "issuers:\n"                                                                               \
    "  - url: https://oidc.example.com\n"                                                      \
    "    role: federation\n"                                                                   \
    "    keys: { files: [keys] }\n"                                                            \
    "    audiences: [{ name: a }]\n"                                                           \
    "accounts: { manifests: [accounts.yaml] }\n"                                               \
    "callers: { clientCertificates: [{ users: [a] }] }\n"

static const char account[] = "apiVersion: v1\n"
                              "kind: ServiceAccount\n"
                              "metadata: { namespace: a, name: a, uid: u }\n";

struct keys {
    EVP_PKEY *server;
    EVP_PKEY *authority;
};

static struct keys make(struct fixture *f)
{
    struct keys k = { temp_key_new("EC"), temp_key_new("EC") };

    temp_key_make(&f->temp, "keys/a.pem", "RSA");
    temp_write(&f->temp, "accounts.yaml", account);
    temp_key_write(&f->temp, "tls.key", k.server, TEMP_PRIVATE, 0600);
    temp_certificate_write(&f->temp, "tls.crt", k.server, -10, 86400);
    temp_write(&f->temp, "conf.yaml", CONF);
    return k;
}

static void done(struct keys *k)
{
    EVP_PKEY_free(k->server);
    EVP_PKEY_free(k->authority);
}

/* One certificate for each of the constraints. */
static void write_authorities(struct fixture *f, struct keys *k, const char *const *constraints)
{
    FILE *file = temp_open(&f->temp, "ca.crt", 0644);

    for (size_t i = 0; constraints[i] != NULL; i++)
        temp_x509_write(file, k->authority, -10, 86400,
                        constraints[i][0] == '\0' ? NULL : constraints[i]);
    assert_int_equal(fclose(file), 0);
}

static void holds_the_authorities(void **state)
{
    static const char *const one[] = { "critical,CA:TRUE", NULL };
    static const char *const two[] = { "CA:TRUE", "critical,CA:TRUE,pathlen:0", NULL };
    unsigned char fingerprint[FINGERPRINT_BYTES];
    struct fixture *f = *state;
    struct keys k = make(f);
    char path[TEMP_PATH_SIZE];
    bool found = false;

    write_authorities(f, &k, one);
    if (!build(f))
        expect_problems(f, "");
    assert_non_null(f->snapshot->tokens_certificate);
    assert_true(certificate_has_client_ca(f->snapshot->tokens_certificate));
    for (size_t i = 0; i < inputs_count(f->inputs); i++)
        found =
            found || strcmp(inputs_get(f->inputs, i), temp_path(&f->temp, "ca.crt", path)) == 0;
    assert_true(found);
    memcpy(fingerprint, f->snapshot->fingerprint, sizeof(fingerprint));
    write_authorities(f, &k, two);
    assert_true(build(f));
    assert_memory_not_equal(fingerprint, f->snapshot->fingerprint, sizeof(fingerprint));
    done(&k);
}

static void a_listener_without_has_none(void **state)
{
    struct fixture *f = *state;
    struct keys k = make(f);

    assert_true(build_from(f, "apiVersion: sa-issuerd/v1\n"
                              "kind: Configuration\n"
                              "listeners:\n"
                              "  discovery:\n"
                              "    address: \"127.0.0.1:0\"\n"
                              "    tls: { certificate: tls.crt, key: tls.key }\n"
                              "issuers:\n"
                              "  - url: https://oidc.example.com\n"
                              "    role: federation\n"
                              "    keys: { files: [keys] }\n"));
    assert_null(f->snapshot->tokens_certificate);
    assert_false(certificate_has_client_ca(f->snapshot->discovery_certificate));
    done(&k);
}

static void refuses_what_is_no_authority(void **state)
{
    static const char *const leaf[] = { "critical,CA:TRUE", "CA:FALSE", NULL };
    static const char *const old[] = { "", NULL };
    static const char other[] =
        "ca.crt: listeners.tokens.tls.clientCA: certificate %d is not one of an authority "
        "(CA:TRUE)\n";
    struct fixture *f = *state;
    struct keys k = make(f);
    char line[200];

    assert_false(build(f));
    expect_problems(f, "ca.crt: listeners.tokens.tls.clientCA: cannot open: No such file or "
                       "directory\n");
    temp_write(&f->temp, "ca.crt", "hello\n");
    assert_false(build(f));
    expect_problems(f, "ca.crt: listeners.tokens.tls.clientCA: not PEM certificates: No "
                       "certificate was found.\n");
    write_authorities(f, &k, leaf);
    assert_false(build(f));
    (void)snprintf(line, sizeof(line), other, 2);
    expect_problems(f, line);
    write_authorities(f, &k, old);
    assert_false(build(f));
    (void)snprintf(line, sizeof(line), other, 1);
    expect_problems(f, line);
    done(&k);
}

static void is_bounded(void **state)
{
    static const char *const many[] = { "CA:TRUE", "CA:TRUE", "CA:TRUE", "CA:TRUE", NULL };
    struct fixture *f = *state;
    struct keys k = make(f);

    write_authorities(f, &k, many);
    assert_false(build_from(f, CONF "limits: { maxCertificateFileBytes: 1KiB }\n"));
    expect_problems(
        f, "ca.crt: listeners.tokens.tls.clientCA: larger than the limit of 1024 bytes\n");
    done(&k);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(holds_the_authorities),
        CASE(a_listener_without_has_none),
        CASE(refuses_what_is_no_authority),
        CASE(is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
