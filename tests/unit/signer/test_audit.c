/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of whoever means to hide in them. */

#include "codec/json.h"
#include "issue/audit.h"
#include "signer/audit.h"
#include "unit.h"

#include <string.h>

static const struct sign_peer peer = { .uid = 7, .gid = 8, .pid = 9 };

/* Fills all that a stranger chooses; text must outlive the claims. */
static void fill(struct sign_claims *c, const char *text)
{
    *c = (struct sign_claims){
        .sub = text, .jti = text, .pod = text, .secret = text, .node = text
    };
    while (c->audience_count < SIGN_AUDIENCES_MAX)
        c->audiences[c->audience_count++] = text;
}

static json_t *line_of(const struct sign_record *r)
{
    static const struct json_limits limits = { .max_bytes = AUDIT_LINE_MAX_BYTES,
                                               .max_depth = 2 };
    AUTO(buf) struct buf b;
    struct sai_err e = { 0 };
    json_t *json = NULL;

    buf_init(&b, AUDIT_LINE_MAX_BYTES);
    sign_audit_put(&b, r);
    assert_true(buf_ok(&b, &e));
    assert_ptr_equal(memchr(b.data, '\n', b.len), b.data + b.len - 1);
    assert_true(json_read_object(b.data, b.len - 1, &limits, &json, &e));
    return json;
}

static void of_what_is_signed_nothing_is_left_out(void **state)
{
    struct sign_claims claims;
    const struct sign_record r = {
        .issuer = "https://i", .peer = &peer, .claims = &claims, .kid = "k", .alg = "ES256"
    };
    AUTO(json_t) json_t *json = NULL;
    char text[401];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    fill(&claims, text);
    claims.audiences[SIGN_AUDIENCES_MAX - 1] = "the one that counts";
    json = line_of(&r);
    assert_int_equal(json_array_size(json_object_get(json, "aud")), SIGN_AUDIENCES_MAX);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(json, "aud"), SIGN_AUDIENCES_MAX - 1)),
        "the one that counts");
    assert_string_equal(json_string_value(json_object_get(json, "jti")), text);
}

static void a_refusal_has_its_line_whatever_it_says(void **state)
{
    static const char *const pieces[] = { "<",  "\x01",     "\n",
                                          "\"", "\xc3\xa9", "\xf0\x9f\x98\x80" };
    struct sign_claims claims;
    struct sai_err why = { .code = SAI_E_DENIED };
    const struct sign_record r = {
        .issuer = "https://i", .peer = &peer, .claims = &claims, .why = &why
    };

    (void)state;
    memset(why.text, '<', sizeof(why.text) - 1);
    memset(why.path, '<', sizeof(why.path) - 1);
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        AUTO(json_t) json_t *json = NULL;
        char text[8001] = "";

        for (size_t len = 0; len + strlen(pieces[i]) < sizeof(text); len += strlen(pieces[i]))
            memcpy(text + len, pieces[i], strlen(pieces[i]) + 1);
        fill(&claims, text);
        json = line_of(&r);
        assert_string_equal(json_string_value(json_object_get(json, "result")), "refused");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_what_is_signed_nothing_is_left_out),
        cmocka_unit_test(a_refusal_has_its_line_whatever_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
