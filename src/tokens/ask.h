/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Questions to Kubernetes for a job. Each leaves its answer, copied, in j->question: at once,
 * or else on another thread, and then the job waits: see ask_is_answered(). */

#include "tokens/inside.h"

/* Who bears the token? Fills verdict, user and why; the first only if that is known from an
 * answer a moment ago: else false, and nothing has been asked. */
bool ask_known(struct token_job *j, const char *token) MUST_USE;
void ask_who(struct token_job *j, const char *token);
/* May that user create tokens of the account? Fills verdict and why. */
void ask_access(struct token_job *j,
                const struct kube_user *user,
                const char *namespace_name,
                const char *name);
/* Fills finding, the two facts of its Namespace, account and why. */
void ask_account(struct token_job *j, const char *namespace_name, const char *name);
/* Fills finding, object and why. */
void ask_object(struct token_job *j, const struct issuance_lookup *l);

/* Whether there is an answer. What was written before it is then to be seen. */
bool ask_is_answered(struct token_job *j);
/* The owner is woken when there is an answer, perhaps now. */
void ask_arm(struct token_job *j);
/* The job is given up: false if its memory is now the question's, which is not answered yet. */
bool ask_end(struct token_job *j);
