/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The steps of an issuance, for the files of this room. */

#include "service/issuance.h"

/* In their order, NULL behind the last. */
extern issuance_step_fn *const tokenrequest_steps[];
extern issuance_step_fn *const exchange_steps[];

/* VERDICT_PASS once the look-up has been told, else VERDICT_WAIT. */
enum verdict
step_want(struct issuance *i, enum lookup lookup, const char *namespace_name, const char *name);
/* VERDICT_REFUSE if there is a refusal. */
enum verdict step_verdict(const struct issuance *i);

enum audience_fault { AUDIENCE_FINE, AUDIENCE_OF_API, AUDIENCE_UNKNOWN, AUDIENCE_NOT_ALLOWED };
enum audience_fault step_check_audience(const struct issuance *i, const char *audience);

/* The pod that the token is bound to: it exists, runs as the account, and has that uid (NULL:
 * any). Fills request.pod. */
enum verdict step_check_pod(struct issuance *i, const char *name, const char *uid);
enum verdict step_check_secret(struct issuance *i, const char *name, const char *uid);
enum verdict step_check_node(struct issuance *i, const char *name, const char *uid);
/* The node of i->pod, whose uid is left out if there is no such node. */
enum verdict step_check_node_of_pod(struct issuance *i);
/* Namespace and account, with that uid (NULL: any). */
enum verdict step_check_namespace(struct issuance *i);
enum verdict step_check_account(struct issuance *i);
