/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The two published documents (OpenID Connect Discovery 1.0 section 3, RFC 7517), byte for
 * byte as kube-apiserver writes them: compact, member order as Go's structs, no final newline.
 */

#include <sa_issuer/keyset.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "" if url may be an issuer, otherwise what is wrong with it: https (http only for loopback
 * hosts), lower-case host, no userinfo, query, fragment, trailing slash, empty or dot segments,
 * printable ASCII, at most 255 characters. */
SAI_API const char *sai_issuer_url_problem(const char *url);

struct sai_discovery_options {
    const char *issuer;   /* checked with sai_issuer_url_problem() */
    const char *jwks_uri; /* NULL: <issuer>/openid/v1/jwks */
    /* Names for claims_supported in the order given; NULL: those of a Kubernetes token, sorted.
     * None (claims set, claim_count 0) leaves the member out. */
    const char *const *claims;
    size_t claim_count;
    /* Further members as compact JSON without braces ("a":1,"b":[true]), already checked; may
     * be NULL. */
    const char *extra_json;
};

/* Both return text of *len bytes in *out (malloc'ed, NUL after it). */
SAI_API bool sai_discovery_render(const struct sai_discovery_options *options,
                                  const struct sai_keyset *ks,
                                  char **out,
                                  size_t *len,
                                  struct sai_err *e);
SAI_API bool
sai_jwks_render(const struct sai_keyset *ks, char **out, size_t *len, struct sai_err *e);

#ifdef __cplusplus
}
#endif
