/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a kube_config refers to, as it is now: files that others renew (the kubelet, kubeadm,
 * cert-manager) are read again when they change. Owned by one thread. */

#include "base/attr.h"
#include "base/err.h"
#include "kube/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct credentials;

struct credential_text {
    const char *text; /* NULL: there is none */
    size_t len;
};

/* Borrowed, until the next call. */
struct credential_view {
    struct credential_text ca;
    struct credential_text certificate;
    struct credential_text key;
    struct credential_text token; /* fit for a header */
};

/* config must outlive the result. NULL when out of memory. */
struct credentials *credentials_new(const struct kube_config *config) MUST_USE;
void credentials_free(struct credentials *c); /* takes NULL */
DEFINE_AUTO(credentials, credentials_free)

/* A file that cannot be read, or holds nothing, leaves what was read before; without such the
 * call fails. A token is taken from its file again after 50 s in any case, as client-go does,
 * for file systems that do not tell changes. */
bool credentials_get(struct credentials *c,
                     uint64_t now_ms,
                     struct credential_view *out,
                     struct sai_err *e) MUST_USE;

/* The API refused the token: read the file again next time. */
void credentials_rejected(struct credentials *c);
