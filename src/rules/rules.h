/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Claim rules, compiled: from the attributes of an account to the JSON texts of claims. */

#include <sa_issuer/account.h>
#include <sa_issuer/policy.h>
#include <stddef.h>

/* A JSON text within a buffer, which may move while it grows; len 0: none. */
struct json_span {
    size_t at;
    size_t len;
};
