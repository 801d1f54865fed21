/* SPDX-License-Identifier: Apache-2.0 */
#include "state/routes.h"
#include "unit.h"

#include <stdio.h>

static const char *const urls[] = {
    "https://oidc.example.com/prod", "https://oidc.example.com/test", "https://a.example.com",
    "https://b.example.com",         "https://b.example.com:8443",    "http://[::1]:8080/v6",
};

struct row {
    const char *path;
    const char *host;
    int issuer; /* -1: not found */
    enum document_id document;
};

static const struct row rows[] = {
    /* one issuer has the path: any host will do */
    { "/prod/.well-known/openid-configuration", "oidc.example.com", 0, DOCUMENT_DISCOVERY },
    { "/prod/openid/v1/jwks", "localhost:8080", 0, DOCUMENT_JWKS },
    { "/prod/openid/v1/jwks", NULL, 0, DOCUMENT_JWKS },
    { "/test/openid/v1/jwks", "oidc.example.com", 1, DOCUMENT_JWKS },
    { "/v6/openid/v1/jwks", "[::1]:9999", 5, DOCUMENT_JWKS },
    /* several do: the host decides, upper case or not */
    { "/openid/v1/jwks", "a.example.com", 2, DOCUMENT_JWKS },
    { "/openid/v1/jwks", "A.Example.COM", 2, DOCUMENT_JWKS },
    { "/openid/v1/jwks", "a.example.com:8443", 2, DOCUMENT_JWKS },
    { "/openid/v1/jwks", "b.example.com", 3, DOCUMENT_JWKS },
    { "/openid/v1/jwks", "b.example.com:8443", 4, DOCUMENT_JWKS },
    { "/.well-known/openid-configuration", "b.example.com:8443", 4, DOCUMENT_DISCOVERY },
    /* two issuers of one host name, neither with that port */
    { "/openid/v1/jwks", "b.example.com:1", -1, DOCUMENT_JWKS },
    { "/openid/v1/jwks", "c.example.com", -1, DOCUMENT_JWKS },
    { "/openid/v1/jwks", "a.example.com.evil.example", -1, DOCUMENT_JWKS },
    { "/openid/v1/jwks", NULL, -1, DOCUMENT_JWKS },
    /* no such document */
    { "/", "a.example.com", -1, DOCUMENT_JWKS },
    { "", "a.example.com", -1, DOCUMENT_JWKS },
    { "/prod", "oidc.example.com", -1, DOCUMENT_JWKS },
    { "/prod/", "oidc.example.com", -1, DOCUMENT_JWKS },
    { "/prod/openid/v1/jwks/", "oidc.example.com", -1, DOCUMENT_JWKS },
    { "/prod//openid/v1/jwks", "oidc.example.com", -1, DOCUMENT_JWKS },
    { "//prod/openid/v1/jwks", "oidc.example.com", -1, DOCUMENT_JWKS },
    { "/prod/../prod/openid/v1/jwks", "oidc.example.com", -1, DOCUMENT_JWKS },
    { "/prod/openid%2fv1/jwks", "oidc.example.com", -1, DOCUMENT_JWKS },
    { "/PROD/openid/v1/jwks", "oidc.example.com", -1, DOCUMENT_JWKS },
};

static void finds_the_document(void **state)
{
    AUTO(route_table) struct route_table *t = routes_new(urls, ARRAY_SIZE(urls));

    (void)state;
    assert_non_null(t);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct route found = { .issuer = 99 };
        bool ok = routes_find(t, rows[i].path, rows[i].host, &found);

        if (ok != (rows[i].issuer >= 0))
            fail_msg("%s at %s", rows[i].path, rows[i].host ? rows[i].host : "no host");
        assert_int_equal(found.issuer, ok ? rows[i].issuer : 99);
        if (ok)
            assert_int_equal(found.document, rows[i].document);
    }
}

static const struct {
    const char *path;
    size_t len;
    const char *host;
    int issuer; /* -1: not found */
} issuer_rows[] = {
    { "/prod", 5, "oidc.example.com", 0 },
    { "/prod/token", 5, "whoever", 0 },
    { "/v6", 3, NULL, 5 },
    { "", 0, "a.example.com", 2 },
    { "/token", 0, "b.example.com:8443", 4 },
    { "", 0, "c.example.com", -1 },
    { "", 0, NULL, -1 },
    { "/pro", 4, "oidc.example.com", -1 },
    { "/prod/", 6, "oidc.example.com", -1 },
    { "/PROD", 5, "oidc.example.com", -1 },
    /* a document is no issuer */
    { "/prod/openid/v1/jwks", 20, "oidc.example.com", -1 },
};

static void finds_the_issuer(void **state)
{
    AUTO(route_table) struct route_table *t = routes_new(urls, ARRAY_SIZE(urls));

    (void)state;
    assert_non_null(t);
    for (size_t i = 0; i < ARRAY_SIZE(issuer_rows); i++) {
        size_t found = 99;
        bool ok = routes_find_issuer(t, issuer_rows[i].path, issuer_rows[i].len,
                                     issuer_rows[i].host, &found);

        if (ok != (issuer_rows[i].issuer >= 0))
            fail_msg("row %zu: %s", i, issuer_rows[i].path);
        assert_int_equal(found, ok ? issuer_rows[i].issuer : 99);
    }
}

/* Every issuer of many is found by its own path, so collisions of the hash lose nothing. */
static void many_issuers(void **state)
{
    enum { COUNT = 64 };
    char text[COUNT][64];
    const char *many[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(text[i], sizeof(text[i]), "https://oidc.example.com/c%zu", i);
        many[i] = text[i];
    }
    AUTO(route_table) struct route_table *t = routes_new(many, COUNT);
    assert_non_null(t);
    for (size_t i = 0; i < COUNT; i++) {
        char path[64];
        struct route found;

        (void)snprintf(path, sizeof(path), "/c%zu/openid/v1/jwks", i);
        assert_true(routes_find(t, path, "oidc.example.com", &found));
        assert_int_equal(found.issuer, i);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_document),
        cmocka_unit_test(finds_the_issuer),
        cmocka_unit_test(many_issuers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
