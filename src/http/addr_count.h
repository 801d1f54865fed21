/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Counts connections by listener and client network. Not locked: its owner does that. */

#include "base/attr.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Stands for the peers of a Unix socket that run as this user. */
struct sockaddr addr_of_user(uid_t uid);

struct addr_count {
    struct addr_count *next;
    const void *listener;
    unsigned char net[16];
    uint64_t count;
};

enum { ADDR_BUCKETS = 4096 };

struct addr_counts {
    struct addr_count *buckets[ADDR_BUCKETS];
    uint64_t seed; /* random, so that nobody can aim at one bucket */
};

/* The entry of addr's network at that listener, made with count 0 if need be; NULL when out of
 * memory. The caller raises count. */
struct addr_count *
addr_counts_get(struct addr_counts *t, const void *listener, const struct sockaddr *addr);
/* Lowers count, and drops the entry with the last. */
void addr_counts_put(struct addr_counts *t, struct addr_count *a);
void addr_counts_done(struct addr_counts *t);
