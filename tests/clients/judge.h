/* SPDX-License-Identifier: Apache-2.0 */

/* What the judges in C share: judge.c holds main(), which calls the one verifies() that it was
 * linked with. */

#pragma once

#include <jansson.h>

/* The key with that kid, if it is for that algorithm; else, and for NULL, none. Borrowed. */
json_t *judge_key(const json_t *set, const char *kid, const char *alg);

/* Whether the library accepts the signature of a token, which may be NULL. */
int verifies(const json_t *set, const char *token);
