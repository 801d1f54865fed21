/* SPDX-License-Identifier: Apache-2.0 */

/* What the data cases cannot show: the functions of the public header, and time. */

#include "base/arena.h"
#include "base/err.h"
#include "case_dir.h"
#include "keys/keyset.h"
#include "unit.h"

#include <sa_issuer/discovery.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sai_keyset *load(const struct sai_keyset_options *options)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct sai_keyset *ks = NULL;

    if (!sai_keyset_load(options, &ks, r))
        fail_msg("%s", sai_report_get(r, 0, NULL)->text);
    return ks;
}

static struct sai_keyset *load_paths(const char *const *paths, size_t count)
{
    const struct sai_keyset_options options = { .paths = paths, .path_count = count };

    return load(&options);
}

static void fingerprint_of(const char *path, unsigned char out[32])
{
    AUTO(sai_keyset) struct sai_keyset *ks = load_paths(&path, 1);

    sai_keyset_fingerprint(ks, out);
}

static void the_fingerprint_follows_names_and_contents(void **state)
{
    unsigned char first[32];
    unsigned char now[32];

    (void)state;
    case_shell("mkdir keys; key p256 >keys/a.pem; pub p384 >keys/b.pub", NULL);
    fingerprint_of("keys", first);
    fingerprint_of("keys", now);
    assert_memory_equal(first, now, sizeof(now));
    case_shell("touch keys/a.pem; echo >keys/.swp", NULL);
    fingerprint_of("keys", now);
    assert_memory_equal(first, now, sizeof(now));
    case_shell("echo >>keys/a.pem", NULL);
    fingerprint_of("keys", now);
    assert_memory_not_equal(first, now, sizeof(now));
    case_shell("key p256 >keys/a.pem; mv keys/b.pub keys/c.pub", NULL);
    fingerprint_of("keys", now);
    assert_memory_not_equal(first, now, sizeof(now));
    case_shell("mv keys/c.pub keys/b.pub", NULL);
    fingerprint_of("keys", now);
    assert_memory_equal(first, now, sizeof(now));
}

static void sources_are_what_was_read(void **state)
{
    static const char *const paths[] = { "keys/", "one.pem" };
    static const char *const expected[] = { "keys/", "keys/a.pem", "keys/b.pub", "one.pem",
                                            "pw" };
    const struct sai_keyset_options options = { .paths = paths,
                                                .path_count = 2,
                                                .passphrase_file = "pw" };
    AUTO(sai_keyset) struct sai_keyset *ks = NULL;

    (void)state;
    case_shell("pub p521 >one.pem; echo secret >pw", NULL);
    ks = load(&options);
    assert_int_equal(sai_keyset_source_count(ks), ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_string_equal(sai_keyset_source(ks, i), expected[i]);
}

static void active_keys_are_found_by_algorithm(void **state)
{
    static const char *const paths[] = { "keys" };
    AUTO(sai_keyset) struct sai_keyset *ks = load_paths(paths, 1);
    const struct sai_key *active = sai_keyset_active(ks, "ES256");

    (void)state;
    assert_non_null(active);
    assert_ptr_equal(active, sai_keyset_get(ks, 0));
    assert_true(sai_key_is_active(active));
    assert_true(pkey_is_private(key_pkey(active)));
    assert_null(sai_keyset_active(ks, "ES384")); /* public only */
    assert_null(sai_keyset_active(ks, "RS256"));
    assert_null(sai_keyset_active(ks, "none"));
}

/* The private half is the one kept, wherever it stands. */
static void halves_of_a_key_are_one_private_key(void **state)
{
    static const char *const orders[2][2] = { { "half.pub", "half.key" },
                                              { "half.key", "half.pub" } };

    (void)state;
    case_shell("key p384 >half.key; pub p384 >half.pub", NULL);
    for (size_t i = 0; i < 2; i++) {
        AUTO(sai_keyset) struct sai_keyset *ks = load_paths(orders[i], 2);
        const struct sai_key *k = sai_keyset_get(ks, 0);

        assert_int_equal(sai_keyset_count(ks), 1);
        assert_true(sai_key_is_private(k));
        assert_true(pkey_is_private(key_pkey(k)));
        assert_string_equal(sai_key_file(k), orders[i][0]);
        assert_ptr_equal(sai_keyset_active(ks, "ES384"), k);
    }
}

static void nothing_of_the_options_is_kept(void **state)
{
    char *path = strdup("one.pem");
    const char *const paths[] = { path };
    AUTO(sai_keyset) struct sai_keyset *ks = load_paths(paths, 1);

    (void)state;
    memset(path, 'x', strlen(path));
    free(path);
    assert_string_equal(sai_keyset_source(ks, 0), "one.pem");
    assert_string_equal(sai_key_file(sai_keyset_get(ks, 0)), "one.pem");
}

/* An outside program may gather the mistakes of several key sets in one report. */
static void errors_of_others_in_the_report_do_not_count(void **state)
{
    static const char *const path = "shared.pem";
    const struct sai_keyset_options options = { .paths = &path, .path_count = 1 };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(sai_keyset) struct sai_keyset *ks = NULL;

    (void)state;
    assert_false(sai_keyset_load(&options, &ks, r));
    case_shell("key p256 >shared.pem", NULL);
    assert_true(sai_keyset_load(&options, &ks, r));
    assert_int_equal(sai_keyset_count(ks), 1);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    sai_keyset_free(NULL);
}

static void a_hundred_keys_load(void **state)
{
    static const char *const paths[] = { "many" };
    const struct sai_keyset_options options = { .paths = paths, .path_count = 1 };
    AUTO(sai_keyset) struct sai_keyset *ks = NULL;

    (void)state;
    case_shell("mkdir many; for n in $(seq 100); do openssl ecparam -name prime256v1 -genkey "
               "-noout >many/$n.pem; done",
               NULL);
    ks = load(&options);
    assert_int_equal(sai_keyset_count(ks), 100);
}

static char work[] = "/tmp/sa-keys-set-XXXXXX";

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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fingerprint_follows_names_and_contents),
        cmocka_unit_test(sources_are_what_was_read),
        cmocka_unit_test(active_keys_are_found_by_algorithm),
        cmocka_unit_test(halves_of_a_key_are_one_private_key),
        cmocka_unit_test(nothing_of_the_options_is_kept),
        cmocka_unit_test(errors_of_others_in_the_report_do_not_count),
        cmocka_unit_test(freeing_nothing_is_allowed),
        cmocka_unit_test(a_hundred_keys_load),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
