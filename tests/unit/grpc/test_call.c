/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/call.h"
#include "signer/clerk.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { MAX_BYTES = 64 };

struct field {
    const char *name;
    const char *value;
};

#define POST                                                                                   \
    {                                                                                          \
        ":method", "POST"                                                                      \
    }
#define SIGN                                                                                   \
    {                                                                                          \
        ":path", "/v1.ExternalJWTSigner/Sign"                                                  \
    }
#define TYPE                                                                                   \
    {                                                                                          \
        "content-type", "application/grpc"                                                     \
    }
#define FIELDS 6

static void put_fields(struct call *c, const struct field *fields)
{
    for (size_t i = 0; i < FIELDS && fields[i].name != NULL; i++)
        assert_true(call_header(c, fields[i].name, strlen(fields[i].name), fields[i].value,
                                strlen(fields[i].value)));
}

static void heads_are_judged(void **state)
{
    static const struct {
        struct field fields[FIELDS];
        unsigned http_status; /* 0: accepted */
        enum grpc_code code;
    } rows[] = {
        { { POST, SIGN, TYPE } },
        { { POST, SIGN, { "content-type", "application/grpc+proto" } } },
        { { POST, SIGN, { "content-type", "application/grpc;charset=x" } } },
        { { POST, SIGN, { "content-type", "Application/gRPC" } } },
        { { POST, SIGN, TYPE, { "te", "trailers" }, { "user-agent", "grpc-go/1.72" } } },
        { { POST, SIGN, TYPE, { "grpc-encoding", "identity" } } },
        { { POST, SIGN, TYPE, { "grpc-timeout", "30S" } } },
        { { POST, { ":path", "/v1alpha1.ExternalJWTSigner/FetchKeys" }, TYPE } },
        { { POST, { ":path", "/v1.ExternalJWTSigner/Metadata" }, TYPE } },
        { { { ":method", "GET" }, SIGN, TYPE }, 405, GRPC_INTERNAL },
        { { { ":method", "post" }, SIGN, TYPE }, 405, GRPC_INTERNAL },
        { { POST, SIGN }, 415, GRPC_INTERNAL },
        { { POST, SIGN, { "content-type", "application/json" } }, 415, GRPC_INTERNAL },
        { { POST, SIGN, { "content-type", "application/grpc-web" } }, 415, GRPC_INTERNAL },
        { { POST, SIGN, { "content-type", "application/grpc+json" } }, 415, GRPC_INTERNAL },
        { { POST, SIGN, { "content-type", "application/grp" } }, 415, GRPC_INTERNAL },
        { { POST, SIGN, { "content-type", "" } }, 415, GRPC_INTERNAL },
        { { POST, TYPE }, 200, GRPC_UNIMPLEMENTED },
        { { POST, { ":path", "/" }, TYPE }, 200, GRPC_UNIMPLEMENTED },
        { { POST, { ":path", "/v1.ExternalJWTSigner/" }, TYPE }, 200, GRPC_UNIMPLEMENTED },
        { { POST, { ":path", "/v1.ExternalJWTSigner/sign" }, TYPE }, 200, GRPC_UNIMPLEMENTED },
        { { POST, { ":path", "/v1.ExternalJWTSigner/Sign/" }, TYPE }, 200, GRPC_UNIMPLEMENTED },
        { { POST, { ":path", "/v1.ExternalJWTSigner/Sign?x" }, TYPE },
          200,
          GRPC_UNIMPLEMENTED },
        { { POST, { ":path", "/v1beta1.ExternalJWTSigner/Sign" }, TYPE },
          200,
          GRPC_UNIMPLEMENTED },
        { { POST, { ":path", "v1.ExternalJWTSigner/Sign" }, TYPE }, 200, GRPC_UNIMPLEMENTED },
        { { POST, SIGN, TYPE, { "grpc-encoding", "gzip" } }, 200, GRPC_UNIMPLEMENTED },
        { { POST, SIGN, TYPE, { "grpc-timeout", "" } }, 200, GRPC_INTERNAL },
        { { POST, SIGN, TYPE, { "grpc-timeout", "S" } }, 200, GRPC_INTERNAL },
        { { POST, SIGN, TYPE, { "grpc-timeout", "1s" } }, 200, GRPC_INTERNAL },
        { { POST, SIGN, TYPE, { "grpc-timeout", "-1S" } }, 200, GRPC_INTERNAL },
        { { POST, SIGN, TYPE, { "grpc-timeout", "123456789S" } }, 200, GRPC_INTERNAL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(call) struct call *c = call_new(1, 0, 0);

        put_fields(c, rows[i].fields);
        if (call_check_head(c) != (rows[i].http_status == 0) ||
            c->answer.http_status != rows[i].http_status || c->answer.code != rows[i].code)
            fail_msg("row %zu: %u %d", i, c->answer.http_status, (int)c->answer.code);
        assert_true(rows[i].http_status != 200 || c->answer.message != NULL);
    }
}

static void methods_are_found(void **state)
{
    static const char *const services[] = { "/v1.", "/v1alpha1." };

    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(services); s++) {
        for (int m = 0; sign_methods[m].name != NULL; m++) {
            AUTO(call) struct call *c = call_new(1, 0, 0);
            char path[64];

            (void)snprintf(path, sizeof(path), "%sExternalJWTSigner/%s", services[s],
                           sign_methods[m].name);
            assert_int_equal(c->method, CALL_METHOD_NONE);
            assert_true(call_header(c, ":path", 5, path, strlen(path)));
            assert_int_equal(c->method, m);
        }
    }
    assert_null(sign_methods[SIGN_METHODS].name);
}

static void heads_have_a_limit(void **state)
{
    AUTO(call) struct call *c = call_new(1, 0, 0);
    char value[1024];

    (void)state;
    memset(value, 'a', sizeof(value));
    for (size_t i = 0; i < 7; i++)
        assert_true(call_header(c, "x", 1, value, 1024));
    assert_false(call_header(c, "x", 1, value, 1024));
}

static void timeouts_are_rounded_up(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } rows[] = { { "1H", 3600000 },    { "2M", 120000 },
                 { "30S", 30000 },     { "100m", 100 },
                 { "1000u", 1 },       { "1001u", 2 },
                 { "1n", 1 },          { "1000001n", 2 },
                 { "0S", 0 },          { "99999999H", UINT64_C(359999996400000) },
                 { "00000001S", 1000 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t ms = UINT64_MAX;

        assert_true(call_parse_timeout(rows[i].text, strlen(rows[i].text), &ms));
        assert_true(ms == rows[i].ms);
    }
}

#define BYTES(s) s, sizeof(s) - 1

static void bodies_are_one_message(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int code; /* -1: accepted */
    } rows[] = {
        { BYTES("\0\0\0\0\0"), -1 },
        { BYTES("\0\0\0\0\3abc"), -1 },
        { BYTES(""), GRPC_INTERNAL },
        { BYTES("\0\0\0\0"), GRPC_INTERNAL },
        { BYTES("\0\0\0\0\4abc"), GRPC_INTERNAL },
        { BYTES("\0\0\0\0\2abc"), GRPC_INTERNAL },
        { BYTES("\0\0\0\0\0\0\0\0\0\0"), GRPC_INTERNAL },
        { BYTES("\1\0\0\0\3abc"), GRPC_INTERNAL },
        { BYTES("\2\0\0\0\3abc"), GRPC_INTERNAL },
        { BYTES("\0\0\0\0\x41"), GRPC_RESOURCE_EXHAUSTED },
        { BYTES("\0\xff\xff\xff\xff"), GRPC_RESOURCE_EXHAUSTED },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(call) struct call *c = call_new(1, 0, 0);
        bool ok;

        /* byte by byte, as DATA frames may come */
        for (size_t k = 0; k < rows[i].len; k++)
            assert_true(call_data(c, rows[i].bytes + k, 1, MAX_BYTES));
        ok = call_check_message(c, MAX_BYTES);
        if (ok != (rows[i].code < 0) || (!ok && (int)c->answer.code != rows[i].code))
            fail_msg("row %zu: %d", i, (int)c->answer.code);
    }
}

static void more_than_a_message_is_not_kept(void **state)
{
    AUTO(call) struct call *c = call_new(1, 0, 0);
    char bytes[MAX_BYTES + CALL_PREFIX_BYTES] = { 0 };

    (void)state;
    assert_true(call_data(c, bytes, sizeof(bytes), MAX_BYTES));
    assert_false(call_data(c, bytes, 1, MAX_BYTES));
    assert_int_equal(c->answer.code, GRPC_RESOURCE_EXHAUSTED);
    assert_int_equal(c->request.len, sizeof(bytes));
}

static void messages_are_percent_encoded(void **state)
{
    AUTO(buf) struct buf b;
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&b, 256);
    grpc_put_message(&b, "100 % of \n \xc3\xa9 ~");
    assert_true(buf_ok(&b, &e));
    assert_string_equal(b.data, "100 %25 of %0A %C3%A9 ~");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_judged),
        cmocka_unit_test(methods_are_found),
        cmocka_unit_test(heads_have_a_limit),
        cmocka_unit_test(timeouts_are_rounded_up),
        cmocka_unit_test(bodies_are_one_message),
        cmocka_unit_test(more_than_a_message_is_not_kept),
        cmocka_unit_test(messages_are_percent_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
