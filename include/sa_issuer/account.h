/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Accounts: ServiceAccounts (core/v1) with the metadata of their Namespaces, read from
 * manifests as kubectl prints them. */

#include <sa_issuer/err.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One annotation or label. */
struct sai_pair {
    const char *key;
    const char *value;
};

/* Sorted by key, bytewise; no key twice. */
struct sai_pairs {
    const struct sai_pair *items;
    size_t count;
};

/* One account as the issuer sees it. Everything is borrowed from where it was found. */
struct sai_account {
    const char *namespace_name; /* DNS-1123 label */
    const char *name;           /* DNS-1123 subdomain: dots are legal */
    const char *uid;
    struct sai_pairs annotations;
    struct sai_pairs labels;
    struct sai_pairs namespace_annotations;
    struct sai_pairs namespace_labels;
    const char *file; /* where it was found; NULL: not in a file */
    unsigned line;
};

/* The value of a key, NULL without it; borrowed. */
SAI_API const char *sai_pairs_find(const struct sai_pairs *pairs, const char *key);

/* Immutable once loaded; any number of threads may look things up. */
struct sai_accounts;

struct sai_accounts_options {
    /* Files, or directories whose *.yaml, *.yml and *.json files are read in name order. A file
     * holds ServiceAccount and Namespace objects, alone, in a List, ServiceAccountList or
     * NamespaceList, or in several YAML documents; objects of other kinds are mistakes. A file
     * or directory that others may write is refused. */
    const char *const *paths;
    size_t path_count;
    size_t max_accounts;   /* 0: 1000000; of Namespaces as many */
    size_t max_file_bytes; /* 0: 268435456 */
};

/* Every mistake goes to the report with file, line, column and path. An object that is being
 * deleted is left out, with a warning. An account without its Namespace has no namespace
 * annotations and labels. The annotation kubectl.kubernetes.io/last-applied-configuration is
 * not kept, as it repeats the others. */
SAI_API bool sai_accounts_load(const struct sai_accounts_options *options,
                               struct sai_accounts **out,
                               struct sai_report *r);
SAI_API void sai_accounts_free(struct sai_accounts *a); /* takes NULL */

SAI_API size_t sai_accounts_count(const struct sai_accounts *a);
SAI_API size_t sai_accounts_namespace_count(const struct sai_accounts *a);
/* Constant time, no allocation. false: there is none. */
SAI_API bool sai_accounts_find(const struct sai_accounts *a,
                               const char *namespace_name,
                               const char *name,
                               struct sai_account *out);
/* For watching and for telling whether files changed, as with key sets. */
SAI_API size_t sai_accounts_source_count(const struct sai_accounts *a);
SAI_API const char *sai_accounts_source(const struct sai_accounts *a, size_t i);
SAI_API void sai_accounts_fingerprint(const struct sai_accounts *a, unsigned char out[32]);

#ifdef __cplusplus
}
#endif
