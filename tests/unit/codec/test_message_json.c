/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "codec/message.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

struct inner {
    bool present;
    const char *name;
};

struct outer {
    const char *text;
    struct field_texts texts;
    struct field_integer integer;
    struct inner inner;
    bool exists;
};

static const struct field_row inner_rows[] = {
    { "name", "inner.name", 1, FIELD_TEXT, offsetof(struct inner, name) },
};
static const struct message_type inner_type = { inner_rows, ARRAY_SIZE(inner_rows) };

static const struct field_row rows[] = {
    { "text", "text", 1, FIELD_TEXT, offsetof(struct outer, text) },
    { "texts", "texts", 2, FIELD_TEXTS, offsetof(struct outer, texts) },
    { "integer", "integer", 3, FIELD_INTEGER, offsetof(struct outer, integer) },
    { "inner", "inner", 4, FIELD_MESSAGE, offsetof(struct outer, inner), &inner_type },
    { "exists", "exists", 5, FIELD_EXISTS, offsetof(struct outer, exists) },
    { NULL, "wire", 6, FIELD_TEXT, offsetof(struct outer, text) },
};
static const struct message_type type = { rows, ARRAY_SIZE(rows) };

/* The text without a NUL behind it, and room for texts that ends where it must suffice. */
struct reading {
    char *json;
    char *room;
    struct outer out;
    struct sai_err e;
    bool ok;
};

static void reading_done(struct reading *r)
{
    free(r->json);
    free(r->room);
}
DEFINE_AUTO_DONE(reading, reading_done)

static void read_bytes(struct reading *r, const char *json, size_t len)
{
    struct message_texts texts = { .left = len };

    *r = (struct reading){ .json = malloc(len + 1), .room = malloc(len + 1) };
    assert_true(r->json != NULL && r->room != NULL);
    /* At the end of the memory, so that a sanitizer sees what is read or written behind it. */
    memcpy(r->json + 1, json, len);
    texts.at = r->room + 1;
    r->ok = message_from_json(&type, (struct field_bytes){ r->json + 1, len }, &texts, &r->out,
                              &r->e);
    assert_int_equal(r->ok, r->e.code == SAI_OK);
}

static void fills_every_type(void **state)
{
    static const char json[] =
        " {\"text\" : \"a\\u00e9\\n\", \"texts\":[\"x\",\"\",\"\\/\"],\r\n\t\"integer\":-42,"
        "\"inner\":{\"name\":\"\\ud83d\\ude00\"},\"exists\":{ \"a\":{} }} ";
    AUTO(reading) struct reading r;

    (void)state;
    read_bytes(&r, json, strlen(json));
    assert_string_equal(r.e.text, "");
    assert_string_equal(r.out.text, "a\xc3\xa9\n");
    assert_int_equal(r.out.texts.count, 3);
    assert_string_equal(r.out.texts.items[0], "x");
    assert_string_equal(r.out.texts.items[1], "");
    assert_string_equal(r.out.texts.items[2], "/");
    assert_true(r.out.integer.present && r.out.integer.value == -42 && r.out.exists);
    assert_string_equal(r.out.inner.name, "\xf0\x9f\x98\x80");
}

static void nothing_is_nothing(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"text\":null,\"texts\":null,\"integer\":null,\"inner\":null,\"exists\":null}",
        "{\"text\":\"\",\"texts\":[],\"exists\":{ }}",
        "{\"Text\":\"a\",\"text \":\"a\",\"wire\":\"a\",\"\":[[{\"text\":\"a\"}]]}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO(reading) struct reading r;

        read_bytes(&r, texts[i], strlen(texts[i]));
        assert_string_equal(r.e.text, "");
        assert_true(r.out.text == NULL && r.out.texts.count == 0 && !r.out.integer.present);
        assert_false(r.out.inner.present || r.out.exists);
    }
}

static void integers_have_64_bits(void **state)
{
    static const struct {
        const char *json;
        int64_t value;
    } good[] = {
        { "{\"integer\":9223372036854775807}", INT64_MAX },
        { "{\"integer\":-9223372036854775808}", INT64_MIN },
        { "{\"integer\":-0}", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        AUTO(reading) struct reading r;

        read_bytes(&r, good[i].json, strlen(good[i].json));
        assert_true(r.ok && r.out.integer.present && r.out.integer.value == good[i].value);
    }
}

struct bad {
    const char *json;
    enum sai_err_code code;
    const char *path;
    const char *text;
};

#define TWICE(json, at)                                                                        \
    {                                                                                          \
        json, SAI_E_SYNTAX, "", "not JSON: a member stands there twice (at byte " at ")"       \
    }
#define RANGE(json, at)                                                                        \
    {                                                                                          \
        json, SAI_E_SYNTAX, "", "not JSON: a number is out of range (at byte " at ")"          \
    }
#define NUL(json, at)                                                                          \
    {                                                                                          \
        json, SAI_E_SYNTAX, "", "not JSON: \\u0000 in a string (at byte " at ")"               \
    }
#define WRONG(json, path, text)                                                                \
    {                                                                                          \
        json, SAI_E_INVALID, path, text                                                        \
    }

static const struct bad bad[] = {
    TWICE("{\"text\":\"a\",\"text\":\"a\"}", "18"),
    TWICE("{\"text\":null,\"text\":null}", "19"),
    TWICE("{\"text\":\"a\",\"t\\u0065xt\":\"a\"}", "23"),
    TWICE("{\"\\u0078\":1,\"\\u0078\":1}", "20"),
    TWICE("{\"x\":1,\"x\":1}", "10"),
    TWICE("{\"\":1,\"\":1}", "8"),
    TWICE("{\"x\":[[{\"y\":{\"z\":0},\"y\":1}]]}", "23"),
    TWICE("{\"inner\":{\"name\":\"a\",\"x\":{\"name\":1},\"name\":\"b\"}}", "42"),
    TWICE("{\"exists\":{\"a\":1,\"a\":1}}", "20"),
    TWICE("{\"text\":{\"a\":1,\"a\":1}}", "18"),
    RANGE("{\"integer\":9223372036854775808}", "30"),
    RANGE("{\"integer\":-9223372036854775809}", "31"),
    RANGE("{\"x\":18446744073709551616}", "25"),
    NUL("{\"text\":\"a\\u0000\"}", "17"),
    NUL("{\"x\":\"\\u0000\"}", "13"),
    NUL("{\"\\u0000\":1}", "9"),
    { "", SAI_E_SYNTAX, "", "not JSON: the text ends here, wanted a value (at byte 0)" },
    { "null", SAI_E_SYNTAX, "", "not a JSON object (at byte 4)" },
    { "[]", SAI_E_SYNTAX, "", "not a JSON object (at byte 1)" },
    { "\xef\xbb\xbf{}", SAI_E_SYNTAX, "",
      "not JSON: found the byte 0xef, wanted a value (at byte 0)" },
    { "{}{}", SAI_E_SYNTAX, "",
      "not JSON: found '{', wanted nothing more, only one value is allowed (at byte 2)" },
    { "{\"x\":[1,]}", SAI_E_SYNTAX, "", "not JSON: found ']', wanted a value (at byte 8)" },
    { "{\"x\":\"\xff\"}", SAI_E_SYNTAX, "",
      "not JSON: a string that is not UTF-8 (at byte 6)" },
    WRONG("{\"text\":1}", "text", "must be a string"),
    WRONG("{\"text\":true,\"texts\":1}", "text", "must be a string"),
    WRONG("{\"texts\":1,\"text\":true}", "texts", "must be a list of strings"),
    WRONG("{\"texts\":[\"a\",[\"b\"]]}", "texts", "must be a list of strings"),
    WRONG("{\"integer\":1.0}", "integer", "must be an integer"),
    WRONG("{\"integer\":1e3}", "integer", "must be an integer"),
    WRONG("{\"integer\":\"1\"}", "integer", "must be an integer"),
    WRONG("{\"inner\":[]}", "inner", "must be an object"),
    WRONG("{\"inner\":{\"name\":{}}}", "inner.name", "must be a string"),
    WRONG("{\"exists\":[1]}", "exists", "must be an object"),
    WRONG("{\"exists\":false}", "exists", "must be an object"),
    /* What is no JSON counts more than a value that is of another type before it. */
    { "{\"text\":1,}", SAI_E_SYNTAX, "",
      "not JSON: found '}', wanted a member's name in quotes (at byte 10)" },
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(reading) struct reading r;

        read_bytes(&r, bad[i].json, strlen(bad[i].json));
        assert_string_equal(r.e.text, bad[i].text);
        assert_string_equal(r.e.path, bad[i].path);
        assert_int_equal(r.e.code, bad[i].code);
    }
}

static void reads_on_behind_a_wrong_value(void **state)
{
    static const char json[] = "{\"texts\":[{\"a\":[1]},\"x\"],\"inner\":7,\"text\":\"a\"}";
    AUTO(reading) struct reading r;

    (void)state;
    read_bytes(&r, json, strlen(json));
    assert_string_equal(r.e.path, "texts");
    assert_string_equal(r.out.text, "a");
}

/* {"inner":{"0":0,"1":0,...}} with so many members in both objects. */
static void read_members(struct reading *r, int count)
{
    AUTO(buf) struct buf b = { .max_bytes = 65536 };

    buf_str(&b, "{\"inner\":{");
    for (int i = 0; i + 1 < count; i++)
        buf_printf(&b, "%s\"%d\":0", i == 0 ? "" : ",", i);
    buf_str(&b, "},\"x\":0}");
    read_bytes(r, b.data, b.len);
}

static void bounds_the_members(void **state)
{
    AUTO(reading) struct reading most;
    AUTO(reading) struct reading more;

    (void)state;
    read_members(&most, MESSAGE_NAMES_MAX);
    assert_true(most.ok);
    read_members(&more, MESSAGE_NAMES_MAX + 1);
    assert_int_equal(more.e.code, SAI_E_LIMIT);
    assert_non_null(strstr(more.e.text, "more than 128 members"));
}

static void bounds_the_depth(void **state)
{
    char json[2 * MESSAGE_JSON_DEPTH + 16];

    (void)state;
    for (int depth = MESSAGE_JSON_DEPTH; depth <= MESSAGE_JSON_DEPTH + 1; depth++) {
        AUTO(reading) struct reading r;
        int lists = depth - 1;

        (void)snprintf(json, sizeof(json), "{\"x\":%.*s%.*s}", lists,
                       "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", lists,
                       "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
        read_bytes(&r, json, strlen(json));
        assert_int_equal(r.e.code, depth == MESSAGE_JSON_DEPTH ? SAI_OK : SAI_E_LIMIT);
    }
}

/* Texts take less room than the message, whatever stands in it. */
static void texts_fit(void **state)
{
    static const char *const texts[] = {
        "{\"text\":\"a\"}",
        "{\"\\n\":0,\"\\t\":0,\"\\r\":0,\"text\":\"\\b\"}",
        "{\"texts\":[\"\\n\",\"a\",\"\\n\",\"\",\"\",\"\",\"1\"]}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO(reading) struct reading r;

        read_bytes(&r, texts[i], strlen(texts[i]));
        assert_true(r.ok);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_every_type),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(integers_have_64_bits),
        cmocka_unit_test(refuses),
        cmocka_unit_test(reads_on_behind_a_wrong_value),
        cmocka_unit_test(bounds_the_members),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(texts_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
