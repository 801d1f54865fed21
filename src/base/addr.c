/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool parse_port(const char *text, in_port_t *out, struct sai_err *e)
{
    struct sai_err ignored = { 0 };
    uint64_t port;

    if (!num_u64(text, strlen(text), &port, &ignored) || port > 65535)
        return err_set(e, SAI_E_INVALID, "the port must be a number up to 65535");
    *out = htons((in_port_t)port);
    return true;
}

static bool parse_host(
    const char *host, bool v6, in_port_t port, struct sockaddr_storage *out, socklen_t *len)
{
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = port };
    struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = port };

    memset(out, 0, sizeof(*out));
    if (v6) {
        memcpy(out, &in6, sizeof(in6));
        *len = sizeof(in6);
        return inet_pton(AF_INET6, host, &((struct sockaddr_in6 *)out)->sin6_addr) == 1;
    }
    memcpy(out, &in4, sizeof(in4));
    *len = sizeof(in4);
    return inet_pton(AF_INET, host, &((struct sockaddr_in *)out)->sin_addr) == 1;
}

bool addr_parse(const char *text,
                struct sockaddr_storage *out,
                socklen_t *len,
                struct sai_err *e)
{
    const char *colon = strrchr(text, ':');
    bool v6 = text[0] == '[';
    char host[INET6_ADDRSTRLEN] = "";
    size_t host_len = colon == NULL ? 0 : (size_t)(colon - text);
    struct sockaddr_storage addr;
    socklen_t addr_len = 0;
    in_port_t port = 0;

    if (v6 && host_len >= 2 && text[host_len - 1] == ']')
        host_len -= 2;
    else if (v6)
        host_len = 0;
    if (host_len > 0 && host_len < sizeof(host))
        memcpy(host, text + (v6 ? 1 : 0), host_len);
    if (colon != NULL && host[0] != '\0' && !parse_port(colon + 1, &port, e))
        return false;
    if (colon == NULL || host[0] == '\0' || !parse_host(host, v6, port, &addr, &addr_len))
        return err_set(e, SAI_E_INVALID,
                       "not an address such as 192.0.2.1:8443 or [2001:db8::1]:8443");
    *out = addr;
    *len = addr_len;
    return true;
}

bool addr_is_loopback(const struct sockaddr_storage *addr)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    if (addr->ss_family == AF_INET) {
        memcpy(&in4, addr, sizeof(in4));
        return ntohl(in4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (addr->ss_family != AF_INET6)
        return false;
    memcpy(&in6, addr, sizeof(in6));
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) &&
            in6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}

void addr_put(struct buf *b, const struct sockaddr *addr)
{
    char host[INET6_ADDRSTRLEN] = "";

    if (addr->sa_family == AF_INET) {
        struct sockaddr_in in4;

        memcpy(&in4, addr, sizeof(in4));
        (void)inet_ntop(AF_INET, &in4.sin_addr, host, sizeof(host));
        buf_printf(b, "%s:%u", host, (unsigned)ntohs(in4.sin_port));
    } else if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, addr, sizeof(in6));
        (void)inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host));
        buf_printf(b, "[%s]:%u", host, (unsigned)ntohs(in6.sin6_port));
    } else {
        buf_str(b, "unix");
    }
}
