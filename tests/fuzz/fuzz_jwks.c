/* SPDX-License-Identifier: Apache-2.0 */

/* JWK Sets: whatever the bytes, there is either a set whose keys can be used or one printable
 * reason. */

#include "base/err.h"
#include "issue/jwks.h"
#include "jose/pkey.h"
#include "jose/sign.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void check_key(const struct jwk *k)
{
    AUTO(verifier) struct verifier *v = NULL;
    struct sai_err e = { 0 };

    check(k->pkey != NULL && k->alg != NULL && !pkey_is_private(k->pkey));
    check(k->kid == NULL || (k->kid[0] != '\0' && strlen(k->kid) <= JWK_KID_MAX));
    check(verifier_new(k->pkey, k->alg, &v, &e));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(sai_jwks) struct sai_jwks *jwks = NULL;
    struct sai_err e = { 0 };
    bool ok = sai_jwks_parse((const char *)data, size, &jwks, &e);

    check(ok == (jwks != NULL) && ok == (e.code == SAI_OK));
    if (!ok) {
        check_reason(&e);
        return 0;
    }
    check(sai_jwks_count(jwks) + sai_jwks_skipped(jwks) <= 1000);
    for (size_t i = 0; i < jwks->count; i++)
        check_key(&jwks->keys[i]);
    return 0;
}
