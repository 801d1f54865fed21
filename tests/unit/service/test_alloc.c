/* SPDX-License-Identifier: Apache-2.0 */

/* Issuances while the n-th allocation fails, for every n: no crash, no leak (AddressSanitizer's
 * lane sees those), and either the same answer or a failure that says so. */

#include "fail_alloc.h"
#include "unit.h"
#include "world.h"

struct row {
    enum token_path_kind kind;
    const char *type;
    const char *body;
    size_t len;
    unsigned status;
};

#define BYTES(s) s, sizeof(s) - 1
#define PROTOBUF "application/vnd.kubernetes.protobuf"
#define FORM     "application/x-www-form-urlencoded"
#define GRANT    "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"

static const struct row rows[] = {
    { TOKEN_PATH_REQUEST, "application/json", BYTES(SPEC("")), 201 },
    { TOKEN_PATH_REQUEST, "application/json",
      BYTES(BOUND("\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"q\"")), 404 },
    { TOKEN_PATH_REQUEST, "application/json", BYTES("{\"spec\":1}"), 400 },
    { TOKEN_PATH_REQUEST, PROTOBUF,
      BYTES("k8s\0\x12\x11\x12\x0f\x0a\x03"
            "aws"
            "\x1a\x08\x0a\x03"
            "Pod"
            "\x1a\x01"
            "p"),
      201 },
    { TOKEN_PATH_REQUEST, PROTOBUF,
      BYTES("k8s\0\x12\x11\x12\x0f\x0a\x03"
            "aws"
            "\x1a\x08\x0a\x03"
            "Pod"
            "\x1a\x01"
            "q"),
      404 },
    { TOKEN_PATH_REQUEST, PROTOBUF,
      BYTES("k8s\0\x12\x07\x12\x05\x0a\x03"
            "AWS"),
      422 },
    { TOKEN_PATH_REQUEST, PROTOBUF, BYTES("k8s"), 400 },
    { TOKEN_PATH_REQUEST, "text/plain", BYTES(""), 415 },
    { TOKEN_PATH_EXCHANGE, FORM,
      BYTES(GRANT "&subject_token=t&subject_token_type=urn:ietf:params:oauth:token-type:jwt"
                  "&audience=aws"),
      200 },
    { TOKEN_PATH_EXCHANGE, FORM, BYTES("a=%"), 400 },
};

/* The status, 0 if there is no answer. */
static unsigned answer(const struct row *row)
{
    const struct token_path path = { row->kind, "ci", "builder", true, true };
    const struct issuance_input in = { &world_policy, &path,    NULL,     row->type,
                                       row->body,     row->len, world_now };
    const struct sai_token token = { .text = "T", .len = 1, .exp = world_now };
    struct world w = { .access = { .allowed = true },
                       .review = { true,
                                   "system:serviceaccount:ci:builder",
                                   "u-builder",
                                   { "p", "u-p" },
                                   { NULL, NULL } } };
    AUTO(issuance) struct issuance i;
    AUTO(buf) struct buf b = { .max_bytes = 65536 };
    struct issuance_answer a = { 0 };
    struct sai_err e = { 0 };
    bool ready;

    issuance_init(&i, &in);
    ready = world_run(&w, &i) != NULL;
    if (issuance_put_answer(&i, ready ? &token : NULL, &a, &b, &e))
        return a.status;
    assert_int_equal(e.code, SAI_E_NOMEM);
    return 0;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
        bool failed = true;
        size_t n = 0;

        assert_int_equal(answer(&rows[k]), rows[k].status);
        while (failed) {
            unsigned status;

            alloc_arm(++n);
            status = answer(&rows[k]);
            failed = alloc_disarm();
            assert_true(status == rows[k].status || (failed && (status == 0 || status == 500)));
        }
        assert_true(n > 1); /* at least one failed */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
