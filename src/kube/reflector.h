/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Keeps one kind of objects in a table as the API has them: a list in pages, then a watch, and
 * whatever goes wrong on the way. Runs on the client's thread. Used within kube/ only. */

#include "base/attr.h"
#include "base/err.h"
#include "kube/accounts.h"
#include "kube/event.h"
#include "kube/table.h"

struct kube_client;
struct reflector;

/* All of these must outlive the result, which ends with the client. */
struct reflector *reflector_new(struct kube_client *client,
                                const struct resource *resource,
                                struct table *table,
                                enum table_kind kind,
                                const struct kube_accounts_options *options) MUST_USE;
void reflector_free(struct reflector *r); /* after the client; takes NULL */

bool reflector_start(struct reflector *r, struct sai_err *e) MUST_USE;
void reflector_counts(const struct reflector *r, struct kube_accounts_counts *add_to);
