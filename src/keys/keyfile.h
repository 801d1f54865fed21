/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One file of keys. */

#include "base/attr.h"
#include "base/buf.h"
#include "jose/digest.h"
#include "keys/keyset.h"

/* What does not change from file to file. */
struct keyfile_reader {
    struct sai_keyset *keys; /* where keys are added */
    const struct buf *passphrase;
    const struct alg *rsa_alg; /* what RSA keys are for */
    bool allow_ed25519;
    size_t max_bytes;
    struct sha256_stream *fingerprint; /* names and contents are added */
    struct sai_report *report;
};

/* Adds the keys of the file, each proved; every mistake goes to the report. path must live as
 * long as the key set; named: an entry of options->signing names it. *private_keys is how many
 * private keys it holds. false if and only if an error was reported. */
bool keyfile_read(const struct keyfile_reader *in,
                  const char *path,
                  bool named,
                  size_t *private_keys) MUST_USE;

/* The passphrase of a file, without the line end after it. */
bool keyfile_read_passphrase(const char *path, struct buf *out, struct sai_report *r) MUST_USE;
