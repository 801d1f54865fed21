/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A configuration as the commands need it that work without the daemon. */

#include "base/attr.h"
#include "state/snapshot.h"

#include <sa_issuer/err.h>
#include <stdbool.h>

/* Builds the whole snapshot, as serve would. Its mistakes are printed, and e says that the file
 * is refused. */
bool configuration_load(const char *file, struct snapshot **out, struct sai_err *e) MUST_USE;

/* NULL: no issuer has that URL. */
const struct issuer *configuration_issuer(const struct snapshot *s, const char *url);
