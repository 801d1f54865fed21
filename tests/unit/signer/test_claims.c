/* SPDX-License-Identifier: Apache-2.0 */

/* The policy before a signature: one good payload, and what becomes of it when one thing is
 * changed. */

#include "codec/base64url.h"
#include "signer/claims.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const int64_t now_s = INT64_C(1767225600); /* 2026-01-01T00:00:00Z */

static const char good[] =
    "{\"aud\":[\"api\"],\"exp\":1767229200,\"iat\":1767225600,"
    "\"iss\":\"https://oidc.example.com\",\"jti\":\"0d7b9a4c\",\"kubernetes.io\":{"
    "\"namespace\":\"ns\",\"node\":{\"name\":\"n\",\"uid\":\"u-n\"},"
    "\"pod\":{\"name\":\"p\",\"uid\":\"u-p\"},"
    "\"serviceaccount\":{\"name\":\"sa\",\"uid\":\"u-s\"}},"
    "\"nbf\":1767225600,\"sub\":\"system:serviceaccount:ns:sa\"}";

static const struct sign_policy policy = { .issuer = "https://oidc.example.com",
                                           .now_s = 1767225600,
                                           .max_lifetime_s = 7200 };
static const struct sign_policy extended = { .issuer = "https://oidc.example.com",
                                             .now_s = 1767225600,
                                             .max_lifetime_s = 7200,
                                             .extended = true };

struct row {
    const char *find; /* in the good payload; NULL: all of it */
    const char *put;
    const char *expected; /* path and text of the error; "": signed */
};

#define KIO(members) "\"kubernetes.io\":{" members
#define NOT_WRITTEN  "a member that kube-apiserver does not write: "
#define NOT_EMPTY    "must be a string that is not empty"
#define POSITIVE     "must be a positive integer"
#define OBJECT       "must be an object"
#define NO_NAME      "is no name of an object"
#define SUB          "sub: is not the account that kubernetes.io names"

static const struct row rows[] = {
    { "x", "x", "" },
    /* What kube-apiserver may well write. */
    { "\"jti\":\"0d7b9a4c\",", "", "" },
    { "[\"api\"]", "[\"api\",\"vault\"]", "" },
    { "\"node\":{\"name\":\"n\",\"uid\":\"u-n\"},", "", "" },
    { "\"node\":{\"name\":\"n\",\"uid\":\"u-n\"}", "\"node\":{\"name\":\"n\"}", "" },
    { "\"pod\"", "\"secret\"", "" },
    { "\"pod\":{\"name\":\"p\",\"uid\":\"u-p\"},", "", "" },
    { "1767229200", "1767232800", "" }, /* 7200 s */
    { "\"namespace\"", "\"validatingWebhookConfiguration\":{\"name\":\"w\"},\"namespace\"",
      "" },
    { "\"name\":\"p\"", "\"name\":\"p\",\"generation\":1", "" },
    { "{\"aud\"", " {\t\"aud\"\r\n", "" },
    /* Not base64url of a JSON object (raw segments are below). */
    { NULL, "", "claims: not JSON: ends early" },
    { NULL, "null", "claims: not JSON: invalid syntax" },
    { NULL, "[]", "claims: not a JSON object" },
    { NULL, "\"text\"", "claims: not JSON: invalid syntax" },
    { NULL, "1", "claims: not JSON: invalid syntax" },
    { NULL, "{}", "aud: is missing" },
    { NULL, "{", "claims: not JSON: ends early" },
    { NULL, "{}{}", "claims: not JSON: something stands behind the end" },
    { NULL, "{\"aud\":[\"api\"],}", "claims: not JSON: invalid syntax" },
    { NULL, "{'aud':['api']}", "claims: not JSON: invalid syntax" },
    { NULL, "{\"aud\":[\"\xff\"]}", "claims: not JSON: invalid UTF-8" },
    { NULL, "{\"aud\":[\"\\ud800\"]}", "claims: not JSON: invalid syntax" },
    { NULL, "{\"aud\":[\"\\u0000\"]}", "claims: not JSON: \\u0000 in a string" },
    { NULL, "{\"iss\":NaN}", "claims: not JSON: invalid syntax" },
    { NULL, "{\"a\":[[[[[[[[1]]]]]]]]}", "claims: more than 8 levels of nesting" },
    { NULL, "\xef\xbb\xbf{}", "claims: not JSON: invalid syntax" },
    { "\"aud\":[\"api\"]", "\"aud\":[\"api\"],\"aud\":[\"api\"]",
      "claims: not JSON: a member stands there twice" },
    { "\"namespace\":\"ns\"", "\"namespace\":\"ns\",\"namespace\":\"ns\"",
      "claims: not JSON: a member stands there twice" },
    { "\"name\":\"sa\"", "\"name\":\"sa\",\"name\":\"sa\"",
      "claims: not JSON: a member stands there twice" },
    { "\"iss\"", "\"\\u0069ss\":\"x\",\"iss\"",
      "claims: not JSON: a member stands there twice" },
    { "1767229200", "99999999999999999999", "claims: not JSON: a number is out of range" },
    /* Members that are not there, and others that are. */
    { "\"aud\":[\"api\"],", "", "aud: is missing" },
    { "\"exp\":1767229200,", "", "exp: is missing" },
    { "\"iat\":1767225600,", "", "iat: is missing" },
    { "\"nbf\":1767225600,", "", "nbf: is missing" },
    { "\"iss\":\"https://oidc.example.com\",", "", "iss: is missing" },
    { ",\"sub\":\"system:serviceaccount:ns:sa\"", "", "sub: is missing" },
    { "\"kubernetes.io\"", "\"kubernetes_io\"", "kubernetes.io: is missing" },
    { "\"namespace\":\"ns\",", "", "kubernetes.io.namespace: is missing" },
    { ",\"serviceaccount\":{\"name\":\"sa\",\"uid\":\"u-s\"}", "",
      "kubernetes.io.serviceaccount: is missing" },
    { "\"name\":\"sa\",", "", "kubernetes.io.serviceaccount.name: is missing" },
    { ",\"uid\":\"u-s\"", "", "kubernetes.io.serviceaccount.uid: is missing" },
    { "\"name\":\"p\",", "", "kubernetes.io.pod.name: is missing" },
    { ",\"uid\":\"u-p\"", "", "kubernetes.io.pod.uid: is missing" },
    { "{\"name\":\"n\",", "{", "kubernetes.io.node.name: is missing" },
    { "{\"aud\"", "{\"admin\":true,\"aud\"", "claims: " NOT_WRITTEN "admin" },
    { "{\"aud\"", "{\"\":1,\"aud\"", "claims: " NOT_WRITTEN },
    { "{\"aud\"", "{\"https://aws.amazon.com/tags\":{},\"aud\"",
      "claims: " NOT_WRITTEN "https://aws.amazon.com/tags" },
    { "{\"aud\"", "{\"groups\":[\"system:masters\"],\"aud\"", "claims: " NOT_WRITTEN "groups" },
    { "{\"aud\"", "{\"ISS\":\"https://other\",\"aud\"", "claims: " NOT_WRITTEN "ISS" },
    { "{\"aud\"", "{\"Sub\":\"x\",\"aud\"", "claims: " NOT_WRITTEN "Sub" },
    { "{\"aud\"", "{\"\xc5\xbfub\":\"x\",\"aud\"", "claims: " NOT_WRITTEN "??ub" },
    { "{\"aud\"", "{\"azp\":\"x\",\"aud\"", "claims: " NOT_WRITTEN "azp" },
    { "{\"aud\"", "{\"kubernetes.io/serviceaccount/namespace\":\"ns\",\"aud\"",
      "claims: " NOT_WRITTEN "kubernetes.io/serviceaccount/namespace" },
    { "{\"aud\"", "{\"a\\nb\":1,\"aud\"", "claims: " NOT_WRITTEN "a?b" },
    { KIO(""), KIO("\"Namespace\":\"kube-system\","),
      "kubernetes.io: " NOT_WRITTEN "Namespace" },
    { KIO(""), KIO("\"SERVICEACCOUNT\":{},"), "kubernetes.io: " NOT_WRITTEN "SERVICEACCOUNT" },
    { KIO(""), KIO("\"name\xc5\xbfpace\":\"x\","), "kubernetes.io: " NOT_WRITTEN "name??pace" },
    { KIO(""), KIO("\"\xe2\x84\xaa\":1,"), "kubernetes.io: " NOT_WRITTEN "???" },
    { KIO(""), KIO("\"a b\":1,"), "kubernetes.io: " NOT_WRITTEN "a b" },
    { "\"name\":\"sa\"", "\"name\":\"sa\",\"Name\":\"root\"",
      "kubernetes.io.serviceaccount: " NOT_WRITTEN "Name" },
    { "\"name\":\"p\"", "\"name\":\"p\",\"UID\":\"x\"",
      "kubernetes.io.pod: " NOT_WRITTEN "UID" },
    /* Names that no object has. */
    { "\"name\":\"p\"", "\"name\":\"P\"", "kubernetes.io.pod.name: " NO_NAME },
    { "\"name\":\"p\"", "\"name\":\"p/q\"", "kubernetes.io.pod.name: " NO_NAME },
    { "\"name\":\"n\"", "\"name\":\"n\\n\"", "kubernetes.io.node.name: " NO_NAME },
    { "\"pod\":{\"name\":\"p\"", "\"secret\":{\"name\":\"s:t\"",
      "kubernetes.io.secret.name: " NO_NAME },
    /* Other types. */
    { "[\"api\"]", "\"api\"", "aud: must be an array that is not empty" },
    { "[\"api\"]", "[]", "aud: must be an array that is not empty" },
    { "[\"api\"]", "{}", "aud: must be an array that is not empty" },
    { "[\"api\"]", "null", "aud: must be an array that is not empty" },
    { "[\"api\"]", "[\"\"]", "aud: must hold strings that are not empty, and nothing else" },
    { "[\"api\"]", "[1]", "aud: must hold strings that are not empty, and nothing else" },
    { "[\"api\"]", "[[\"api\"]]",
      "aud: must hold strings that are not empty, and nothing else" },
    { "[\"api\"]", "[\"api\",null]",
      "aud: must hold strings that are not empty, and nothing else" },
    { "\"https://oidc.example.com\"", "null", "iss: " NOT_EMPTY },
    { "\"https://oidc.example.com\"", "\"\"", "iss: " NOT_EMPTY },
    { "\"https://oidc.example.com\"", "[\"https://oidc.example.com\"]", "iss: " NOT_EMPTY },
    { "\"https://oidc.example.com\"", "{}", "iss: " NOT_EMPTY },
    { "\"0d7b9a4c\"", "7", "jti: " NOT_EMPTY },
    { "\"0d7b9a4c\"", "\"\"", "jti: " NOT_EMPTY },
    { "\"0d7b9a4c\"", "null", "jti: " NOT_EMPTY },
    { "\"system:serviceaccount:ns:sa\"", "1", "sub: " NOT_EMPTY },
    { "\"system:serviceaccount:ns:sa\"", "[]", "sub: " NOT_EMPTY },
    { "\"exp\":1767229200", "\"exp\":\"1767229200\"", "exp: " POSITIVE },
    { "\"exp\":1767229200", "\"exp\":1767229200.0", "exp: " POSITIVE },
    { "\"exp\":1767229200", "\"exp\":1.7672292e9", "exp: " POSITIVE },
    { "\"exp\":1767229200", "\"exp\":null", "exp: " POSITIVE },
    { "\"exp\":1767229200", "\"exp\":true", "exp: " POSITIVE },
    { "\"exp\":1767229200", "\"exp\":0", "exp: " POSITIVE },
    { "\"exp\":1767229200", "\"exp\":-1", "exp: " POSITIVE },
    { "\"iat\":1767225600", "\"iat\":\"now\"", "iat: " POSITIVE },
    { "\"iat\":1767225600", "\"iat\":1767225600.5", "iat: " POSITIVE },
    { "\"iat\":1767225600", "\"iat\":-9223372036854775808", "iat: " POSITIVE },
    { "\"nbf\":1767225600", "\"nbf\":[]", "nbf: " POSITIVE },
    { "\"nbf\":1767225600", "\"nbf\":false", "nbf: " POSITIVE },
    { KIO(""), "\"kubernetes.io\":[],\"x\":{", "kubernetes.io: " OBJECT },
    { "\"namespace\":\"ns\"", "\"namespace\":null", "kubernetes.io.namespace: " NOT_EMPTY },
    { "\"namespace\":\"ns\"", "\"namespace\":[\"ns\"]", "kubernetes.io.namespace: " NOT_EMPTY },
    { "{\"name\":\"sa\",\"uid\":\"u-s\"}", "\"sa\"", "kubernetes.io.serviceaccount: " OBJECT },
    { "{\"name\":\"sa\",\"uid\":\"u-s\"}", "null", "kubernetes.io.serviceaccount: " OBJECT },
    { "\"name\":\"sa\"", "\"name\":[]", "kubernetes.io.serviceaccount.name: " NOT_EMPTY },
    { "\"u-s\"", "\"\"", "kubernetes.io.serviceaccount.uid: " NOT_EMPTY },
    { "\"u-s\"", "5", "kubernetes.io.serviceaccount.uid: " NOT_EMPTY },
    { "{\"name\":\"p\",\"uid\":\"u-p\"}", "[]", "kubernetes.io.pod: " OBJECT },
    { "{\"name\":\"n\",\"uid\":\"u-n\"}", "\"n\"", "kubernetes.io.node: " OBJECT },
    { "\"u-n\"", "\"\"", "kubernetes.io.node.uid: " NOT_EMPTY },
    { KIO(""), KIO("\"warnafter\":\"soon\","), "kubernetes.io.warnafter: " POSITIVE },
    /* Well-formed, and another's. */
    { "https://oidc.example.com", "https://oidc.example.com/", "iss: is not the issuer's URL" },
    { "https://oidc.example.com", "https://OIDC.example.com", "iss: is not the issuer's URL" },
    { "https://oidc.example.com", "http://oidc.example.com", "iss: is not the issuer's URL" },
    { "https://oidc.example.com", "https://oidc.example.co", "iss: is not the issuer's URL" },
    { "https://oidc.example.com", "https://kubernetes.default.svc",
      "iss: is not the issuer's URL" },
    { "serviceaccount:ns:sa", "serviceaccount:kube-system:sa", SUB },
    { "serviceaccount:ns:sa", "serviceaccount:ns:root", SUB },
    { "serviceaccount:ns:sa", "serviceaccount:ns:sa:x", SUB },
    { "serviceaccount:ns:sa", "serviceaccount:ns:SA", SUB },
    { "serviceaccount:ns:sa", "serviceaccount:ns", SUB },
    { "system:serviceaccount:ns:sa", "system:masters", SUB },
    { "system:serviceaccount:ns:sa", "system:serviceaccount:ns:sa ", SUB },
    { "system:serviceaccount:ns:sa", "kubernetes-admin", SUB },
    { "\"namespace\":\"ns\"", "\"namespace\":\"other\"", SUB },
    { "\"name\":\"sa\"", "\"name\":\"other\"", SUB },
    { "\"namespace\":\"ns\"", "\"namespace\":\"n:s\"",
      "kubernetes.io.namespace: is no name of a namespace" },
    { "\"namespace\":\"ns\"", "\"namespace\":\"ns.x\"",
      "kubernetes.io.namespace: is no name of a namespace" },
    { "\"namespace\":\"ns\"", "\"namespace\":\"NS\"",
      "kubernetes.io.namespace: is no name of a namespace" },
    { "\"name\":\"sa\"", "\"name\":\"s:a\"",
      "kubernetes.io.serviceaccount.name: is no name of a service account" },
    { "\"name\":\"sa\"", "\"name\":\"../sa\"",
      "kubernetes.io.serviceaccount.name: is no name of a service account" },
    /* Times. */
    { "\"iat\":1767225600", "\"iat\":1767225540", "" },
    { "\"iat\":1767225600", "\"iat\":1767225539", "iat: lies more than 60 s in the past" },
    { "\"iat\":1767225600", "\"iat\":1767225660", "" },
    { "\"iat\":1767225600", "\"iat\":1767225661", "iat: lies more than 60 s in the future" },
    { "\"iat\":1767225600", "\"iat\":1", "iat: lies more than 60 s in the past" },
    { "\"iat\":1767225600", "\"iat\":9223372036854775807",
      "iat: lies more than 60 s in the future" },
    { "\"nbf\":1767225600", "\"nbf\":1767225540", "" },
    { "\"nbf\":1767225600", "\"nbf\":1767225539", "nbf: is not within 60 s of iat" },
    { "\"nbf\":1767225600", "\"nbf\":1767225661", "nbf: is not within 60 s of iat" },
    { "\"nbf\":1767225600", "\"nbf\":9223372036854775807", "nbf: is not within 60 s of iat" },
    { "1767229200", "1767225600", "exp: is not after iat" },
    { "1767229200", "1767225599", "exp: is not after iat" },
    { "1767229200", "1767232801", "exp: is 7201 s after iat, at most 7200 s are allowed" },
    { "1767229200", "9223372036854775807",
      "exp: is 9223372035087550207 s after iat, at most 7200 s are allowed" },
    { KIO(""), KIO("\"warnafter\":1767229200,"), "" },
    { KIO(""), KIO("\"warnafter\":1767229201,"),
      "kubernetes.io.warnafter: is not between iat and exp" },
    { KIO(""), KIO("\"warnafter\":1767225600,"),
      "kubernetes.io.warnafter: is not between iat and exp" },
};

/* Replaces the first find in the good payload. */
static const char *edit(const struct row *row, char *out, size_t size)
{
    const char *at = row->find == NULL ? NULL : strstr(good, row->find);

    if (row->find == NULL)
        (void)snprintf(out, size, "%s", row->put);
    else if (at == NULL)
        (void)snprintf(out, size, "%s", good);
    else
        (void)snprintf(out, size, "%.*s%s%s", (int)(at - good), good, row->put,
                       at + strlen(row->find));
    return out;
}

/* The error as "path: text"; "" if it was accepted. */
static const char *check_segment(const struct sign_policy *p,
                                 const char *segment,
                                 size_t len,
                                 struct sign_claims *claims,
                                 char text[sizeof(struct sai_err)])
{
    AUTO(buf) struct buf scratch;
    struct sai_err e = { 0 };
    char *position;
    bool ok;

    buf_init(&scratch, 1 << 20);
    ok = sign_claims_check(p, segment, len, &scratch, claims, &e);
    assert_true(ok == (e.code == SAI_OK));
    text[0] = '\0';
    if (!ok)
        (void)sai_err_format(&e, text, sizeof(struct sai_err));
    position = strstr(text, " (at byte "); /* is jansson's */
    if (position != NULL)
        *position = '\0';
    return text;
}

static const char *
check(const struct sign_policy *p, const char *json, char text[sizeof(struct sai_err)])
{
    AUTO(sign_claims) struct sign_claims claims = { 0 };
    AUTO(buf) struct buf segment;
    struct sai_err e = { 0 };

    buf_init(&segment, 1 << 20);
    base64url_put(&segment, json, strlen(json));
    assert_true(buf_ok(&segment, &e));
    return check_segment(p, segment.data == NULL ? "" : segment.data, segment.len, &claims,
                         text);
}

static void each_change_is_judged(void **state)
{
    char text[sizeof(struct sai_err)];
    char json[2048];
    size_t refused = 0;
    size_t failed = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *found = check(&policy, edit(&rows[i], json, sizeof(json)), text);

        refused += rows[i].expected[0] != '\0';
        if (strcmp(found, rows[i].expected) == 0)
            continue;
        print_error("row %zu: %s\n  expected \"%s\"\n  found    \"%s\"\n", i, json,
                    rows[i].expected, found);
        failed++;
    }
    assert_int_equal(failed, 0);
    assert_true(refused >= 100);
    /* A row that changes nothing by mistake would pass unseen. */
    for (size_t i = 1; i < ARRAY_SIZE(rows); i++)
        assert_string_not_equal(edit(&rows[i], json, sizeof(json)), good);
}

static void segments_that_are_no_base64url(void **state)
{
    static const char *const segments[] = { "e30=", "e30 ", "e3",    "e31",
                                            "e.30", "e+30", "e\xc3", "{}" };
    char text[sizeof(struct sai_err)];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
        AUTO(sign_claims) struct sign_claims claims = { 0 };
        const char *found =
            check_segment(&policy, segments[i], strlen(segments[i]), &claims, text);

        if (strncmp(found, "claims: ", 8) != 0 || strstr(found, "JSON") != NULL)
            fail_msg("%s: %s", segments[i], found);
    }
}

static void the_size_has_a_limit(void **state)
{
    char text[sizeof(struct sai_err)];
    AUTO_FREE char *json = malloc(SIGN_CLAIMS_MAX_BYTES + 2);

    (void)state;
    assert_non_null(json);
    memset(json, ' ', SIGN_CLAIMS_MAX_BYTES + 1);
    memcpy(json, good, strlen(good));
    json[SIGN_CLAIMS_MAX_BYTES + 1] = '\0';
    assert_string_equal(check(&policy, json, text), "claims: more than 32768 bytes");
    json[SIGN_CLAIMS_MAX_BYTES] = '\0';
    assert_string_equal(check(&policy, json, text), "");
}

static void audiences_have_a_limit(void **state)
{
    char text[sizeof(struct sai_err)];
    char list[1024] = "[\"a\"";
    char json[4096];
    const struct row row = { "[\"api\"]", list, "" };

    (void)state;
    for (size_t i = 1; i < SIGN_AUDIENCES_MAX; i++)
        memcpy(list + strlen(list), ",\"a\"", 5);
    memcpy(list + strlen(list), "]", 2);
    assert_string_equal(check(&policy, edit(&row, json, sizeof(json)), text), "");
    memcpy(list + strlen(list) - 1, ",\"a\"]", 6);
    assert_string_equal(check(&policy, edit(&row, json, sizeof(json)), text),
                        "aud: has more than 64 audiences");
}

/* kube-apiserver's extension: a pod's token, a year, warnafter = iat + 3607. */
static void a_year_is_for_pods_that_are_warned(void **state)
{
    static const char year[] =
        "{\"aud\":[\"api\"],\"exp\":%lld,\"iat\":1767225600,"
        "\"iss\":\"https://oidc.example.com\",\"kubernetes.io\":{\"namespace\":\"ns\","
        "%s\"serviceaccount\":{\"name\":\"sa\",\"uid\":\"u-s\"}%s},"
        "\"nbf\":1767225600,\"sub\":\"system:serviceaccount:ns:sa\"}";
    static const char pod[] = "\"pod\":{\"name\":\"p\",\"uid\":\"u-p\"},";
    static const char warned[] = ",\"warnafter\":1767229207";
    static const struct {
        const struct sign_policy *policy;
        long long exp;
        const char *pod;
        const char *warnafter;
        const char *expected;
    } cases[] = {
        { &extended, 1798761600, pod, warned, "" },
        { &extended, 1767229200, pod, "", "" },
        { &extended, 1798761601, pod, warned,
          "exp: is 31536001 s after iat, at most 7200 s are allowed" },
        { &policy, 1798761600, pod, warned,
          "exp: is 31536000 s after iat, at most 7200 s are allowed" },
        { &extended, 1798761600, "", warned,
          "exp: is 31536000 s after iat, at most 7200 s are allowed" },
        { &extended, 1798761600, pod, "",
          "exp: is 31536000 s after iat, at most 7200 s are allowed" },
        { &extended, 1798761600, pod, ",\"warnafter\":1767229208",
          "exp: is 31536000 s after iat, at most 7200 s are allowed" },
    };
    char text[sizeof(struct sai_err)];
    char json[1024];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        (void)snprintf(json, sizeof(json), year, cases[i].exp, cases[i].pod,
                       cases[i].warnafter);
        assert_string_equal(check(cases[i].policy, json, text), cases[i].expected);
    }
}

/* What the audit trail tells of a refused payload. */
static void what_could_be_read_is_kept(void **state)
{
    AUTO(sign_claims) struct sign_claims claims = { 0 };
    AUTO(buf) struct buf segment;
    char text[sizeof(struct sai_err)];
    const struct row row = { "\"exp\":1767229200", "\"exp\":\"never\"", "" };
    char json[2048];

    (void)state;
    buf_init(&segment, 1 << 20);
    (void)edit(&row, json, sizeof(json));
    base64url_put(&segment, json, strlen(json));
    assert_string_equal(check_segment(&policy, segment.data, segment.len, &claims, text),
                        "exp: " POSITIVE);
    assert_string_equal(claims.iss, "https://oidc.example.com");
    assert_string_equal(claims.sub, "system:serviceaccount:ns:sa");
    assert_string_equal(claims.jti, "0d7b9a4c");
    assert_string_equal(claims.namespace_name, "ns");
    assert_string_equal(claims.name, "sa");
    assert_string_equal(claims.pod, "p");
    assert_string_equal(claims.node, "n");
    assert_null(claims.secret);
    assert_int_equal(claims.audience_count, 1);
    assert_string_equal(claims.audiences[0], "api");
    assert_int_equal(claims.iat, now_s);
    assert_int_equal(claims.exp, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_judged),
        cmocka_unit_test(segments_that_are_no_base64url),
        cmocka_unit_test(the_size_has_a_limit),
        cmocka_unit_test(audiences_have_a_limit),
        cmocka_unit_test(a_year_is_for_pods_that_are_warned),
        cmocka_unit_test(what_could_be_read_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
