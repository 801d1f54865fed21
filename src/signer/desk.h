/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The signer of the process: the cluster issuer whose claims it signs, and since when its keys
 * are listed. What the socket's threads do with it is in signer/clerk.h. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct issuer;
struct sign_desk;
struct sign_listing;
struct snapshot;
struct state;

/* The issuer that signs for kube-apiserver; NULL without a signer listener. */
const struct issuer *sign_issuer(const struct snapshot *s);

/* Takes up what the process before left in the state file, and lists the keys of the current
 * snapshot. What goes wrong with that file never keeps a cluster from its signer: it is told by
 * sign_desk_warning(). st must outlive the desk. */
bool sign_desk_new(struct state *st, struct sign_desk **out, struct sai_err *e) MUST_USE;
void sign_desk_free(struct sign_desk *d); /* takes NULL */
DEFINE_AUTO(sign_desk, sign_desk_free)

/* Whether the keys of the next snapshot may follow: SAI_E_DENIED, with the path of the place,
 * if verifiers might not know yet whatever would sign then. Takes NULL. */
bool sign_desk_check(struct sign_desk *d, const struct snapshot *next, struct sai_err *e)
    MUST_USE;
/* The snapshot is the current one from now on. false: it is, but something could not be
 * remembered. Takes NULL. */
bool sign_desk_adopt(struct sign_desk *d, const struct snapshot *s, struct sai_err *e) MUST_USE;
/* What deserves attention at the start; NULL: nothing. */
const struct sai_err *sign_desk_warning(const struct sign_desk *d);

/* The kid of a key that is to sign and is not known for long enough yet, and from when on it
 * will; NULL: there is none. Borrowed from the snapshot. Takes NULL. */
const char *
sign_desk_waiting_kid(struct sign_desk *d, const struct snapshot *s, int64_t *from_s);

struct state *sign_desk_state(struct sign_desk *d);
struct sign_listing *sign_desk_listing(struct sign_desk *d);

/* Appends metrics about the keys (text format of Prometheus). */
void sign_desk_put_metrics(struct sign_desk *d, struct buf *b);
