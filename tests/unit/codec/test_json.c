/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"
#include "unit.h"

#include <string.h>

static const struct json_limits limits = { .max_bytes = 64, .max_depth = 3 };

struct row {
    const char *text;
    enum sai_err_code code;
    const char *error; /* NULL: read */
};

static const struct row rows[] = {
    { "{}", SAI_OK, NULL },
    { " {\"a\":[{\"b\":1}]}\n", SAI_OK, NULL },
    { "{\"a\":\"[[[[{{{{\\\"[[[[\"}", SAI_OK, NULL }, /* brackets in strings are no levels */
    { "{\"a\":9223372036854775807}", SAI_OK, NULL },
    { "{\"a\":[[[]]]}", SAI_E_LIMIT, "more than 3 levels of nesting" },
    { "[[[[", SAI_E_LIMIT, "more than 3 levels of nesting" },
    { "]]]]{\"a\":[[[]]]}", SAI_E_LIMIT, "more than 3 levels of nesting" },
    { "{\"a\":\"0123456789012345678901234567890123456789012345678901234567\"}", SAI_E_LIMIT,
      "longer than 64 bytes" },
    { "", SAI_E_SYNTAX, "not JSON: ends early (at byte 0)" },
    { "{\"a\":1,\"a\":1}", SAI_E_SYNTAX, "not JSON: a member stands there twice (at byte 10)" },
    { "{\"a\":1,\"\\u0061\":1}", SAI_E_SYNTAX,
      "not JSON: a member stands there twice (at byte 15)" },
    { "{\"a\":[{\"b\":1,\"b\":1}]}", SAI_E_SYNTAX,
      "not JSON: a member stands there twice (at byte 16)" },
    { "{\"a\":9223372036854775808}", SAI_E_SYNTAX,
      "not JSON: a number is out of range (at byte 24)" },
    { "{\"a\":1e400}", SAI_E_SYNTAX, "not JSON: a number is out of range (at byte 10)" },
    { "{\"a\":01}", SAI_E_SYNTAX, "not JSON: invalid syntax (at byte 6)" },
    { "{\"a\":.5}", SAI_E_SYNTAX, "not JSON: invalid syntax (at byte 6)" },
    { "{\"a\":\"\\u0000\"}", SAI_E_SYNTAX, "not JSON: \\u0000 in a string (at byte 13)" },
    { "{\"a\\u0000\":1}", SAI_E_SYNTAX,
      "not JSON: \\u0000 in the name of a member (at byte 10)" },
    { "{\"a\":\"\xc0\x80\"}", SAI_E_SYNTAX, "not JSON: invalid UTF-8 (at byte 6)" },
    { "{\"a\":\"\n\"}", SAI_E_SYNTAX, "not JSON: invalid syntax (at byte 6)" },
    { "{} {}", SAI_E_SYNTAX, "not JSON: something stands behind the end (at byte 4)" },
    { "{} // a", SAI_E_SYNTAX, "not JSON: something stands behind the end (at byte 4)" },
    { "[]", SAI_E_SYNTAX, "not a JSON object" },
};

static void expect(const char *text, size_t len, enum sai_err_code code, const char *error)
{
    AUTO(json_t) json_t *v = NULL;
    struct sai_err e = { 0 };
    bool ok = json_read_object(text, len, &limits, &v, &e);

    if (strcmp(e.text, error == NULL ? "" : error) != 0)
        fail_msg("'%s': '%s', want '%s'", text, e.text, error == NULL ? "" : error);
    assert_int_equal(e.code, code);
    assert_int_equal(ok, error == NULL);
    assert_int_equal(v != NULL, ok);
}

static void reads_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        expect(rows[i].text, strlen(rows[i].text), rows[i].code, rows[i].error);
}

/* Behind a number and at the end too, where Jansson alone would let one pass. */
static void refuses_nul_bytes(void **state)
{
    (void)state;
    expect("{\"a\":1\0}", 8, SAI_E_SYNTAX, "not JSON: a NUL byte");
    expect("{\"a\":1}\0", 8, SAI_E_SYNTAX, "not JSON: a NUL byte");
    expect("\0{\"a\":1}", 8, SAI_E_SYNTAX, "not JSON: a NUL byte");
}

static void needs_no_nul_at_the_end(void **state)
{
    (void)state;
    expect("{}x", 2, SAI_OK, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_strictly),
        cmocka_unit_test(refuses_nul_bytes),
        cmocka_unit_test(needs_no_nul_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
