/* SPDX-License-Identifier: Apache-2.0 */
#include "http/addr_count.h"

#include <netinet/in.h>
#include <string.h>

/* An IPv4 address, mapped or not, counts by itself; IPv6 by its /64; a user of this machine by
 * the id, in an address that no network has. */
static void net_of(const struct sockaddr *addr, unsigned char net[16])
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const unsigned char user[4] = { 'u', 'i', 'd', ':' };
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    memset(net, 0, 16);
    if (addr->sa_family == AF_INET) {
        memcpy(&in4, addr, sizeof(in4));
        memcpy(net, mapped, sizeof(mapped));
        memcpy(net + sizeof(mapped), &in4.sin_addr, 4);
    } else if (addr->sa_family == AF_INET6) {
        memcpy(&in6, addr, sizeof(in6));
        memcpy(net, &in6.sin6_addr,
               memcmp(&in6.sin6_addr, mapped, sizeof(mapped)) == 0 ? 16 : 8);
    } else if (addr->sa_family == AF_UNIX) {
        memcpy(net, user, sizeof(user));
        memcpy(net + sizeof(user), addr->sa_data, sizeof(uid_t));
    }
}

struct sockaddr addr_of_user(uid_t uid)
{
    struct sockaddr addr = { .sa_family = AF_UNIX };

    memcpy(addr.sa_data, &uid, sizeof(uid));
    return addr;
}

static size_t bucket_of(const struct addr_counts *t, const unsigned char net[16])
{
    uint64_t h = t->seed;

    for (size_t i = 0; i < 16; i += 8) {
        uint64_t part;

        memcpy(&part, net + i, sizeof(part));
        h = (h ^ part) * 0x9e3779b97f4a7c15U;
        h ^= h >> 32;
    }
    return h % ADDR_BUCKETS;
}

struct addr_count *
addr_counts_get(struct addr_counts *t, const void *listener, const struct sockaddr *addr)
{
    unsigned char net[16];
    struct addr_count **head;
    struct addr_count *a;

    net_of(addr, net);
    head = &t->buckets[bucket_of(t, net)];
    for (a = *head; a != NULL; a = a->next) {
        if (a->listener == listener && memcmp(a->net, net, sizeof(net)) == 0)
            return a;
    }
    a = calloc(1, sizeof(*a));
    if (a == NULL)
        return NULL;
    a->listener = listener;
    memcpy(a->net, net, sizeof(net));
    a->next = *head;
    *head = a;
    return a;
}

void addr_counts_put(struct addr_counts *t, struct addr_count *a)
{
    struct addr_count **at = &t->buckets[bucket_of(t, a->net)];

    if (a->count > 0)
        a->count--;
    if (a->count > 0)
        return;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    free(a);
}

void addr_counts_done(struct addr_counts *t)
{
    for (size_t i = 0; i < ADDR_BUCKETS; i++) {
        while (t->buckets[i] != NULL) {
            struct addr_count *a = t->buckets[i];

            t->buckets[i] = a->next;
            free(a);
        }
    }
}
