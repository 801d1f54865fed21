/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/call_list.h"

void call_list_add(struct call_list *l, struct call *c)
{
    c->next = l->all;
    if (l->all != NULL)
        l->all->prev = c;
    l->all = c;
    l->count++;
}

void call_list_remove(struct call_list *l, struct call *c)
{
    call_list_dequeue(l, c);
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        l->all = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    l->count--;
    l->held_bytes -= c->request.len;
    call_free(c);
}

void call_list_enqueue(struct call_list *l, struct call *c)
{
    c->queued = true;
    if (l->last_ready == NULL)
        l->ready = c;
    else
        l->last_ready->next_ready = c;
    l->last_ready = c;
}

void call_list_dequeue(struct call_list *l, struct call *c)
{
    struct call **at = &l->ready;
    struct call *before = NULL;

    if (!c->queued)
        return;
    while (*at != c) {
        before = *at;
        at = &before->next_ready;
    }
    *at = c->next_ready;
    if (l->last_ready == c)
        l->last_ready = before;
    c->next_ready = NULL;
    c->queued = false;
}
