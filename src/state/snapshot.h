/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The snapshot: the immutable whole of configuration, key sets, rendered documents, routes
 * and serving certificates that requests are answered from. Built aside, validated whole,
 * swapped in by state/state.h. Reference-counted; the last reference frees it. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct certificate;
struct conf;
struct conf_issuer;
struct inputs;
struct route_table;
struct sai_accounts;
struct sai_audience;
struct sai_claim_rule;
struct sai_keyset;
struct sai_policy;

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
    struct sai_keyset *legacy_keys; /* of the signer's clients, never published; NULL: none */
    struct sai_policy *policy;      /* NULL: mints nothing */
    /* What the policy was made of. */
    const struct sai_claim_rule *rules;
    const struct sai_audience *audiences;
    struct document documents[DOCUMENT_COUNT];
};

enum { FINGERPRINT_BYTES = 32 };

/* Nothing but refs and generation changes after snapshot_build(); generation is set once, when
 * the snapshot becomes the current one. */
struct snapshot {
    _Atomic unsigned refs;
    uint64_t generation; /* from 1, grows by one at each swap */
    int64_t built_unix_ms;
    struct conf *conf;
    struct issuer *issuers;
    size_t issuer_count;
    struct route_table *routes;
    struct sai_accounts *accounts; /* NULL: none are configured */
    /* Serving certificates of the listeners; NULL: plain HTTP. */
    struct certificate *discovery_certificate;
    struct certificate *tokens_certificate; /* with the client CA, if any */
    struct certificate *admin_certificate;
    unsigned char fingerprint[FINGERPRINT_BYTES]; /* SHA-256 over every file that was read */
    struct arena *arena;                          /* owns the documents */
};

/* Builds from a configuration file; every mistake goes to the report, what was read or should
 * have been to inputs, on failure too. The caller owns the one reference. */
bool snapshot_build(const char *conf_file,
                    struct inputs *inputs,
                    struct snapshot **out,
                    struct sai_report *r) MUST_USE;

/* Any thread. */
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s); /* takes NULL */
DEFINE_AUTO(snapshot, snapshot_unref)
