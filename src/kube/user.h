/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Users, from and to the JSON of the two reviews. Used within kube/ only. */

#include "base/buf.h"
#include "codec/json.h"
#include "kube/review.h"

/* From status.user of a TokenReview. */
bool user_read(const json_t *value, struct kube_user **out, struct sai_err *e) MUST_USE;

/* Appends the members user, uid, groups and extra of a SubjectAccessReview's spec. */
void user_put(struct buf *b, const struct kube_user *u);
