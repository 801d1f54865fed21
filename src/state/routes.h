/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which issuer, and which of its documents, a request's path and host name; built with the
 * snapshot. */

#include "state/snapshot.h"

#include <stddef.h>

struct route_table;

struct route {
    size_t issuer; /* index into snapshot->issuers */
    enum document_id document;
};

/* The path of a document below its issuer's, e.g. "/openid/v1/jwks". */
const char *routes_suffix(enum document_id document);

/* urls: the issuers' valid, distinct URLs in the order of the snapshot. NULL when out of
 * memory. */
struct route_table *routes_new(const char *const *urls, size_t count) MUST_USE;
void routes_free(struct route_table *t);
DEFINE_AUTO(route_table, routes_free)

/* Finds the document at the raw path (no query, nothing decoded) for the Host header's value
 * (may be NULL). Where several issuers share a path, the one whose URL has that host and port
 * answers, else the only one with that host name; where one issuer alone has the path, any host
 * will do, as a proxy in front may rewrite it. false: no such document. No allocation. */
bool routes_find(const struct route_table *t,
                 const char *path,
                 const char *host,
                 struct route *out) MUST_USE;

/* Finds the issuer whose URL has exactly this path (len bytes, "" for none), by host as above.
 */
bool routes_find_issuer(const struct route_table *t,
                        const char *path,
                        size_t len,
                        const char *host,
                        size_t *issuer) MUST_USE;
