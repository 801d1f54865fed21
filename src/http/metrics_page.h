/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "http/service.h"

/* Appends everything that /metrics tells, in the Prometheus text format. */
void metrics_page(struct buf *b, const struct http_env *env);
/* The part about the process itself, from /proc and the kernel. */
void process_metrics(struct buf *b, int64_t start_unix_ms);
