/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/trade.h"
#include "unit.h"

#include <string.h>

/* Made with:  printf %s "$json" | basenc --base64url | tr -d =  */
#define HEADER    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ"
#define NO_KID    "eyJhbGciOiJub25lIn0"                                  /* {"alg":"none"} */
#define FOR_STS   "eyJhdWQiOlsic3RzIl0sImlhdCI6MTAwMCwiZXhwIjoyMDAwfQ"   /* "aud":["sts"] */
#define FOR_BOTH  "eyJhdWQiOlsiYSIsInN0cyJdLCJpYXQiOjEsImV4cCI6Mn0"      /* ["a","sts"] */
#define AUD_TEXT  "eyJhdWQiOiJzdHMiLCJpYXQiOjEsImV4cCI6Mn0"              /* "aud":"sts" */
#define FOR_OTHER "eyJhdWQiOlsic3RzMiIsNyxudWxsXSwiaWF0IjoxLCJleHAiOjJ9" /* ["sts2",7,null] */
#define NO_EXP    "eyJhdWQiOlsic3RzIl0sImlhdCI6MX0"
#define EXP_TEXT  "eyJhdWQiOlsic3RzIl0sImlhdCI6MSwiZXhwIjoiMiJ9"
#define EXP_FAR   "eyJhdWQiOlsic3RzIl0sImlhdCI6MSwiZXhwIjoyNTM0MDIzMDA4MDB9" /* 253402300800 */
#define NO_AUD    "eyJpYXQiOjEsImV4cCI6Mn0"
#define NO_OBJECT "WzFd" /* [1] */

#define TOKEN(claims)  HEADER "." claims ".c2lnbmF0dXJl"
#define ANSWER(claims) "{\"access_token\":\"" TOKEN(claims) "\",\"token_type\":\"Bearer\"}"

static bool read_text(unsigned status, const char *text, struct traded *g, struct sai_err *e)
{
    AUTO(buf) struct buf answer;

    buf_init(&answer, TRADE_ANSWER_MAX_BYTES);
    buf_str(&answer, text);
    assert_false(answer.failed);
    return trade_read(status, &answer, "sts", g, e);
}

static void grants(void **state)
{
    static const struct {
        const char *answer;
        int64_t issued;
        int64_t expires;
        const char *token;
    } rows[] = {
        { ANSWER(FOR_STS), 1000, 2000, TOKEN(FOR_STS) },
        { ANSWER(FOR_BOTH), 1, 2, TOKEN(FOR_BOTH) },
        { ANSWER(AUD_TEXT), 1, 2, TOKEN(AUD_TEXT) },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(traded) struct traded g = { 0 };
        struct sai_err e = { 0 };

        assert_true(read_text(200, rows[i].answer, &g, &e));
        assert_string_equal(g.token.data, rows[i].token);
        assert_true(g.token.secret);
        assert_int_equal(g.issued_s, rows[i].issued);
        assert_int_equal(g.expires_s, rows[i].expires);
    }
}

struct refusal_row {
    unsigned status;
    const char *answer;
    enum sai_err_code code;
    const char *path;
    const char *text;
};

static const struct refusal_row refusals[] = {
    { 200, "", SAI_E_SYNTAX, "the answer", "not JSON: ends early" },
    { 200, "<html>", SAI_E_SYNTAX, "the answer", "not JSON: invalid syntax" },
    { 200, "[]", SAI_E_SYNTAX, "the answer", "not a JSON object" },
    { 200,
      "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
      "{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}}}}}}}",
      SAI_E_LIMIT, "the answer", "more than 16 levels" },
    { 200, "{}", SAI_E_SYNTAX, "", "no access_token" },
    { 200, "{\"access_token\":7}", SAI_E_SYNTAX, "", "no access_token" },
    { 200, "{\"access_token\":\"\"}", SAI_E_SYNTAX, "access_token", "the text is empty" },
    { 200, "{\"access_token\":\"opaque\"}", SAI_E_SYNTAX, "access_token", "three parts" },
    { 200, "{\"access_token\":\"" NO_KID "." FOR_STS ".\"}", SAI_E_SYNTAX, "signature",
      "empty" },
    { 200, "{\"access_token\":\"" NO_KID "." FOR_STS ".AAAA\"}", SAI_E_DENIED, "header.alg",
      "" },
    { 200, ANSWER(FOR_OTHER), SAI_E_INVALID, "claims", "another audience" },
    { 200, ANSWER(NO_AUD), SAI_E_INVALID, "claims", "another audience" },
    { 200, ANSWER(NO_EXP), SAI_E_INVALID, "claims", "iat and exp must" },
    { 200, ANSWER(EXP_TEXT), SAI_E_INVALID, "claims", "iat and exp must" },
    { 200, ANSWER(EXP_FAR), SAI_E_INVALID, "claims", "iat and exp must" },
    { 200, ANSWER(NO_OBJECT), SAI_E_SYNTAX, "claims", "not a JSON object" },
    { 201, ANSWER(FOR_STS), SAI_E_DENIED, "", "status 201" },
    { 302, "", SAI_E_DENIED, "", "status 302 (redirects are not followed)" },
    { 404, "<html>", SAI_E_DENIED, "", "status 404" },
    { 502, "", SAI_E_IO, "", "status 502" },
    { 400, "{\"error\":\"invalid_target\",\"error_description\":\"\\\"x\\\" is none\"}",
      SAI_E_DENIED, "", "status 400: invalid_target: \"x\" is none" },
    { 429, "{\"error\":\"slow_down\"}", SAI_E_IO, "", "status 429: slow_down" },
    { 503, "{\"kind\":\"Status\",\"reason\":\"ServiceUnavailable\",\"message\":\"later\"}",
      SAI_E_IO, "", "status 503: ServiceUnavailable: later" },
    { 400, "{\"error\":7,\"message\":{}}", SAI_E_DENIED, "", "status 400: " },
    { 400, "{\"error\":\"a\\nb\",\"error_description\":\"\\u001b[31m\"}", SAI_E_DENIED, "",
      "status 400: a?b: ?[31m" },
    { 400, "{\"error\":\"e\",\"error_description\":\"you sent " TOKEN(FOR_STS) " to me\"}",
      SAI_E_DENIED, "", "status 400: e: you sent ..." },
};

static void refused_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        const struct refusal_row *r = &refusals[i];
        AUTO(traded) struct traded g = { 0 };
        struct sai_err e = { 0 };

        print_message("%u %.60s\n", r->status, r->answer);
        assert_false(read_text(r->status, r->answer, &g, &e));
        assert_int_equal(e.code, r->code);
        assert_string_equal(e.path, r->path);
        assert_non_null(strstr(e.text, r->text));
        assert_null(strstr(e.text, "eyJ"));
    }
}

static void long_texts_are_cut(void **state)
{
    AUTO(buf) struct buf text;
    AUTO(traded) struct traded g = { 0 };
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&text, TRADE_ANSWER_MAX_BYTES);
    buf_str(&text, "{\"error\":\"");
    for (int i = 0; i < 1000; i++)
        buf_str(&text, "long ");
    buf_str(&text, "\",\"error_description\":\"\"}");
    assert_false(read_text(400, text.data, &g, &e));
    assert_true(strlen(e.text) < 200);
    assert_non_null(strstr(e.text, "..."));
}

/* The token may begin anywhere in a text, also where that is cut. */
static void a_token_is_never_shown(void **state)
{
    (void)state;
    for (size_t before = 0; before < 200; before++) {
        AUTO(buf) struct buf text;
        AUTO(traded) struct traded g = { 0 };
        struct sai_err e = { 0 };

        buf_init(&text, TRADE_ANSWER_MAX_BYTES);
        buf_str(&text, "{\"error\":\"");
        for (size_t i = 0; i < before; i++)
            buf_char(&text, 'x');
        buf_str(&text, TOKEN(FOR_STS) "\"}");
        assert_false(read_text(400, text.data, &g, &e));
        assert_null(strstr(e.text, "eyJ"));
        assert_non_null(strstr(e.text, "..."));
    }
}

static bool trim(const char *text, struct buf *b, struct sai_err *e)
{
    buf_init_secret(b, 256);
    buf_str(b, text);
    return trade_trim(b, e);
}

static void trims(void **state)
{
    static const struct {
        const char *text;
        const char *token; /* NULL: refused */
    } rows[] = {
        { "a.b-c_d", "a.b-c_d" },
        { "a.b\n", "a.b" },
        { "a.b \t\r\n\n", "a.b" },
        { "abc~+/=", "abc~+/=" },
        { "", NULL },
        { "\n", NULL },
        { "a b", NULL },
        { "a\nb", NULL },
        { "\xc3\xa9", NULL },
        { " a", NULL },
        { "a&audience=b", NULL },
        { "%41", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(buf) struct buf b = { 0 };
        struct sai_err e = { 0 };

        assert_int_equal(trim(rows[i].text, &b, &e), rows[i].token != NULL);
        if (rows[i].token != NULL)
            assert_string_equal(b.data, rows[i].token);
        else
            assert_int_equal(e.code, SAI_E_INVALID);
    }
}

static void a_nul_is_no_token(void **state)
{
    AUTO(buf) struct buf b;
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&b, 16);
    buf_add(&b, "a\0b", 3);
    assert_false(trade_trim(&b, &e));
    assert_string_equal(e.text, "not a token: byte 2 is none of its characters");
}

static void forms(void **state)
{
    AUTO(buf) struct buf token;
    AUTO(buf) struct buf form;

    (void)state;
    buf_init(&token, 64);
    buf_str(&token, "a.b+c/d=");
    buf_init(&form, TRADE_FORM_MAX_BYTES);
    trade_put_form(&form, &token, "api://x y&z=\xc3\xa9", 5400);
    assert_string_equal(form.data,
                        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
                        "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
                        "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
                        "&audience=api%3A%2F%2Fx%20y%26z%3D%C3%A9&expires_in=5400"
                        "&subject_token=a.b%2Bc%2Fd%3D");
    buf_reset(&form);
    trade_put_form(&form, &token, "v", 0);
    assert_null(strstr(form.data, "expires_in"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(grants),
        cmocka_unit_test(refused_answers),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(a_token_is_never_shown),
        cmocka_unit_test(trims),
        cmocka_unit_test(a_nul_is_no_token),
        cmocka_unit_test(forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
