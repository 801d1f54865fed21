/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The two paths of the token service below an issuer's. */

#include <stdbool.h>
#include <stddef.h>

enum token_path_kind { TOKEN_PATH_NONE, TOKEN_PATH_REQUEST, TOKEN_PATH_EXCHANGE };

enum { TOKEN_PATH_NAMESPACE_BYTES = 64, TOKEN_PATH_NAME_BYTES = 254 };

struct token_path {
    enum token_path_kind kind;
    /* Of TOKEN_PATH_REQUEST. A name that is none is there cut and printable, for a message. */
    char namespace_name[TOKEN_PATH_NAMESPACE_BYTES];
    char name[TOKEN_PATH_NAME_BYTES];
    bool namespace_ok;
    bool name_ok;
};

/* The path is raw: nothing decoded, the query cut off. base is that of the issuer's URL, ""
 * for none. Nothing that is encoded matches: names of Kubernetes need no encoding. */
enum token_path_kind
token_path_match(const char *base, const char *path, struct token_path *out);
