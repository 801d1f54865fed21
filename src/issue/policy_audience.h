/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The audiences of a policy, compiled. */

#include "issue/policy.h"

/* Needs the keys and lifetimes of the policy. false: out of memory; mistakes are in the report
 * only. */
bool policy_add_audiences(struct sai_policy *p,
                          const struct sai_policy_options *o,
                          struct sai_report *r) MUST_USE;
