/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the snapshot holds for each listener. */

#include "http/stats.h"
#include "state/snapshot.h"

struct conf_listener;

const struct conf_listener *listener_conf(const struct conf *c, enum listener_id id);
/* NULL: plain HTTP. */
const struct certificate *listener_certificate(const struct snapshot *s, enum listener_id id);
