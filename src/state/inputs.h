/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files and directories that an attempt to build a snapshot looked at, whether it
 * succeeded or not: what must be watched for the next attempt to be worth while. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inputs;

struct inputs *inputs_new(void) MUST_USE; /* NULL when out of memory */
void inputs_free(struct inputs *in);      /* takes NULL */
DEFINE_AUTO(inputs, inputs_free)

/* Copies path; one that is known already or NULL adds nothing. */
bool inputs_add(struct inputs *in, const char *path, struct sai_err *e) MUST_USE;
size_t inputs_count(const struct inputs *in);
/* Borrowed; i < inputs_count(). */
const char *inputs_get(const struct inputs *in, size_t i);

/* A number that changes when any of them does, as far as stat() tells: device, inode, size,
 * mode and times. 0 where one changed so lately that it may change again within the same tick.
 */
uint64_t inputs_signature(const struct inputs *in);
