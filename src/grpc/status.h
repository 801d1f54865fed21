/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* gRPC's status codes (google/rpc/code.proto), as far as a server gives them. */

#include "base/buf.h"

enum grpc_code {
    GRPC_OK = 0,
    GRPC_CANCELLED = 1,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_CODES = 17,
};

/* As in kube-apiserver's metrics: "OK", "InvalidArgument"; NULL for one that is never given. */
const char *grpc_code_name(enum grpc_code code);

/* Appends a grpc-message: what is not printable ASCII, and '%', as %XX (PROTOCOL-HTTP2.md,
 * "Percent-Byte-Unencoded"). */
void grpc_put_message(struct buf *b, const char *text);
