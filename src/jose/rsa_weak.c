/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/rsa_weak.h"

#include "jose/ossl.h"

#include <stdint.h>

/* As many as Boulder tries: found in practice are keys that fall in fewer than 100. */
enum { FERMAT_ROUNDS = 110 };

/* Infineon's primes are powers of 65537 modulo each of these, so its moduli are too; a random
 * modulus passes for one with a probability of 2^-27 or so (Nemec and others, "The Return of
 * Coppersmith's Attack", section 3). Those with the full group as subgroup tell nothing but
 * small factors. */
static const unsigned small_primes[] = { 3,   5,   7,   11,  13,  17,  19,  23,  29,  31,
                                         37,  41,  43,  47,  53,  59,  61,  67,  71,  73,
                                         79,  83,  89,  97,  101, 103, 107, 109, 113, 127,
                                         131, 137, 139, 149, 151, 157, 163, 167 };

static bool is_power_of_65537(unsigned residue, unsigned prime)
{
    unsigned g = 65537U % prime;
    unsigned v = 1;

    do {
        if (v == residue)
            return true;
        v = v * g % prime;
    } while (v != 1);
    return false;
}

static bool check_residues(const BIGNUM *n, struct sai_err *e)
{
    bool roca = true;

    for (size_t i = 0; i < ARRAY_SIZE(small_primes); i++) {
        BN_ULONG residue = BN_mod_word(n, small_primes[i]);

        if (residue == (BN_ULONG)-1)
            return ossl_fail(e, SAI_E_CRYPTO, "cannot examine the RSA modulus");
        if (residue == 0)
            return err_set(e, SAI_E_INVALID, "RSA modulus is divisible by %u", small_primes[i]);
        roca = roca && is_power_of_65537((unsigned)residue, small_primes[i]);
    }
    return !roca || err_set(e, SAI_E_INVALID,
                            "RSA key made by a faulty generator (ROCA, CVE-2017-15361)");
}

/* *root = floor(sqrt(v)) by Newton's method from above; scratch is the caller's. */
static bool square_root(BIGNUM *root, const BIGNUM *v, BIGNUM *next, BN_CTX *ctx)
{
    BN_zero(next);
    if (BN_set_bit(next, (BN_num_bits(v) + 1) / 2) != 1)
        return false;
    do {
        if (BN_copy(root, next) == NULL || BN_div(next, NULL, v, root, ctx) != 1 ||
            BN_add(next, next, root) != 1 || BN_rshift1(next, next) != 1)
            return false;
    } while (BN_cmp(next, root) < 0);
    return true;
}

/* Rules out most numbers that are no square without a root. */
static bool may_be_square(const BIGNUM *v)
{
    static const unsigned moduli[] = { 64, 63, 65, 11 };

    for (size_t i = 0; i < ARRAY_SIZE(moduli); i++) {
        unsigned residue = (unsigned)BN_mod_word(v, moduli[i]);
        bool found = false;

        for (unsigned x = 0; x < moduli[i] && !found; x++)
            found = x * x % moduli[i] == residue;
        if (!found)
            return false;
    }
    return true;
}

struct fermat {
    BN_CTX *ctx;
    BIGNUM *a;    /* candidate for (p + q) / 2 */
    BIGNUM *rest; /* a^2 - n, a square when the candidate is right */
    BIGNUM *root;
    BIGNUM *scratch;
};

/* Whether rest is a square, and so n = a^2 - rest a difference of two; false is a failure. */
static bool try_candidate(struct fermat *f, const BIGNUM *n, bool *factored)
{
    if (BN_sqr(f->rest, f->a, f->ctx) != 1 || BN_sub(f->rest, f->rest, n) != 1)
        return false;
    /* a starts at floor(sqrt(n)): the first rest is zero or negative. */
    *factored = BN_is_zero(f->rest);
    if (*factored || BN_is_negative(f->rest) || !may_be_square(f->rest))
        return true;
    if (!square_root(f->root, f->rest, f->scratch, f->ctx) ||
        BN_sqr(f->root, f->root, f->ctx) != 1)
        return false;
    *factored = BN_cmp(f->root, f->rest) == 0;
    return true;
}

static bool fermat_factors(struct fermat *f, const BIGNUM *n, bool *factored)
{
    *factored = false;
    if (!square_root(f->a, n, f->scratch, f->ctx))
        return false;
    for (unsigned i = 0; i < FERMAT_ROUNDS && !*factored; i++) {
        if (!try_candidate(f, n, factored) || BN_add_word(f->a, 1) != 1)
            return false;
    }
    return true;
}

static bool check_fermat(const BIGNUM *n, struct sai_err *e)
{
    AUTO(BN_CTX) BN_CTX *ctx = BN_CTX_new();
    struct fermat f = { .ctx = ctx };
    bool factored = false;
    bool ok = false;

    if (ctx != NULL) {
        BN_CTX_start(ctx);
        f.a = BN_CTX_get(ctx);
        f.rest = BN_CTX_get(ctx);
        f.root = BN_CTX_get(ctx);
        f.scratch = BN_CTX_get(ctx); /* NULL if any of them is */
        ok = f.scratch != NULL && fermat_factors(&f, n, &factored);
        BN_CTX_end(ctx);
    }
    if (!ok)
        return ossl_fail(e, SAI_E_CRYPTO, "cannot examine the RSA modulus");
    return !factored ||
           err_set(e, SAI_E_INVALID, "RSA modulus can be factored: its primes are too close");
}

bool rsa_weak_check(const struct bignum_st *n, struct sai_err *e)
{
    return check_residues(n, e) && check_fermat(n, e);
}
