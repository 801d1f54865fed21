/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Allow lists (callers.unixPeers, callers.clientCertificates): which callers may ask for which
 * accounts' tokens. */

#include "conf/conf.h"
#include "tokens/job.h"

#include <stddef.h>

/* The first row that has both the caller and the account; NULL: not allowed. Looks at uid and
 * gid of a caller of kind CALLER_PEER, at user and groups of one of kind CALLER_CERTIFICATE. */
const struct conf_caller *allow_find(const struct conf_caller *rows,
                                     size_t count,
                                     const struct token_caller *caller,
                                     const char *namespace_name,
                                     const char *name);
