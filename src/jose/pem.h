/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Finds the PEM blocks of a file (RFC 7468). What stands between them is text and is ignored,
 * as openssl and Go do; what looks like a damaged block is an error, never text. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { PEM_LABEL_SIZE = 64 };

struct pem_block {
    char label[PEM_LABEL_SIZE]; /* "PUBLIC KEY" */
    const char *text;           /* from -----BEGIN to the end of the -----END line */
    size_t len;
    unsigned line; /* of -----BEGIN, from 1 */
};

struct pem_reader {
    const char *at;
    const char *end;
    unsigned line; /* of at */
};

/* The bytes stay the caller's and must outlive the blocks. */
void pem_reader_init(struct pem_reader *r, const void *bytes, size_t len);

/* true with a block; false at the end, or with an error (SAI_E_SYNTAX, with e->line but not
 * the file), after which the rest cannot be read. */
bool pem_next(struct pem_reader *r, struct pem_block *out, struct sai_err *e) MUST_USE;
