/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which issuer and document a request path and host name; built with the snapshot. */

#include "state/snapshot.h"

#include <stddef.h>

struct route_table;

struct route {
    size_t issuer; /* index into snapshot->issuers */
    enum document_id document;
};

/* Finds the document at the raw path (no query, nothing decoded) for the Host header's value
 * (may be NULL). Where several issuers share a path, the one whose URL has that host and port
 * answers, else the one with that host name; where only one issuer has the path, any host will
 * do, as a proxy in front may rewrite it. false: no such document. Constant time; no
 * allocation. */
bool routes_find(const struct route_table *t,
                 const char *path,
                 const char *host,
                 struct route *out) MUST_USE;
