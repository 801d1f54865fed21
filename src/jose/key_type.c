/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/key_type.h"

#include "codec/base64url.h"
#include "jose/ossl.h"

#include <stdio.h>

const struct key_type *key_type_of(const struct evp_pkey_st *key, struct sai_err *e)
{
    static const struct key_type *const types[] = { &key_type_rsa, &key_type_ec,
                                                    &key_type_ed25519 };
    char text[128];
    const char *name;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (EVP_PKEY_is_a(key, types[i]->evp_name))
            return types[i];
    }
    name = EVP_PKEY_get0_type_name(key);
    (void)snprintf(text, sizeof(text), "%s keys are not supported (want RSA, EC or Ed25519)",
                   name == NULL ? "such" : name);
    ossl_set_error(e, SAI_E_INVALID, text);
    return NULL;
}

void key_put_member(struct buf *b, const char *name, const void *bytes, size_t len)
{
    buf_printf(b, ",\"%s\":\"", name);
    base64url_put(b, bytes, len);
    buf_char(b, '"');
}
