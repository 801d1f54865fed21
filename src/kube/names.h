/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether names are names at all. Used within kube/ only. */

#include "accounts/names.h"

static inline bool kube_is_label(const char *s)
{
    struct sai_err ignored = { 0 };

    return name_check_label(s, &ignored);
}

static inline bool kube_is_subdomain(const char *s)
{
    struct sai_err ignored = { 0 };

    return name_check_subdomain(s, &ignored);
}
