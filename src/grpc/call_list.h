/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The open calls of one connection, and in the order of their coming those of them that wait to
 * be answered. */

#include "grpc/call.h"

struct call_list {
    struct call *all;
    size_t count;
    struct call *ready;
    struct call *last_ready;
    size_t held_bytes; /* of all requests; the owner counts what it adds to one */
};

void call_list_add(struct call_list *l, struct call *c);
/* Frees the call. */
void call_list_remove(struct call_list *l, struct call *c);
void call_list_enqueue(struct call_list *l, struct call *c);
void call_list_dequeue(struct call_list *l, struct call *c); /* if it is queued */
