/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who the caller turned out to be, in the form that the audit trail has. */

#include "tokens/job.h"

#include <stdbool.h>
#include <stddef.h>

struct kube_user;

enum { WHO_BYTES = 768 };

struct who {
    bool known;
    size_t key_len;       /* of text: the same for all requests of one caller */
    char text[WHO_BYTES]; /* longer names are cut, and end with "..." */
};

/* "unix:uid=0,gid=0,pid=1"; the key ends before the pid. */
void who_set_peer(struct who *w, const struct token_caller *c);
/* "certificate:<user>" */
void who_set_certificate(struct who *w, const struct token_caller *c);
/* "kubernetes:<user> (uid <uid>)"; the key has the uid. */
void who_set_user(struct who *w, const struct kube_user *u);
/* "pod:<namespace>/<pod>" */
void who_set_pod(struct who *w, const char *namespace_name, const char *pod);
