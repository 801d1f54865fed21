/* SPDX-License-Identifier: Apache-2.0 */

/* A library as a verifier of signatures, in batch; built and run by judge.py. Its argument is a
 * JWK Set; tokens come as JSON strings, a line each. */

#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *judge_key(const json_t *set, const char *kid, const char *alg)
{
    size_t i;
    json_t *jwk;

    if (kid == NULL || alg == NULL)
        return NULL;
    json_array_foreach (json_object_get(set, "keys"), i, jwk) {
        if (strcmp(json_string_value(json_object_get(jwk, "kid")), kid) == 0)
            return strcmp(json_string_value(json_object_get(jwk, "alg")), alg) == 0 ? jwk
                                                                                    : NULL;
    }
    return NULL;
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
