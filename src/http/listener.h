/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the snapshot holds for each listener. */

#include "http/stats.h"
#include "state/snapshot.h"

#include <stdbool.h>

struct conf_listener;

const struct conf_listener *listener_conf(const struct conf *c, enum listener_id id);
/* Whether the configuration has that listener at all. */
bool listener_is_wanted(const struct conf *c, enum listener_id id);
/* NULL: plain HTTP. */
struct certificate *listener_certificate(const struct snapshot *s, enum listener_id id);
