/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tokenrequest.h"
#include "unit.h"
#include "vectors.h"

#include <inttypes.h>
#include <stdio.h>

#define JSON          "application/json"
#define PROTOBUF      "application/vnd.kubernetes.protobuf"
#define BYTES(s)      s, sizeof(s) - 1
#define BAD(text)     "the object provided is unrecognized (must be of type TokenRequest): " text
#define NO_JSON(text) BAD("couldn't get version/kind; json parse error: " text)
#define IN_V1(text)   "TokenRequest in version \"v1\" cannot be handled as a TokenRequest: " text

static void put_hex(struct buf *b, const char *name, const char *s)
{
    buf_str(b, name);
    for (; s != NULL && *s != '\0'; s++)
        buf_printf(b, "%02x", (unsigned char)*s);
}

/* The form of the vectors. */
static void put_meaning(struct buf *b, const struct tokenrequest *t)
{
    const struct tokenrequest_reference *r = &t->spec.bound;

    put_hex(b, "name=", t->metadata.name);
    put_hex(b, " namespace=", t->metadata.namespace_name);
    put_hex(b, " uid=", t->metadata.uid);
    buf_printf(b, " audiences=%zu", t->spec.audiences.count);
    for (size_t i = 0; i < t->spec.audiences.count && i < FIELD_TEXTS_MAX; i++)
        put_hex(b, ":", t->spec.audiences.items[i]);
    buf_str(b, " seconds=");
    if (t->spec.expiration_s.present)
        buf_i64(b, t->spec.expiration_s.value);
    else
        buf_str(b, "none");
    buf_str(b, " bound=");
    if (!r->present) {
        buf_str(b, "none");
        return;
    }
    put_hex(b, "", r->kind);
    put_hex(b, ":", r->api_version);
    put_hex(b, ":", r->name);
    put_hex(b, ":", r->uid);
}

static void expect_meaning(const char *type, const char *body, size_t len, const char *meaning)
{
    AUTO(tokenrequest) struct tokenrequest t = { 0 };
    AUTO(refusal) struct refusal r = { 0 };
    AUTO(buf) struct buf b = { .max_bytes = 65536 };

    refusal_init(&r);
    if (!tokenrequest_decode(type, body, len, &t, &r))
        fail_msg("%s: %s", body, r.text.data);
    put_meaning(&b, &t);
    assert_string_equal(b.data, meaning);
    assert_string_equal(t.kind, "TokenRequest");
    assert_string_equal(t.api_version, "authentication.k8s.io/v1");
}

/* What Kubernetes' own code wrote as JSON and as Protocol Buffers means the same. */
static void both_forms_mean_the_same(void **state)
{
    struct vectors v;
    char *lines[3];
    size_t count = 0;

    (void)state;
    vectors_open(&v, TEST_DATA "/tokenrequest/bodies.txt");
    for (; vectors_next(&v, lines, 3); count++) {
        expect_meaning(JSON, lines[1], strlen(lines[1]), lines[0]);
        expect_meaning(PROTOBUF, lines[2], vectors_unhex(lines[2]), lines[0]);
    }
    assert_int_equal(count, 80);
    vectors_close(&v);
}

static void reads_what_kubectl_sends(void **state)
{
    struct vectors v;
    char *lines[3];
    size_t count = 0;

    (void)state;
    vectors_open(&v, TEST_DATA "/tokenrequest/kubectl.txt");
    for (; vectors_next(&v, lines, 3); count++)
        expect_meaning(PROTOBUF, lines[2], vectors_unhex(lines[2]), lines[1]);
    assert_int_equal(count, 4);
    vectors_close(&v);
}

/* A prefix means nothing unless all that it lacks is the envelope's two empty fields. */
static void no_prefix_crashes_or_means_more(void **state)
{
    struct vectors v;
    char *lines[3];

    (void)state;
    vectors_open(&v, TEST_DATA "/tokenrequest/kubectl.txt");
    while (vectors_next(&v, lines, 3)) {
        size_t len = vectors_unhex(lines[2]);

        for (size_t i = 0; i < len; i++) {
            AUTO(tokenrequest) struct tokenrequest t = { 0 };
            AUTO(refusal) struct refusal r = { 0 };
            AUTO_FREE char *copy = malloc(i + 1);

            assert_non_null(copy);
            memcpy(copy, lines[2], i);
            refusal_init(&r);
            if (tokenrequest_decode(PROTOBUF, copy, i, &t, &r))
                assert_true(t.spec.audiences.count == 0 || i >= len - 4);
            else
                assert_int_equal(refusal_code(&r), 400);
        }
    }
    vectors_close(&v);
}

static const char nothing[] = "name= namespace= uid= audiences=0 seconds=none bound=none";
static const char one[] = "name= namespace= uid= audiences=1:61 seconds=none bound=none";

struct good_row {
    const char *type;
    const char *body;
    const char *meaning;
};

static const struct good_row good_rows[] = {
    { NULL, "{}", nothing },
    { "", "{}", nothing },
    { JSON "; charset=utf-8", "{}", nothing },
    { " Application/JSON ;x=y", "{}", nothing },
    { JSON, "{\"kind\":\"TokenRequest\"}", nothing },
    { JSON, "{\"apiVersion\":\"authentication.k8s.io/v1\"}", nothing },
    { JSON, "{\"kind\":null,\"apiVersion\":\"\",\"metadata\":null,\"spec\":null}", nothing },
    { JSON,
      "{\"metadata\":{\"creationTimestamp\":null},\"spec\":{\"audiences\":null,"
      "\"expirationSeconds\":null,\"boundObjectRef\":null,\"attestations\":{}},"
      "\"status\":{\"token\":\"\",\"expirationTimestamp\":null}}",
      nothing },
    { JSON, "{\"spec\":{\"audiences\":[\"a\"],\"more\":[1]},\"unknown\":{\"spec\":1}}", one },
    { JSON, "{\"spec\":{\"audiences\":[\"a\"]},\"status\":7}", one },
    { JSON, "{\"Spec\":{\"audiences\":[\"b\"]},\"spec\":{\"audiences\":[\"\\u0061\"]}}", one },
    { JSON, "{\"spec\":{\"boundObjectRef\":{}}}",
      "name= namespace= uid= audiences=0 seconds=none bound=:::" },
};

static void reads_what_may_be_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good_rows); i++)
        expect_meaning(good_rows[i].type, good_rows[i].body, strlen(good_rows[i].body),
                       good_rows[i].meaning);
}

struct bad_row {
    const char *type;
    const char *body;
    size_t len;
    unsigned code;
    const char *message;
};

static const char unknown_format[] =
    "the body of the request was in an unknown format - accepted media types include: "
    "application/json, application/vnd.kubernetes.protobuf";

/* An envelope, and in it a message of up to 127 bytes. */
#define TYPE_META                                                                              \
    "k8s\0\x0a\x28\x0a\x18"                                                                    \
    "authentication.k8s.io/v1"                                                                 \
    "\x12\x0c"                                                                                 \
    "TokenRequest"

static const struct bad_row bad_rows[] = {
    { "application/yaml", BYTES("{}"), 415, unknown_format },
    { "application/jsonx", BYTES("{}"), 415, unknown_format },
    { "application/x-www-form-urlencoded", BYTES("{}"), 415, unknown_format },
    { "json", BYTES("{}"), 415, unknown_format },
    { JSON, BYTES(""), 400,
      NO_JSON("not JSON: the text ends here, wanted a value (at byte 0) (<empty>)") },
    { JSON, BYTES("{"), 400,
      NO_JSON("not JSON: the text ends here, wanted a member's name in quotes or } (at byte 1) "
              "({)") },
    { JSON, BYTES("[1,2]"), 400, NO_JSON("not a JSON object (at byte 1) (5b312c325d)") },
    { JSON, BYTES("{\"spec\":{\"audiences\":[\"a\xff\"]}}"), 400,
      NO_JSON("not JSON: a string that is not UTF-8 (at byte 24) "
              "({\"spec\":{\"audiences\":[\"a?\"]}})") },
    { JSON, BYTES("{\"spec\":{},\"spec\":{\"audiences\":[\"a\"]}}"), 400,
      NO_JSON("not JSON: a member stands there twice (at byte 17) "
              "({\"spec\":{},\"spec\":{\"audiences\" ...)") },
    { JSON, BYTES("{} {\"a\":1}"), 400,
      NO_JSON("not JSON: found '{', wanted nothing more, only one value is allowed (at byte 3) "
              "({} {\"a\":1})") },
    { JSON, BYTES("{\"a\":\"\\u0000\"}"), 400,
      NO_JSON("not JSON: \\u0000 in a string (at byte 13) ({\"a\":\"\\u0000\"})") },
    { JSON, BYTES("{\"kind\":1}"), 400, BAD("kind: must be a string ({\"kind\":1})") },
    { JSON, BYTES("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}"), 400,
      "Pod in version \"v1\" cannot be handled as a TokenRequest: it is of another kind" },
    { JSON, BYTES("{\"kind\":\"TokenReview\"}"), 400,
      "TokenReview in version \"v1\" cannot be handled as a TokenRequest: it is of another "
      "kind" },
    { JSON, BYTES("{\"kind\":\"TokenRequest\",\"apiVersion\":\"v1\"}"), 400,
      "the API version in the data (v1) does not match the expected API version "
      "(authentication.k8s.io/v1)" },
    { JSON, BYTES("{\"apiVersion\":\"authentication.k8s.io/v1beta1\"}"), 400,
      "the API version in the data (authentication.k8s.io/v1beta1) does not match the expected "
      "API version (authentication.k8s.io/v1)" },
    { JSON, BYTES("{\"spec\":[]}"), 400, IN_V1("spec: must be an object") },
    { JSON, BYTES("{\"metadata\":{\"name\":1}}"), 400,
      IN_V1("metadata.name: must be a string") },
    { JSON, BYTES("{\"spec\":{\"audiences\":\"a\"}}"), 400,
      IN_V1("spec.audiences: must be a list of strings") },
    { JSON, BYTES("{\"spec\":{\"audiences\":[1]}}"), 400,
      IN_V1("spec.audiences: must be a list of strings") },
    { JSON, BYTES("{\"spec\":{\"audiences\":[null]}}"), 400,
      IN_V1("spec.audiences: must be a list of strings") },
    { JSON, BYTES("{\"spec\":{\"expirationSeconds\":\"600\"}}"), 400,
      IN_V1("spec.expirationSeconds: must be an integer") },
    { JSON, BYTES("{\"spec\":{\"expirationSeconds\":3.6e3}}"), 400,
      IN_V1("spec.expirationSeconds: must be an integer") },
    { JSON, BYTES("{\"spec\":{\"expirationSeconds\":600.0}}"), 400,
      IN_V1("spec.expirationSeconds: must be an integer") },
    { JSON, BYTES("{\"spec\":{\"boundObjectRef\":{\"kind\":[]}}}"), 400,
      IN_V1("spec.boundObjectRef.kind: must be a string") },
    { JSON, BYTES("{\"spec\":{\"attestations\":[\"a\"]}}"), 400,
      IN_V1("spec.attestations: must be an object") },
    { PROTOBUF, BYTES(""), 400, BAD("empty data (<empty>)") },
    { PROTOBUF, BYTES("{}"), 400,
      BAD("provided data does not appear to be a protobuf message, expected prefix "
          "[107 56 115 0] ({})") },
    { PROTOBUF, BYTES("k8s\1\x0a\x00"), 400,
      BAD("provided data does not appear to be a protobuf message, expected prefix "
          "[107 56 115 0] (6b3873010a00)") },
    { PROTOBUF, BYTES("k8s\0"), 400, BAD("empty body (6b387300)") },
    { PROTOBUF, BYTES("k8s\0\x0a\x7f"), 400,
      BAD("field 1 ends beyond its message (6b3873000a7f)") },
    { PROTOBUF, BYTES("k8s\0\x0a\x06\x0a\x02v1\x12\x00"), 400,
      "the API version in the data (v1) does not match the expected API version "
      "(authentication.k8s.io/v1)" },
    { PROTOBUF, BYTES("k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x00"), 400,
      "Pod in version \"v1\" cannot be handled as a TokenRequest: it is of another kind" },
    { PROTOBUF, BYTES(TYPE_META "\x1a\x04gzip"), 400, IN_V1("contentEncoding: must be empty") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x00\x12\x00"), 400,
      BAD("raw: stands there twice "
          "(6b3873000a280a1861757468656e7469636174696f6e2e6b38732e696f2f ...)") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x03\x12\x05x"), 400,
      IN_V1("field 2 ends beyond its message") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x04\x12\x02\x0b\x0c"), 400,
      IN_V1("field 1 has wire type 3, which is not taken") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x05\x12\x03\x0a\x01\xff"), 400,
      IN_V1("spec.audiences: must be UTF-8 without NUL") },
    { PROTOBUF,
      BYTES(TYPE_META "\x12\x07\x12\x05\x0a\x03"
                      "a\0b"),
      400, IN_V1("spec.audiences: must be UTF-8 without NUL") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x04\x12\x02\x08\x01"), 400,
      IN_V1("spec.audiences: must be a list of strings") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x05\x12\x03\x22\x01x"), 400,
      IN_V1("spec.expirationSeconds: must be an integer") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x06\x12\x04\x20\x01\x20\x02"), 400,
      IN_V1("spec.expirationSeconds: stands there twice") },
    { PROTOBUF, BYTES(TYPE_META "\x12\x04\x12\x00\x12\x00"), 400,
      IN_V1("spec: stands there twice") },
};

static void refuses_what_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
        const struct bad_row *row = &bad_rows[i];
        AUTO(tokenrequest) struct tokenrequest t = { 0 };
        AUTO(refusal) struct refusal r = { 0 };

        refusal_init(&r);
        assert_false(tokenrequest_decode(row->type, row->body, row->len, &t, &r));
        assert_string_equal(r.text.data, row->message);
        assert_int_equal(refusal_code(&r), row->code);
        assert_null(t.texts);
    }
}

static void bounds_the_body(void **state)
{
    static const char head[] = "{\"spec\":{\"audiences\":[\"";
    static const char tail[] = "\"]}}";
    const size_t max = TOKENREQUEST_MAX_BYTES;
    AUTO_FREE char *body = malloc(max + 2);

    (void)state;
    assert_non_null(body);
    for (size_t len = max; len <= max + 1; len++) {
        AUTO(tokenrequest) struct tokenrequest t = { 0 };
        AUTO(refusal) struct refusal r = { 0 };

        refusal_init(&r);
        memset(body, 'a', len);
        memcpy(body, head, strlen(head));
        memcpy(body + len - strlen(tail), tail, strlen(tail));
        assert_int_equal(tokenrequest_decode(JSON, body, len, &t, &r), len == max);
        if (len == max)
            assert_int_equal(strlen(t.spec.audiences.items[0]),
                             max - strlen(head) - strlen(tail));
        else
            assert_string_equal(r.text.data, "Request entity too large: limit is 65536");
    }
}

static void bounds_the_depth(void **state)
{
    AUTO(tokenrequest) struct tokenrequest t = { 0 };
    AUTO(refusal) struct refusal r = { 0 };
    char body[1024] = "{\"a\":";
    size_t len = strlen(body);

    (void)state;
    memset(body + len, '[', 500);
    refusal_init(&r);
    assert_false(tokenrequest_decode(JSON, body, len + 500, &t, &r));
    assert_non_null(strstr(r.text.data, "nested deeper than 32 levels (at byte 36)"));
}

static void counts_audiences_it_does_not_keep(void **state)
{
    AUTO(tokenrequest) struct tokenrequest t = { 0 };
    AUTO(refusal) struct refusal r = { 0 };
    static const char body[] = "{\"spec\":{\"audiences\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\","
                               "\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\","
                               "\"16\",\"17\",\"18\"]}}";

    (void)state;
    refusal_init(&r);
    assert_true(tokenrequest_decode(JSON, body, strlen(body), &t, &r));
    assert_int_equal(t.spec.audiences.count, 18);
    assert_string_equal(t.spec.audiences.items[15], "16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_mean_the_same),
        cmocka_unit_test(reads_what_kubectl_sends),
        cmocka_unit_test(no_prefix_crashes_or_means_more),
        cmocka_unit_test(reads_what_may_be_left_out),
        cmocka_unit_test(refuses_what_is_malformed),
        cmocka_unit_test(bounds_the_body),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(counts_audiences_it_does_not_keep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
