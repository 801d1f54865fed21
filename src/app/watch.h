/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Watches files and directories for change by inotify on the directories they, and every
 * symbolic link on the way to them, are in. So a rename into place, kubelet's swap of the
 * ..data link of a Secret or ConfigMap volume, and a change at the end of a link are all seen.
 */

#include "base/attr.h"
#include "state/inputs.h"

#include <sa_issuer/err.h>
#include <stdbool.h>

struct watch;

bool watch_new(struct watch **out, struct sai_err *e) MUST_USE;
void watch_free(struct watch *w); /* takes NULL */
DEFINE_AUTO(watch, watch_free)

/* Readable when something happened. */
int watch_fd(const struct watch *w);

/* Watches these from now on, and nothing else. *grown: something is watched that was not
 * before, so that a change of it may have gone unseen. What cannot be watched is left out:
 * the poll is there for it. */
bool watch_set(struct watch *w, const struct inputs *inputs, bool *grown, struct sai_err *e)
    MUST_USE;

/* Takes what happened; true if any of it concerns what is watched. */
bool watch_drain(struct watch *w);
