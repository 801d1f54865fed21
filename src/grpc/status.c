/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/status.h"

static const char *const names[GRPC_CODES] = {
    [GRPC_OK] = "OK",
    [GRPC_CANCELLED] = "Canceled",
    [GRPC_INVALID_ARGUMENT] = "InvalidArgument",
    [GRPC_DEADLINE_EXCEEDED] = "DeadlineExceeded",
    [GRPC_PERMISSION_DENIED] = "PermissionDenied",
    [GRPC_RESOURCE_EXHAUSTED] = "ResourceExhausted",
    [GRPC_UNIMPLEMENTED] = "Unimplemented",
    [GRPC_INTERNAL] = "Internal",
    [GRPC_UNAVAILABLE] = "Unavailable",
};

const char *grpc_code_name(enum grpc_code code)
{
    return names[code];
}

void grpc_put_message(struct buf *b, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= ' ' && c <= '~' && c != '%') {
            buf_char(b, *text);
            continue;
        }
        buf_char(b, '%');
        buf_char(b, hex[c >> 4]);
        buf_char(b, hex[c & 15]);
    }
}
