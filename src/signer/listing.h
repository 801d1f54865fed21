/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Since when each key has been listed, and so which one signs.
 *
 * API servers ask for the keys once in a refresh interval and verifiers keep the key set that
 * they were given: a key that signs too early makes tokens that somebody cannot verify yet. So
 * a key signs only after it has been listed for the longer of both times, and until then the
 * one before it goes on. What is remembered can be kept over a restart as a text.
 *
 * Any thread. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct issuer;
struct sai_key;
struct sign_listing;

/* NULL when out of memory. */
struct sign_listing *sign_listing_new(void) MUST_USE;
void sign_listing_free(struct sign_listing *l); /* takes NULL */
DEFINE_AUTO(sign_listing, sign_listing_free)

/* What an earlier process wrote with sign_listing_put(), before the first sign_listing_adopt().
 * Errors: SAI_E_SYNTAX, SAI_E_INVALID, SAI_E_LIMIT, SAI_E_NOMEM; then nothing is remembered. */
bool sign_listing_restore(struct sign_listing *l,
                          const char *text,
                          size_t len,
                          struct sai_err *e) MUST_USE;
/* Appends a JSON object and a line end. */
void sign_listing_put(struct sign_listing *l, struct buf *b);

/* Whether these keys may take the place of those listed: SAI_E_DENIED if none of them could
 * sign at now_s that has been listed for long enough. */
bool sign_listing_check(struct sign_listing *l,
                        const struct issuer *next,
                        int64_t now_s,
                        struct sai_err *e) MUST_USE;
/* These keys are listed from now on. The first ones of all count as listed for ever: nobody can
 * have cached a list without them. */
bool sign_listing_adopt(struct sign_listing *l,
                        const struct issuer *issuer,
                        int64_t now_s,
                        struct sai_err *e) MUST_USE;

/* The key of these that signs at now_s: the active one, as soon as it may. Borrowed from the
 * issuer; NULL: none of them can. */
const struct sai_key *
sign_listing_signing_key(struct sign_listing *l, const struct issuer *issuer, int64_t now_s);

/* The active key, if it is not the one that signs at now_s, and from when on it may; NULL:
 * there is none to wait for. */
const struct sai_key *sign_listing_waiting_key(struct sign_listing *l,
                                               const struct issuer *issuer,
                                               int64_t now_s,
                                               int64_t *from_s);

/* When what is listed last changed, seconds since 1970. */
int64_t sign_listing_changed_s(struct sign_listing *l);
/* Since when the key is listed; 0: for ever; -1: not at all. */
int64_t sign_listing_since_s(struct sign_listing *l, const char *kid);

/* Whether kube-apiserver can take a key of that algorithm ("RS256"); of others it refuses the
 * whole list. */
bool sign_listing_takes(const char *alg);
/* What the active key is for kube-apiserver: RSA before EC. NULL: there is none. */
const struct sai_key *sign_listing_active_key(const struct issuer *issuer);
/* How long a key is listed before it signs. */
uint64_t sign_listing_wait_s(const struct issuer *issuer);
