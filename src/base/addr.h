/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Socket addresses as text: "192.0.2.1:8443" or "[2001:db8::1]:8443". */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/socket.h>

/* Literal addresses only, nothing is resolved; port 0 lets the kernel choose. */
bool addr_parse(const char *text,
                struct sockaddr_storage *out,
                socklen_t *len,
                struct sai_err *e) MUST_USE;

/* 127.0.0.0/8, also as an IPv6 address, and ::1. */
bool addr_is_loopback(const struct sockaddr_storage *addr);

/* Appends the text form; "unix" for a Unix socket. */
void addr_put(struct buf *b, const struct sockaddr *addr);
