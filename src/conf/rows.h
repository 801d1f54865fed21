/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of rows share. Of this room only. */

#include "conf/schema.h"

#define AT(tag, member) .offset = offsetof(struct tag, member)

#define MS     1ULL
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    1024ULL
#define MIB    (1024 * KIB)

extern const struct schema_row listeners_rows[];
extern const struct schema_row accounts_rows[];
extern const struct schema_row callers_rows[];
extern const struct schema_row signer_rows[];
