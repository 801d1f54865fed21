/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/url.h"
#include "unit.h"

#include <sa_issuer/discovery.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *url;
    const char *problem;
};

static const char start[] = "must start with https:// (or http:// for a loopback host)";
static const char upper[] = "the host must be in lower case";
static const char letters[] = "the host may have letters, digits, hyphens and dots only";
static const char label[] = "each part of the host must have 1 to 63 characters";
static const char hyphen[] = "no part of the host may start or end with a hyphen";
static const char no_host[] = "the host is missing";
static const char number[] = "the host ends in a number but is no IPv4 address";
static const char v6[] = "not an IPv6 address in brackets";
static const char v6_form[] =
    "the IPv6 address must be in its shortest form, in lower case (RFC 5952)";
static const char v6_open[] = "the IPv6 address is not closed by a bracket";
static const char user[] = "a user name is not allowed";
static const char http[] = "http is for loopback hosts only, use https";
static const char port[] = "the port must be a number from 1 to 65535";
static const char default_port[] = "the default port must be left out, as verifiers do";
static const char slash[] =
    "a trailing slash is not allowed, as verifiers compare byte for byte";
static const char empty[] = "an empty path segment (//) is not allowed";
static const char dots[] = "the path segments . and .. are not allowed";
static const char percent[] =
    "percent-encoding is not allowed, as verifiers and proxies rewrite it";
static const char path_char[] = "the path has a character that a URL cannot have";
static const char query[] = "a query is not allowed";
static const char fragment[] = "a fragment is not allowed";
static const char blank[] = "blanks and control characters are not allowed";
static const char ascii[] = "must be ASCII; an international host name has an xn-- form";
static const char too_long[] = "must have at most 255 characters";

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff012"

static const struct row issuer_rows[] = {
    { "https://oidc.example.com", "" },
    { "https://oidc.example.com/prod", "" },
    { "https://oidc.example.com/Prod/Cluster_1", "" },
    { "https://oidc.example.com/a/b/c/d", "" },
    { "https://oidc.example.com:8443", "" },
    { "https://oidc.example.com:65535/x", "" },
    { "https://oidc.example.com:80", "" },
    { "https://kubernetes.default.svc.cluster.local", "" },
    { "https://oidc", "" },
    { "https://192.0.2.1", "" },
    { "https://192.0.2.1:8443/x", "" },
    { "https://[2001:db8::1]", "" },
    { "https://[2001:db8::1]:8443/x", "" },
    { "https://xn--bcher-kva.example", "" },
    { "https://a-b.example", "" },
    { "https://1password.example", "" },
    { "https://example.com/~team", "" },
    { "https://example.com/a.b/..c/...", "" },
    { "https://example.com/a:b@c;d=e,f!g$h&i'j(k)*+", "" },
    { "https://" L63 ".example", "" },
    { "http://localhost", "" },
    { "http://localhost:8080/x", "" },
    { "http://a.localhost", "" },
    { "http://127.0.0.1:8080", "" },
    { "http://127.255.255.254", "" },
    { "http://[::1]", "" },
    { "http://[::1]:8080/x", "" },
    { "http://localhost:443", "" },
    /* the scheme */
    { "", start },
    { "oidc.example.com", start },
    { "//oidc.example.com", start },
    { "HTTPS://oidc.example.com", start },
    { "Https://oidc.example.com", start },
    { "https:/oidc.example.com", start },
    { "https:oidc.example.com", start },
    { "ftp://oidc.example.com", start },
    { "https//oidc.example.com", start },
    { "file:///etc/passwd", start },
    { "http://oidc.example.com", http },
    { "http://128.0.0.1", http },
    { "http://126.255.255.255", http },
    { "http://[::2]", http },
    { "http://[::ffff:127.0.0.1]", http },
    { "http://localhost.example.com", http },
    { "http://notlocalhost", http },
    { "http://0.0.0.0:8080", http },
    /* the host */
    { "https://", no_host },
    { "https:///x", no_host },
    { "https://:8443", no_host },
    { "https://OIDC.example.com", upper },
    { "https://oidc.example.coM", upper },
    { "https://oidc_1.example.com", letters },
    { "https://oidc.exam*ple.com", letters },
    { "https://oidc%2eexample.com", letters },
    { "https://oidc.example.com\\x", letters },
    { "https://oidc.example.com.", label },
    { "https://.example.com", label },
    { "https://oidc..example.com", label },
    { "https://" L63 "3.example", label },
    { "https://-a.example.com", hyphen },
    { "https://a-.example.com", hyphen },
    { "https://192.0.2.256", number },
    { "https://192.0.2", number },
    { "https://3221225985", number },
    { "https://0x7f000001", number },
    { "https://0300.0.2.1", number },
    { "https://a.b.1", number },
    { "https://[2001:DB8::1]", v6_form },
    { "https://[2001:db8:0:0:0:0:0:1]", v6_form },
    { "https://[::0001]", v6_form },
    { "https://[2001:db8::1", v6_open },
    { "https://[::1]x", v6_open },
    { "https://[", v6_open },
    { "https://[]", v6 },
    { "https://[192.0.2.1]", v6 },
    { "https://[fe80::1%25eth0]", v6 },
    { "https://2001:db8::1", number },
    { "https://fe80:db8::1", port },
    { "https://user@example.com", user },
    { "https://user:secret@example.com", user },
    { "https://example.com:443@evil.example", user },
    { "https://[::1]@evil.example", user },
    /* the port */
    { "https://example.com:", port },
    { "https://example.com:0", port },
    { "https://example.com:65536", port },
    { "https://example.com:08443", port },
    { "https://example.com:+8443", port },
    { "https://example.com:8443a", port },
    { "https://[::1]:", port },
    { "https://example.com:443", default_port },
    { "http://localhost:80", default_port },
    /* the path */
    { "https://example.com/", slash },
    { "https://example.com/prod/", slash },
    { "https://example.com//", slash },
    { "https://example.com//prod", empty },
    { "https://example.com/a//b", empty },
    { "https://example.com/./a", dots },
    { "https://example.com/a/..", dots },
    { "https://example.com/../a", dots },
    { "https://example.com/a%2Fb", percent },
    { "https://example.com/%61", percent },
    { "https://example.com/100%", percent },
    { "https://example.com/a\\b", path_char },
    { "https://example.com/{tenant}", path_char },
    { "https://example.com/<a>", path_char },
    { "https://example.com/a|b", path_char },
    { "https://example.com/a?b=c", query },
    { "https://example.com?", query },
    { "https://example.com/a#b", fragment },
    { "https://example.com#", fragment },
    { "https://example.com/a?b#c", fragment },
    /* characters */
    { " https://example.com", blank },
    { "https://example.com ", blank },
    { "https://example.com/a b", blank },
    { "https://example.com/a\n", blank },
    { "https://example.com/\x01", blank },
    { "https://example.com/\x7f", blank },
    { "https://b\xc3\xbc"
      "cher.example",
      ascii },
    { "https://ex\xd0\xb0mple.com", ascii }, /* a Cyrillic a */
    { "https://example.com/\xe2\x80\xae", ascii },
    { "https://example.com/\xc0\xaf", ascii },
};

/* "" asks for what jwksURI allows beyond that. */
static const struct row jwks_rows[] = {
    { "https://cdn.example.com/keys/jwks.json", "" },
    { "https://cdn.example.com", "" },
    { "https://cdn.example.com/", "" },
    { "https://cdn.example.com/keys?v=1&x=/", "" },
    { "https://cdn.example.com/a%20b", "" },
    { "https://cdn.example.com:8443//x", "" },
    { "http://127.0.0.1:8080/openid/v1/jwks", "" },
    { "http://cdn.example.com/jwks", http },
    { "https://CDN.example.com/jwks", upper },
    { "https://u@cdn.example.com/jwks", user },
    { "https://cdn.example.com:0/jwks", port },
    { "https://cdn.example.com/jwks#1", fragment },
    { "https://cdn.example.com?x#", fragment },
    { "https://cdn.example.com/%2",
      "a percent sign must be followed by two hexadecimal digits" },
    { "https://cdn.example.com/%zz",
      "a percent sign must be followed by two hexadecimal digits" },
    { "https://cdn.example.com/%",
      "a percent sign must be followed by two hexadecimal digits" },
    { "https://cdn.example.com/\"", "there is a character that a URL cannot have" },
    { "https://cdn.example.com/a b", blank },
    { "/openid/v1/jwks", start },
};

typedef const char *problem_fn(const char *url);

static void check_rows(problem_fn *problem_of, const struct row *rows, size_t count)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        const char *problem = problem_of(rows[i].url);

        if (strcmp(problem, rows[i].problem) == 0)
            continue;
        wrong++;
        print_error("\"%s\"\n  is       \"%s\"\n  expected \"%s\"\n", rows[i].url, problem,
                    rows[i].problem);
    }
    assert_int_equal(wrong, 0);
}

static void issuers(void **state)
{
    (void)state;
    check_rows(sai_issuer_url_problem, issuer_rows, ARRAY_SIZE(issuer_rows));
}

static void jwks_uris(void **state)
{
    (void)state;
    check_rows(jwks_uri_problem, jwks_rows, ARRAY_SIZE(jwks_rows));
}

static void lengths(void **state)
{
    static const char base[] = "https://example.com/";
    char url[300];

    (void)state;
    (void)snprintf(url, sizeof(url), "%s", base);
    memset(url + strlen(base), 'a', 256 - strlen(base));
    url[255] = '\0';
    assert_string_equal(sai_issuer_url_problem(url), "");
    url[255] = 'a';
    url[256] = '\0';
    assert_string_equal(sai_issuer_url_problem(url), too_long);
    assert_string_equal(jwks_uri_problem(url), too_long);
}

/* RFC 3986 section 3.3: unreserved, sub-delims, ":" and "@"; a slash starts a new segment. */
static void every_byte_in_a_path(void **state)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "-._~!$&'()*+,;=:@/";

    (void)state;
    for (int c = 1; c < 256; c++) {
        char url[] = "https://example.com/a?b";

        url[strlen(url) - 2] = (char)c;
        assert_int_equal(sai_issuer_url_problem(url)[0] == '\0', strchr(allowed, c) != NULL);
    }
}

static void every_byte_in_a_host(void **state)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-./";

    (void)state;
    for (int c = 1; c < 256; c++) {
        char url[] = "https://exam?le.com";

        url[strlen("https://exam")] = (char)c;
        assert_int_equal(sai_issuer_url_problem(url)[0] == '\0', strchr(allowed, c) != NULL);
    }
}

/* Whatever the last character, nothing is read behind the text: the sanitizer watches. */
static void prefixes(void **state)
{
    static const char whole[] = "https://user@[2001:db8::1]:8443/a/%20/../b?q#f";

    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++) {
        AUTO_FREE char *url = strndup(whole, len);

        assert_non_null(url);
        assert_non_null(sai_issuer_url_problem(url));
        assert_non_null(jwks_uri_problem(url));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(issuers),
        cmocka_unit_test(jwks_uris),
        cmocka_unit_test(lengths),
        cmocka_unit_test(every_byte_in_a_path),
        cmocka_unit_test(every_byte_in_a_host),
        cmocka_unit_test(prefixes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
