/* SPDX-License-Identifier: Apache-2.0 */

/* libjwt as a judge. It takes keys as PEM, which stands in the member "pem" of each JWK. */

#include "judge.h"

#include <jwt.h>
#include <string.h>

int verifies(const json_t *set, const char *token)
{
    jwt_t *unverified = NULL;
    jwt_t *jwt = NULL;
    const json_t *jwk = NULL;
    int ok = 0;

    /* Without a key it only parses; the algorithm goes by the key, not by the token. */
    if (token != NULL && jwt_decode(&unverified, token, NULL, 0) == 0)
        jwk = judge_key(set, jwt_get_header(unverified, "kid"),
                        jwt_get_header(unverified, "alg"));
    if (jwk != NULL) {
        const char *pem = json_string_value(json_object_get(jwk, "pem"));

        ok = jwt_decode(&jwt, token, (const unsigned char *)pem, (int)strlen(pem)) == 0;
    }
    jwt_free(unverified);
    jwt_free(jwt);
    return ok;
}
