/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Keys and key sets.
 *
 * A key is one RSA (2048 to 8192 bits), P-256, P-384, P-521 or Ed25519 key, public or private.
 * Its kid is Kubernetes': base64url without padding of the SHA-256 of the DER
 * SubjectPublicKeyInfo, always 43 characters. A key set is the keys of one issuer in the order
 * of their files; the same key found twice is one key, private if either is.
 *
 * Key sets are immutable and may be used by any number of threads. */

#include <sa_issuer/err.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sai_key;
struct sai_keyset;

struct sai_keyset_options {
    /* Files, or directories whose *.pem, *.key, *.pub and *.crt files are read in name order
     * (names that start with a dot are skipped, others are warned of). A file holds one or more
     * PEM blocks: PKCS#1, PKCS#8, SEC1, SubjectPublicKeyInfo, PKCS#1 public keys, or X.509
     * certificates (the public key is used, nothing else of them is looked at). */
    const char *const *paths;
    size_t path_count;
    /* Which files hold the active private key of their algorithm: base names, or paths as
     * above. Without any, the first private key of each algorithm is the active one; with any,
     * only keys of these files are active, and a file must not hold two of one algorithm. */
    const char *const *signing;
    size_t signing_count;
    /* File with the passphrase of encrypted private keys (a final line end is not part of it);
     * NULL: encrypted keys are refused. */
    const char *passphrase_file;
    /* What RSA keys sign and are published for: "RS256", "RS384" or "RS512", since a JWK names
     * one algorithm. NULL: RS256, which every verifier takes. */
    const char *rsa_algorithm;
    bool allow_ed25519; /* false: refuse Ed25519, as many verifiers fail the whole set on it */
    size_t max_keys;    /* 0: 100; twice as many files may be read */
    size_t max_file_bytes; /* 0: 65536 */
};

/* Reads, checks and orders the keys. Checked are strength (RSA 2048 to 8192 bits with an odd
 * exponent of 65537 or more and at most 31 bits, no known weak modulus), named curves, that one
 * signature made with each private key verifies, and modes: a file with a private key must not
 * be open to others nor writable by its group, no key file or directory writable by others.
 *
 * Every mistake goes to the report, with the file's name and the line of its PEM block, or with
 * the path "signing[i]" for an entry of options->signing or "rsaAlgorithm"; what only deserves
 * attention is added as a warning. SAI_E_NOTFOUND and SAI_E_IO may go away when tried again:
 * files are replaced while they are read. On success the caller owns *out, which keeps nothing
 * of options. */
SAI_API bool sai_keyset_load(const struct sai_keyset_options *options,
                             struct sai_keyset **out,
                             struct sai_report *r);
SAI_API void sai_keyset_free(struct sai_keyset *ks); /* takes NULL */

SAI_API size_t sai_keyset_count(const struct sai_keyset *ks);
/* Borrowed from the key set; i < sai_keyset_count(). */
SAI_API const struct sai_key *sai_keyset_get(const struct sai_keyset *ks, size_t i);
/* The key that signs for this algorithm ("RS256"); NULL if there is none. */
SAI_API const struct sai_key *sai_keyset_active(const struct sai_keyset *ks, const char *alg);
/* The directories and files that were read, the passphrase file too, for watching; borrowed.
 * i < sai_keyset_source_count(). */
SAI_API size_t sai_keyset_source_count(const struct sai_keyset *ks);
SAI_API const char *sai_keyset_source(const struct sai_keyset *ks, size_t i);
/* SHA-256 over the names and contents of the key files (not of the passphrase file). */
SAI_API void sai_keyset_fingerprint(const struct sai_keyset *ks, unsigned char out[32]);

/* All borrowed from the key. */
SAI_API const char *sai_key_id(const struct sai_key *k);   /* 43 characters */
SAI_API const char *sai_key_alg(const struct sai_key *k);  /* "RS256", "ES384", "EdDSA", ... */
SAI_API const char *sai_key_file(const struct sai_key *k); /* where it was found first */
SAI_API bool sai_key_is_private(const struct sai_key *k);
SAI_API bool sai_key_is_active(const struct sai_key *k);

#ifdef __cplusplus
}
#endif
