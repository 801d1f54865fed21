/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Keys, an account and a policy for tests that mint. */

#include "base/err.h"
#include "temp_keys.h"

#include <sa_issuer/token.h>

/* A struct sai_strings: as an initialiser, and as a value. */
#define NAMES(...)                                                                             \
    {                                                                                          \
        (const char *const[]){ __VA_ARGS__ },                                                  \
            ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ }))                                 \
    }
#define LIST(...) ((struct sai_strings)NAMES(__VA_ARGS__))

#define TEST_UID "6f3a1c1e-0d2b-4c6e-9a53-1f0e8d7c6b5a"

static const int64_t test_now = INT64_C(1767225600); /* 2026-01-01T00:00:00Z */

struct fixture {
    struct temp dir;
    EVP_PKEY *rsa;
    EVP_PKEY *ec;
    EVP_PKEY *ed25519;
    struct sai_keyset *keys;
};

static inline void fixture_print(const struct sai_report *r)
{
    char line[1024];

    for (size_t i = 0; i < sai_report_count(r); i++)
        print_message("%s\n", sai_err_format(sai_report_get(r, i, NULL), line, sizeof(line)));
}

/* types: any of "RSA EC ED25519". */
static inline int fixture_init(struct fixture *f, const char *types)
{
    struct sai_report *r = sai_report_new();
    char path[TEMP_PATH_SIZE];
    const char *paths[] = { NULL };
    struct sai_keyset_options o = { .paths = paths, .path_count = 1, .allow_ed25519 = true };
    struct {
        const char *type;
        EVP_PKEY **key;
    } all[] = { { "RSA", &f->rsa }, { "EC", &f->ec }, { "ED25519", &f->ed25519 } };

    temp_init(&f->dir);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        char name[32];

        *all[i].key = NULL;
        if (strstr(types, all[i].type) == NULL)
            continue;
        *all[i].key = temp_key_new(all[i].type);
        (void)snprintf(name, sizeof(name), "%s.pem", all[i].type);
        temp_key_write(&f->dir, name, *all[i].key, TEMP_PRIVATE, 0600);
    }
    paths[0] = temp_path(&f->dir, "", path);
    if (!sai_keyset_load(&o, &f->keys, r)) {
        fixture_print(r);
        return 1;
    }
    sai_report_free(r);
    return 0;
}

static inline void fixture_done(struct fixture *f)
{
    sai_keyset_free(f->keys);
    EVP_PKEY_free(f->rsa);
    EVP_PKEY_free(f->ec);
    EVP_PKEY_free(f->ed25519);
    temp_done(&f->dir);
}

static inline struct sai_policy *must_compile(const struct sai_policy_options *o)
{
    struct sai_report *r = sai_report_new();
    struct sai_policy *p = NULL;
    bool ok = sai_policy_new(o, &p, r);

    if (!ok)
        fixture_print(r);
    assert_true(ok);
    assert_int_equal(sai_report_total(r, SAI_ERROR), 0);
    sai_report_free(r);
    return p;
}

static inline struct sai_minter *must_prepare(const struct sai_policy *p)
{
    struct sai_err e = { 0 };
    struct sai_minter *m = NULL;

    assert_true(sai_minter_new(p, &m, &e));
    return m;
}

/* The claims with the jti, which must be a version 4 UUID, replaced by JTI. The caller frees
 * them. */
static inline char *claims_without_jti(const struct sai_token *t)
{
    static const char shape[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
    const char *at = strstr(t->claims, "\"jti\":\"");
    char *out = malloc(t->claims_len + 1);

    assert_non_null(at);
    assert_non_null(out);
    at += strlen("\"jti\":\"");
    assert_memory_equal(at, t->jti, 36);
    for (size_t i = 0; i < 36; i++) {
        if (shape[i] == 'x')
            assert_non_null(strchr("0123456789abcdef", at[i]));
        else if (shape[i] == 'v')
            assert_non_null(strchr("89ab", at[i]));
        else
            assert_int_equal(at[i], shape[i]);
    }
    (void)snprintf(out, t->claims_len + 1, "%.*sJTI%s", (int)(at - t->claims), t->claims,
                   at + 36);
    return out;
}
