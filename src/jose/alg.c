/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/alg.h"

#include "base/attr.h"
#include "jose/key_type.h"

#include <string.h>

/* RSA keys are for RS256 unless the administrator says otherwise, whatever their size, as
 * Kubernetes has it and as every verifier accepts. */
static const struct alg algs[] = {
    { .name = "RS256", .type = &key_type_rsa, .digest = "SHA256", .for_keys = true },
    { .name = "RS384", .type = &key_type_rsa, .digest = "SHA384" },
    { .name = "RS512", .type = &key_type_rsa, .digest = "SHA512" },
    { .name = "ES256",
      .type = &key_type_ec,
      .crv = "P-256",
      .group = "prime256v1",
      .digest = "SHA256",
      .coordinate_bytes = 32,
      .for_keys = true },
    { .name = "ES384",
      .type = &key_type_ec,
      .crv = "P-384",
      .group = "secp384r1",
      .digest = "SHA384",
      .coordinate_bytes = 48,
      .for_keys = true },
    { .name = "ES512",
      .type = &key_type_ec,
      .crv = "P-521",
      .group = "secp521r1",
      .digest = "SHA512",
      .coordinate_bytes = 66,
      .for_keys = true },
    { .name = "EdDSA", .type = &key_type_ed25519, .crv = "Ed25519", .for_keys = true },
};

const struct alg *alg_get(size_t i)
{
    return i < ARRAY_SIZE(algs) ? &algs[i] : NULL;
}

const struct alg *alg_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
        if (strcmp(algs[i].name, name) == 0)
            return &algs[i];
    }
    return NULL;
}

const struct alg *alg_of_key(const struct key_type *type, const char *group)
{
    for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
        const struct alg *a = &algs[i];

        if (a->type == type && a->for_keys &&
            (a->group == NULL || (group != NULL && strcmp(a->group, group) == 0)))
            return a;
    }
    return NULL;
}
