/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The signals of a process that runs until it is told to stop. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>

/* SIGHUP, SIGINT and SIGTERM become readable from *fd (struct signalfd_siginfo), which does not
 * block and is the caller's to close, so that no thread is ever interrupted by one; SIGPIPE is
 * blocked. Before the first thread is made, as those inherit it. */
bool signals_open(int *fd, struct sai_err *e) MUST_USE;
