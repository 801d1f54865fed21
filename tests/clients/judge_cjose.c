/* SPDX-License-Identifier: Apache-2.0 */

/* cjose as a judge. */

#include "judge.h"

#include <cjose/cjose.h>
#include <stdlib.h>
#include <string.h>

static cjose_jwk_t *key_of(const json_t *jwk)
{
    char *text = json_dumps(jwk, JSON_COMPACT);
    cjose_jwk_t *key = text == NULL ? NULL : cjose_jwk_import(text, strlen(text), NULL);

    free(text);
    return key;
}

int verifies(const json_t *set, const char *token)
{
    cjose_err e;
    cjose_jws_t *jws = token == NULL ? NULL : cjose_jws_import(token, strlen(token), &e);
    cjose_header_t *header = jws == NULL ? NULL : cjose_jws_get_protected(jws);
    cjose_jwk_t *key = NULL;
    int ok;

    if (header != NULL)
        key = key_of(judge_key(set, cjose_header_get(header, CJOSE_HDR_KID, &e),
                               cjose_header_get(header, CJOSE_HDR_ALG, &e)));
    ok = key != NULL && cjose_jws_verify(jws, key, &e);
    cjose_jws_release(jws);
    cjose_jwk_release(key);
    return ok;
}
