/* SPDX-License-Identifier: Apache-2.0 */

/* Requests while the n-th allocation fails, ours, Jansson's and OpenSSL's counted together, for
 * every n: no crash, no leak, never a wrong signature, and the next request is answered. */

#include "base/clock.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "codec/protobuf.h"
#include "fail_alloc.h"
#include "jose/sign.h"
#include "keys/keyset.h"
#include "signer_world.h"

#include <inttypes.h>

enum { SWEEP_MAX = 100000 };

static int prepare(void **state)
{
    (void)state;
    assert_true(alloc_hook_openssl());
    json_watch_memory();
    return 0;
}

static void put_segment(struct buf *segment)
{
    AUTO(buf) struct buf json;
    int64_t now_s = clock_unix_s();

    buf_init(&json, 4096);
    buf_printf(&json,
               "{\"aud\":[\"api\"],\"exp\":%" PRId64 ",\"iat\":%" PRId64 ",\"iss\":\"" WORLD_URL
               "\",\"kubernetes.io\":{\"namespace\":\"ns\","
               "\"serviceaccount\":{\"name\":\"sa\",\"uid\":\"u\"}},\"nbf\":%" PRId64
               ",\"sub\":\"system:serviceaccount:ns:sa\"}",
               now_s + 3600, now_s, now_s);
    base64url_put(segment, json.data, json.len);
}

/* The signature of the response is that of its header and the segment. */
static void verify(struct world *w, const struct buf *segment, const struct buf *response)
{
    AUTO(snapshot) struct snapshot *s = state_current(w->st);
    const struct pkey *key = key_pkey(sai_keyset_get(s->issuers[0].keys, 0));
    AUTO(verifier) struct verifier *v = NULL;
    AUTO(buf) struct buf signature;
    AUTO(buf) struct buf input;
    struct pb_field header;
    struct pb_field text;
    struct pb_reader r;
    struct sai_err e = { 0 };

    buf_init(&signature, 4096);
    buf_init(&input, 8192);
    pb_reader_init(&r, response->data, response->len);
    assert_true(pb_next(&r, &header, &e) && pb_next(&r, &text, &e));
    buf_add(&input, header.bytes, header.len);
    buf_char(&input, '.');
    buf_add(&input, segment->data, segment->len);
    assert_true(base64url_decode(&signature, text.bytes, text.len, &e));
    assert_true(verifier_new(key, pkey_alg(key), &v, &e));
    assert_true(verifier_check(v, input.data, input.len, (const unsigned char *)signature.data,
                               signature.len, &e));
}

/* One clerk of its own, one request; the n-th allocation fails, 0: none. */
static enum sign_outcome attempt(struct world *w, size_t method, size_t n)
{
    AUTO(sign_clerk) struct sign_clerk *c = NULL;
    AUTO(buf) struct buf segment;
    AUTO(buf) struct buf request;
    AUTO(buf) struct buf out;
    const struct sign_peer peer = { 0 };
    enum sign_outcome outcome = SIGN_UNAVAILABLE;
    struct sai_err e = { 0 };

    buf_init(&segment, 4096);
    buf_init(&request, 4096);
    buf_init(&out, 65536);
    put_segment(&segment);
    if (method == 0)
        pb_put_bytes(&request, 1, segment.data, segment.len);
    alloc_arm(n == 0 ? SIZE_MAX : n);
    if (sign_clerk_new(w->desk, &c, &e))
        outcome = sign_methods[method].call(
            c, &peer, (struct field_bytes){ request.data, request.len }, &out, &e);
    alloc_plan.armed = false;
    assert_int_equal(outcome == SIGN_DONE && !out.failed, e.code == SAI_OK && !out.failed);
    if (outcome == SIGN_DONE && method == 0 && !out.failed)
        verify(w, &segment, &out);
    return outcome;
}

static void each_allocation_may_fail(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_start(&w, WORLD_CONF("{}", "audit: { file: audit.log }\n"));
    for (size_t method = 0; method < SIGN_METHODS; method++) {
        size_t n = 1;

        assert_int_equal(attempt(&w, method, 0), SIGN_DONE);
        for (; n < SWEEP_MAX; n++) {
            enum sign_outcome outcome = attempt(&w, method, n);

            if (!alloc_plan.failed)
                break;
            assert_true(outcome == SIGN_UNAVAILABLE || outcome == SIGN_DONE ||
                        (outcome == SIGN_BROKEN && !alloc_plan.failed_ours));
        }
        assert_true(n > 1 && n < SWEEP_MAX);
        assert_int_equal(attempt(&w, method, 0), SIGN_DONE);
    }
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_may_fail) };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
