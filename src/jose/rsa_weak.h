/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* RSA moduli that are the right size and yet can be factored. Of this room only. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>

struct bignum_st; /* BIGNUM */

/* Refuses (SAI_E_INVALID) a modulus with a small factor, one made by the Infineon library
 * (ROCA, CVE-2017-15361), and one whose factors are close together (Fermat's method). */
bool rsa_weak_check(const struct bignum_st *n, struct sai_err *e) MUST_USE;
