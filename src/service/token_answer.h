/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A token that was minted, as its body of an answer: JSON and a newline. */

#include "base/buf.h"
#include "service/tokenrequest.h"

#include <sa_issuer/token.h>

/* A TokenRequest (authentication.k8s.io/v1) as kube-apiserver answers it; bound is echoed. */
void token_answer_put(struct buf *b,
                      const struct sai_token_request *request,
                      const struct tokenrequest_reference *bound,
                      const struct sai_token *t);

/* RFC 8693 section 2.2.1; type is issued_token_type. */
void token_answer_put_exchange(struct buf *b, const char *type, const struct sai_token *t);
