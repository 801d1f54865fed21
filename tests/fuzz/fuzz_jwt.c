/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens: whatever the bytes, each is refused with one printable reason, as nobody here has the
 * keys; its claims, if they are JSON, mean the same when they were printed. */

#include "base/err.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "codec/json_pretty.h"
#include "jose/jwt.h"

#include <sa_issuer/verify.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PRETTY_MAX_BYTES = 64 << 20 };

/* The public keys of RFC 7515 appendix A.3 and RFC 8037 appendix A.2. */
static const char keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\","
                           "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                           "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
                           "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"b\","
                           "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_reason(const struct sai_err *e)
{
    char line[sizeof(struct sai_err)];

    check(e->code != SAI_OK && e->text[0] != '\0');
    for (const char *c = sai_err_format(e, line, sizeof(line)); *c != '\0'; c++)
        check(*c >= ' ' && *c <= '~');
}

static void check_pretty(const char *text, size_t len)
{
    static const struct json_limits limits = { PRETTY_MAX_BYTES, 32 };
    AUTO(json_t) json_t *json = NULL;
    AUTO(json_t) json_t *again = NULL;
    AUTO(buf) struct buf pretty;
    struct sai_err e = { 0 };

    buf_init(&pretty, PRETTY_MAX_BYTES);
    if (!json_read_object(text, len, &limits, &json, &e)) {
        check_reason(&e);
        return;
    }
    json_pretty(&pretty, text, len);
    check(json_read_object(pretty.data, pretty.len, &limits, &again, &e));
    check(json_equal(json, again) == 1);
}

static void check_parts(const char *text, size_t size)
{
    AUTO(jwt) struct jwt t = { 0 };
    AUTO(buf) struct buf b;
    struct sai_err e = { 0 };

    buf_init(&b, 2 * JWT_MAX_BYTES);
    if (!jwt_parse(text, size, &t, &e)) {
        check_reason(&e);
        return;
    }
    check(t.alg != NULL && t.signed_text == text && t.claims.len > 0 && t.signature.len > 0);
    check_pretty(t.claims.data, t.claims.len);
    /* one spelling: the claims and the signature are written as they stood there */
    base64url_put(&b, t.claims.data, t.claims.len);
    buf_char(&b, '.');
    base64url_put(&b, t.signature.data, t.signature.len);
    check(b.len < size && memcmp(text + size - b.len, b.data, b.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sai_jwks *jwks; /* parsed once */
    const struct sai_verify_options options = { .now_unix_s = 1700000000, .leeway_s = 60 };
    struct sai_verified v = { 0 };
    struct sai_err e = { 0 };

    if (jwks == NULL)
        check(sai_jwks_parse(keys, sizeof(keys) - 1, &jwks, &e));
    check_parts((const char *)data, size);
    check_pretty((const char *)data, size);
    check(!sai_verify(jwks, (const char *)data, size, &options, &v, &e));
    check_reason(&e);
    return 0;
}
