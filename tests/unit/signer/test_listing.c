/* SPDX-License-Identifier: Apache-2.0 */

/* Which key signs when, over lists that follow each other. */

#include "conf/conf.h"
#include "signer/listing.h"
#include "state/snapshot.h"
#include "temp_keys.h"

#include <sa_issuer/keyset.h>

enum { KEYS = 4, T0 = 1767225600, WAIT_S = 300 };

static const char *const names[KEYS] = { "a", "b", "c", "rsa" };

struct fixture {
    struct temp temp;
    char paths[KEYS][TEMP_PATH_SIZE];
    char public_paths[KEYS][TEMP_PATH_SIZE];
    char ed25519[TEMP_PATH_SIZE];
    char kids[KEYS][44];
    struct sign_listing *listing;
    struct conf_issuer conf;
    struct issuer issuer;
};

/* The issuer's keys are these files from now on; signing: the active one, NULL: the first. */
static void use(struct fixture *f, const char *const *paths, size_t count, const char *signing)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    const struct sai_keyset_options options = { .paths = paths,
                                                .path_count = count,
                                                .signing = &signing,
                                                .signing_count = signing != NULL,
                                                .allow_ed25519 = true };

    sai_keyset_free(f->issuer.keys);
    f->issuer.keys = NULL;
    assert_true(sai_keyset_load(&options, &f->issuer.keys, r));
}

#define USE(f, signing, ...)                                                                   \
    use(f, (const char *const[]){ __VA_ARGS__ },                                               \
        sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), signing)

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    temp_init(&f->temp);
    f->conf.signer.refresh_hint_ms = (uint64_t)WAIT_S * 1000;
    f->issuer.conf = &f->conf;
    for (size_t i = 0; i < KEYS; i++) {
        EVP_PKEY *key = temp_key_new(i == KEYS - 1 ? "RSA" : "EC");
        char name[16];

        (void)snprintf(name, sizeof(name), "%s.pem", names[i]);
        (void)temp_path(&f->temp, name, f->paths[i]);
        temp_key_write(&f->temp, name, key, TEMP_PRIVATE, 0600);
        (void)snprintf(name, sizeof(name), "%s.pub", names[i]);
        (void)temp_path(&f->temp, name, f->public_paths[i]);
        temp_key_write(&f->temp, name, key, TEMP_PUBLIC, 0644);
        EVP_PKEY_free(key);
        USE(f, NULL, f->public_paths[i]);
        (void)snprintf(f->kids[i], sizeof(f->kids[i]), "%s",
                       sai_key_id(sai_keyset_get(f->issuer.keys, 0)));
    }
    temp_key_make(&f->temp, "ed.pem", "ED25519");
    (void)temp_path(&f->temp, "ed.pem", f->ed25519);
    f->listing = sign_listing_new();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    sign_listing_free(f->listing);
    sai_keyset_free(f->issuer.keys);
    sai_keyset_free(f->issuer.legacy_keys);
    temp_done(&f->temp);
    free(f);
    return 0;
}

static bool may_follow(struct fixture *f, int64_t now_s, struct sai_err *e)
{
    *e = (struct sai_err){ 0 };
    return sign_listing_check(f->listing, &f->issuer, now_s, e);
}

static void adopt(struct fixture *f, int64_t now_s)
{
    struct sai_err e = { 0 };

    assert_true(sign_listing_check(f->listing, &f->issuer, now_s, &e));
    assert_true(sign_listing_adopt(f->listing, &f->issuer, now_s, &e));
}

/* "a", "b", ...: the key that signs. */
static const char *signs(struct fixture *f, int64_t now_s)
{
    const struct sai_key *k = sign_listing_signing_key(f->listing, &f->issuer, now_s);

    for (size_t i = 0; k != NULL && i < KEYS; i++) {
        if (strcmp(f->kids[i], sai_key_id(k)) == 0)
            return names[i];
    }
    return k == NULL ? "none" : "unknown";
}

static void the_first_keys_sign_at_once(void **state)
{
    struct fixture *f = *state;

    USE(f, "b.pem", f->paths[0], f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "b");
    assert_int_equal(sign_listing_since_s(f->listing, f->kids[0]), 0);
    assert_int_equal(sign_listing_since_s(f->listing, f->kids[2]), -1);
}

static void a_new_key_waits_until_it_is_known(void **state)
{
    struct fixture *f = *state;
    const struct sai_key *waiting;
    int64_t from_s = 0;

    USE(f, NULL, f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "b");
    USE(f, NULL, f->paths[0], f->paths[1]); /* the first in order is the active one */
    adopt(f, T0 + 10);
    assert_string_equal(signs(f, T0 + 10), "b");
    waiting = sign_listing_waiting_key(f->listing, &f->issuer, T0 + 10, &from_s);
    assert_string_equal(sai_key_id(waiting), f->kids[0]);
    assert_int_equal(from_s, T0 + 10 + WAIT_S + 1);
    assert_string_equal(signs(f, from_s - 1), "b");
    assert_string_equal(signs(f, from_s), "a");
    assert_null(sign_listing_waiting_key(f->listing, &f->issuer, from_s, &from_s));
    /* and does not give way again, whatever the clock says */
    assert_string_equal(signs(f, T0), "a");
}

static void published_first_it_signs_when_it_is_named(void **state)
{
    struct fixture *f = *state;

    USE(f, "a.pem", f->paths[0]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "a");
    USE(f, "a.pem", f->paths[0], f->public_paths[1]);
    adopt(f, T0 + 1);
    USE(f, "b.pem", f->paths[0], f->paths[1]);
    adopt(f, T0 + 200);
    assert_string_equal(signs(f, T0 + 1 + WAIT_S), "a");
    assert_string_equal(signs(f, T0 + 1 + WAIT_S + 1), "b");
    USE(f, "a.pem", f->paths[0], f->paths[1]); /* back again at once: it is known */
    adopt(f, T0 + 400);
    assert_string_equal(signs(f, T0 + 400), "a");
}

static void verifiers_of_ours_may_take_longer(void **state)
{
    struct fixture *f = *state;

    f->conf.discovery.jwks_max_age_ms = 1000ULL * 2 * WAIT_S;
    assert_int_equal(sign_listing_wait_s(&f->issuer), 2 * WAIT_S);
    USE(f, NULL, f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "b");
    USE(f, NULL, f->paths[0], f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0 + 2 * WAIT_S), "b");
    assert_string_equal(signs(f, T0 + 2 * WAIT_S + 1), "a");
}

static void the_signing_key_cannot_go_too_early(void **state)
{
    struct fixture *f = *state;
    struct sai_err e;

    USE(f, NULL, f->paths[0]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "a");
    USE(f, NULL, f->paths[1]); /* replaced in place */
    assert_false(may_follow(f, T0 + 1, &e));
    assert_int_equal(e.code, SAI_E_DENIED);
    assert_non_null(strstr(e.text, f->kids[0]));
    assert_non_null(strstr(e.text, "300 s"));
    USE(f, NULL, f->public_paths[0], f->paths[1]); /* its public half alone does not help */
    assert_false(may_follow(f, T0 + 1, &e));
    USE(f, "b.pem", f->paths[0], f->paths[1]);
    adopt(f, T0 + 2);
    USE(f, NULL, f->public_paths[0], f->paths[1]);
    assert_false(may_follow(f, T0 + 2 + WAIT_S, &e));
    adopt(f, T0 + 2 + WAIT_S + 1);
    assert_string_equal(signs(f, T0 + 2 + WAIT_S + 1), "b");
    USE(f, NULL, f->paths[1]);
    adopt(f, T0 + 2 + WAIT_S + 1);
}

static void nor_before_it_has_signed(void **state)
{
    struct fixture *f = *state;
    struct sai_err e;

    USE(f, NULL, f->paths[0]);
    adopt(f, T0);
    USE(f, NULL, f->paths[1]);
    assert_false(may_follow(f, T0 + 1, &e));
    assert_non_null(strstr(e.text, "which signed until now, is gone"));
}

static void a_key_that_was_gone_is_new(void **state)
{
    struct fixture *f = *state;

    USE(f, "a.pem", f->paths[0], f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "a");
    USE(f, "a.pem", f->paths[0]);
    adopt(f, T0 + 10);
    USE(f, "b.pem", f->paths[0], f->paths[1]);
    adopt(f, T0 + 20);
    assert_string_equal(signs(f, T0 + 20 + WAIT_S), "a");
    assert_string_equal(signs(f, T0 + 20 + WAIT_S + 1), "b");
}

static void the_key_before_goes_on_not_any_other(void **state)
{
    struct fixture *f = *state;

    USE(f, "b.pem", f->paths[0], f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "b");
    USE(f, "c.pem", f->paths[0], f->paths[1], f->paths[2]);
    adopt(f, T0 + 1);
    assert_string_equal(signs(f, T0 + 1), "b");
    USE(f, "c.pem", f->paths[0], f->paths[2]); /* but another that is known will do */
    adopt(f, T0 + 2);
    assert_string_equal(signs(f, T0 + 2), "a");
    assert_string_equal(signs(f, T0 + 1 + WAIT_S + 1), "c");
}

static void rsa_comes_before_ec_and_nothing_else_counts(void **state)
{
    struct fixture *f = *state;

    USE(f, NULL, f->ed25519, f->paths[0], f->paths[3]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "rsa");
    USE(f, NULL, f->ed25519);
    assert_null(sign_listing_active_key(&f->issuer));
    assert_true(sign_listing_takes("RS256") && sign_listing_takes("ES512"));
    assert_false(sign_listing_takes("EdDSA") || sign_listing_takes("RS384"));
}

static void the_time_of_the_list_is_that_of_its_last_change(void **state)
{
    struct fixture *f = *state;

    USE(f, NULL, f->paths[0]);
    adopt(f, T0);
    assert_int_equal(sign_listing_changed_s(f->listing), T0);
    adopt(f, T0 + 1);
    assert_int_equal(sign_listing_changed_s(f->listing), T0);
    USE(f, NULL, f->paths[0], f->ed25519); /* which is not listed */
    adopt(f, T0 + 2);
    assert_int_equal(sign_listing_changed_s(f->listing), T0);
    USE(f, NULL, f->paths[0], f->paths[1]);
    adopt(f, T0 + 3);
    assert_int_equal(sign_listing_changed_s(f->listing), T0 + 3);
    USE(f, NULL, f->paths[1], f->paths[0]); /* another order, and a clock that went back */
    adopt(f, T0 - 100);
    assert_int_equal(sign_listing_changed_s(f->listing), T0 + 4);
    USE(f, NULL, f->public_paths[2]);
    f->issuer.legacy_keys = f->issuer.keys;
    f->issuer.keys = NULL;
    USE(f, NULL, f->paths[1], f->paths[0]);
    adopt(f, T0 + 9);
    assert_int_equal(sign_listing_changed_s(f->listing), T0 + 9);
}

/* As a process that starts again sees it. */
static void restart(struct fixture *f)
{
    AUTO(buf) struct buf text;
    struct sai_err e = { 0 };

    buf_init(&text, 1 << 16);
    sign_listing_put(f->listing, &text);
    assert_true(buf_ok(&text, &e));
    assert_int_equal(text.data[text.len - 1], '\n');
    sign_listing_free(f->listing);
    f->listing = sign_listing_new();
    assert_true(sign_listing_restore(f->listing, text.data, text.len, &e));
}

static void a_restart_changes_nothing(void **state)
{
    struct fixture *f = *state;

    USE(f, NULL, f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "b");
    USE(f, NULL, f->paths[0], f->paths[1]);
    adopt(f, T0 + 10);
    restart(f);
    adopt(f, T0 + 20);
    assert_int_equal(sign_listing_changed_s(f->listing), T0 + 10);
    assert_string_equal(signs(f, T0 + 10 + WAIT_S), "b");
    assert_string_equal(signs(f, T0 + 10 + WAIT_S + 1), "a");
    restart(f);
    adopt(f, T0 + 20 + WAIT_S + 1);
    assert_string_equal(signs(f, T0 + 20 + WAIT_S + 1), "a");
}

/* The way to change a key at once: the operator knows what he does. */
static void a_restart_with_new_keys_alone_signs_with_them(void **state)
{
    struct fixture *f = *state;
    struct sai_err e;

    USE(f, NULL, f->paths[0]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "a");
    restart(f);
    USE(f, NULL, f->paths[1]);
    assert_false(may_follow(f, T0 + 1, &e));
    e = (struct sai_err){ 0 };
    assert_true(sign_listing_adopt(f->listing, &f->issuer, T0 + 1, &e));
    assert_string_equal(signs(f, T0 + 1), "b");
}

static void a_clock_that_was_ahead_holds_nothing_back(void **state)
{
    struct fixture *f = *state;

    USE(f, NULL, f->paths[1]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "b");
    USE(f, NULL, f->paths[0], f->paths[1]);
    adopt(f, T0 + 1000000);
    adopt(f, T0 + 10);
    assert_string_equal(signs(f, T0 + 10 + WAIT_S), "b");
    assert_string_equal(signs(f, T0 + 10 + WAIT_S + 1), "a");
}

#define SUM "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void what_was_not_written_by_it_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{}} x",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\"}",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{},\"more\":1}",
        "{\"changed\":-1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{}}",
        "{\"changed\":1.5,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{}}",
        "{\"changed\":1,\"list\":\"AAAA\",\"signing\":\"\",\"since\":{}}",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"x\",\"since\":{}}",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"" SUM "A\",\"since\":{}}",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":[]}",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{\"" SUM "\":-1}}",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{\"" SUM "\":\"1\"}}",
        "{\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{\"" SUM
        "\":1,\"x\":1}}",
        "{\"changed\":1,\"changed\":1,\"list\":\"" SUM "\",\"signing\":\"\",\"since\":{}}",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct sai_err e = { 0 };

        if (sign_listing_restore(f->listing, texts[i], strlen(texts[i]), &e))
            fail_msg("taken: %s", texts[i]);
        assert_true(e.code == SAI_E_INVALID || e.code == SAI_E_SYNTAX);
        assert_int_equal(sign_listing_since_s(f->listing, SUM), -1);
    }
    /* As if nothing had been there. */
    USE(f, NULL, f->paths[0]);
    adopt(f, T0);
    assert_string_equal(signs(f, T0), "a");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_first_keys_sign_at_once),
        CASE(a_new_key_waits_until_it_is_known),
        CASE(published_first_it_signs_when_it_is_named),
        CASE(verifiers_of_ours_may_take_longer),
        CASE(the_signing_key_cannot_go_too_early),
        CASE(nor_before_it_has_signed),
        CASE(a_key_that_was_gone_is_new),
        CASE(the_key_before_goes_on_not_any_other),
        CASE(rsa_comes_before_ec_and_nothing_else_counts),
        CASE(the_time_of_the_list_is_that_of_its_last_change),
        CASE(a_restart_changes_nothing),
        CASE(a_restart_with_new_keys_alone_signs_with_them),
        CASE(a_clock_that_was_ahead_holds_nothing_back),
        CASE(what_was_not_written_by_it_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
