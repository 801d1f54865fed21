/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The snapshot: the immutable whole of configuration, key sets, rendered documents, routes
 * and serving certificates that requests are answered from. Built aside, validated whole,
 * swapped in by state/state.h. Reference-counted; the last reference frees it. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct conf_issuer;
struct certificate;
struct route_table;
struct sai_keyset;

enum document_id { DOCUMENT_DISCOVERY, DOCUMENT_JWKS, DOCUMENT_COUNT };

/* A response that needs no more work: all strings live as long as the snapshot. */
struct document {
    const char *bytes;
    size_t size;
    const char *content_type;
    const char *cache_control;
    const char *etag; /* strong, with its quotes */
};

struct issuer {
    const struct conf_issuer *conf;
    struct sai_keyset *keys;
    struct document documents[DOCUMENT_COUNT];
};

struct snapshot {
    uint64_t generation; /* from 1, grows by one at each swap */
    int64_t built_unix_ms;
    const struct conf *conf;
    const struct issuer *issuers;
    size_t issuer_count;
    const struct route_table *routes;
    /* Serving certificates of the listeners; NULL: plain HTTP. */
    const struct certificate *discovery_certificate;
    const struct certificate *admin_certificate;
    unsigned char fingerprint[32]; /* SHA-256 over every file that was read */
};

/* Builds from a configuration file; every mistake goes to the report. The caller owns the
 * one reference. */
bool snapshot_build(const char *conf_file, struct snapshot **out, struct sai_report *r)
    MUST_USE;

/* Any thread. */
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s); /* takes NULL */
DEFINE_AUTO(snapshot, snapshot_unref)
