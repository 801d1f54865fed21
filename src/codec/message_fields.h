/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What both forms of messages have in common. Used within codec/ only. */

#include "codec/message.h"

static inline void *message_place(const struct field_row *row, void *out)
{
    return (char *)out + row->offset;
}

/* A copy with a NUL behind it. */
bool message_keep_text(struct message_texts *texts,
                       struct field_bytes from,
                       const char **out,
                       struct sai_err *e) MUST_USE;
void message_add_text(struct field_texts *list, const char *text);

/* Always false. */
bool message_wrong_type(const struct field_row *row, struct sai_err *e);
