/* SPDX-License-Identifier: Apache-2.0 */

/* cjose as a verifier of signatures, in batch; built and run by judge.py. Its argument is a JWK
 * Set; tokens come as JSON strings, a line each. */

#include <cjose/cjose.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cjose_jwk_t *key_of(const json_t *set, const char *kid, const char *alg)
{
    cjose_jwk_t *key = NULL;
    size_t i;
    json_t *jwk;

    json_array_foreach (json_object_get(set, "keys"), i, jwk) {
        const char *own = json_string_value(json_object_get(jwk, "kid"));
        const char *for_alg = json_string_value(json_object_get(jwk, "alg"));

        /* The binding of algorithm and key is the caller's part. */
        if (kid == NULL || strcmp(own, kid) != 0 || alg == NULL || strcmp(for_alg, alg) != 0)
            continue;
        char *text = json_dumps(jwk, JSON_COMPACT);

        key = cjose_jwk_import(text, strlen(text), NULL);
        free(text);
        break;
    }
    return key;
}

static int verifies(const json_t *set, const char *token)
{
    cjose_err e;
    cjose_jws_t *jws = cjose_jws_import(token, strlen(token), &e);
    cjose_header_t *header = jws == NULL ? NULL : cjose_jws_get_protected(jws);
    cjose_jwk_t *key = NULL;
    int ok;

    if (header != NULL)
        key = key_of(set, cjose_header_get(header, CJOSE_HDR_KID, &e),
                     cjose_header_get(header, CJOSE_HDR_ALG, &e));
    ok = key != NULL && cjose_jws_verify(jws, key, &e);
    cjose_jws_release(jws);
    cjose_jwk_release(key);
    return ok;
}

int main(int argc, char **argv)
{
    json_t *set = argc == 2 ? json_loads(argv[1], 0, NULL) : NULL;
    char *line = NULL;
    size_t size = 0;

    if (set == NULL)
        return 2;
    while (getline(&line, &size, stdin) > 0) {
        json_t *token = json_loads(line, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        puts(verifies(set, json_string_value(token)) ? "accept" : "refuse");
        (void)fflush(stdout);
        json_decref(token);
    }
    free(line);
    json_decref(set);
    return 0;
}
