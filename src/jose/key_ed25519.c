/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/key_type.h"
#include "jose/ossl.h"

enum { ED25519_BYTES = 32 };

static bool check(struct evp_pkey_st *key, const struct alg **alg, struct sai_err *e)
{
    (void)key;
    (void)e;
    *alg = alg_of_key(&key_type_ed25519, NULL);
    return true;
}

/* RFC 8037 section 2. */
static bool put_members(struct buf *b,
                        const struct evp_pkey_st *key,
                        const struct alg *alg,
                        struct sai_err *e)
{
    unsigned char bytes[ED25519_BYTES];
    size_t len = sizeof(bytes);

    (void)alg;
    if (EVP_PKEY_get_raw_public_key(key, bytes, &len) != 1 || len != sizeof(bytes))
        return ossl_fail(e, SAI_E_CRYPTO, "cannot read an Ed25519 key");
    key_put_member(b, "x", bytes, len);
    return true;
}

const struct key_type key_type_ed25519 = {
    .kty = "OKP",
    .evp_name = "ED25519",
    .check = check,
    .put_members = put_members,
};
