/* SPDX-License-Identifier: Apache-2.0 */

/* Issuer URLs (OpenID Connect Discovery 1.0 section 3, RFC 3986).
 *
 * Verifiers compare issuers byte for byte, but many pass them through a URL library first,
 * which lower-cases hosts, removes default ports and dot segments, and decodes what need not
 * be encoded. So only the form that such a library leaves alone is accepted. */

#include "base/attr.h"
#include "base/num.h"
#include "conf/schema.h"
#include "conf/url.h"

#include <arpa/inet.h>
#include <sa_issuer/discovery.h>
#include <string.h>

enum { LABEL_MAX = 63 };

struct url {
    bool http;        /* not https */
    const char *host; /* with the brackets of an IPv6 address */
    size_t host_len;
    const char *port; /* after the colon; NULL: none */
    size_t port_len;
    const char *path; /* "" or from the first slash; with query and fragment */
};

static bool split(const char *text, struct url *u)
{
    size_t authority;
    const char *colon;

    u->http = strncmp(text, "http://", 7) == 0;
    if (!u->http && strncmp(text, "https://", 8) != 0)
        return false;
    u->host = text + (u->http ? 7 : 8);
    authority = strcspn(u->host, "/?#");
    u->path = u->host + authority;
    u->host_len = authority;
    /* Behind the address if that is in brackets, as it has colons of its own. */
    colon = memchr(u->host, u->host[0] == '[' ? ']' : ':', authority);
    if (colon != NULL && *colon == ']')
        colon = colon + 1 < u->path && colon[1] == ':' ? colon + 1 : NULL;
    u->port = NULL;
    u->port_len = 0;
    if (colon != NULL) {
        u->port = colon + 1;
        u->port_len = (size_t)(u->path - u->port);
        u->host_len = (size_t)(colon - u->host);
    }
    return true;
}

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static const char *label_problem(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX)
        return "each part of the host must have 1 to 63 characters";
    if (label[0] == '-' || label[len - 1] == '-')
        return "no part of the host may start or end with a hyphen";
    for (size_t i = 0; i < len; i++) {
        if (label[i] >= 'A' && label[i] <= 'Z')
            return "the host must be in lower case";
        if (!is_lower_alnum(label[i]) && label[i] != '-')
            return "the host may have letters, digits, hyphens and dots only";
    }
    return "";
}

/* URL libraries take a host whose last label is a number, 0x7f too, for an IPv4 address. */
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *label = dot == NULL ? host : dot + 1;

    if (label[0] == '0' && label[1] == 'x')
        return label[strspn(label + 2, "0123456789abcdef") + 2] == '\0';
    return label[strspn(label, "0123456789")] == '\0';
}

static const char *name_problem(const char *host)
{
    struct in_addr v4;
    const char *problem = "";

    for (const char *label = host; problem[0] == '\0' && label != NULL;) {
        const char *dot = strchr(label, '.');

        problem = label_problem(label, dot == NULL ? strlen(label) : (size_t)(dot - label));
        label = dot == NULL ? NULL : dot + 1;
    }
    if (problem[0] == '\0' && ends_in_number(host) && inet_pton(AF_INET, host, &v4) != 1)
        return "the host ends in a number but is no IPv4 address";
    return problem;
}

static const char *v6_problem(char *host, size_t len)
{
    char shortest[INET6_ADDRSTRLEN];
    struct in6_addr v6;

    if (len < 2 || host[len - 1] != ']')
        return "the IPv6 address is not closed by a bracket";
    host[len - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &v6) != 1)
        return "not an IPv6 address in brackets";
    if (inet_ntop(AF_INET6, &v6, shortest, sizeof(shortest)) == NULL ||
        strcmp(shortest, host + 1) != 0)
        return "the IPv6 address must be in its shortest form, in lower case (RFC 5952)";
    return "";
}

/* Of a valid host; an IPv6 address has lost its closing bracket by now. */
static bool is_loopback(const char *host)
{
    size_t len = strlen(host);
    struct in_addr v4;

    if (strcmp(host, "[::1") == 0 || strcmp(host, "localhost") == 0)
        return true;
    if (len > 10 && strcmp(host + len - 10, ".localhost") == 0) /* RFC 6761 section 6.3 */
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static const char *host_problem(const struct url *u)
{
    char host[CONF_MAX_URL_BYTES + 1] = "";
    const char *problem;

    if (memchr(u->host, '@', (size_t)(u->path - u->host)) != NULL)
        return "a user name is not allowed";
    if (u->host_len == 0)
        return "the host is missing";
    memcpy(host, u->host, u->host_len);
    problem = host[0] == '[' ? v6_problem(host, u->host_len) : name_problem(host);
    if (problem[0] == '\0' && u->http && !is_loopback(host))
        return "http is for loopback hosts only, use https";
    return problem;
}

static const char *port_problem(const struct url *u)
{
    struct sai_err e = { 0 };
    uint64_t port;

    if (u->port == NULL)
        return "";
    if (!num_u64(u->port, u->port_len, &port, &e) || port == 0 || port > 65535)
        return "the port must be a number from 1 to 65535";
    if (port == (u->http ? 80 : 443))
        return "the default port must be left out, as verifiers do";
    return "";
}

/* RFC 3986 section 3.3: pchar without percent-encoding. */
static bool is_path_char(char c)
{
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') ||
           strchr("-._~!$&'()*+,;=:@", c) != NULL;
}

static const char *segment_problem(const char *s, size_t len)
{
    if (len == 0)
        return "an empty path segment (//) is not allowed";
    if ((len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
        return "the path segments . and .. are not allowed";
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%')
            return "percent-encoding is not allowed, as verifiers and proxies rewrite it";
        if (!is_path_char(s[i]))
            return "the path has a character that a URL cannot have";
    }
    return "";
}

static const char *path_problem(const char *path)
{
    const char *problem = "";

    if (strchr(path, '#') != NULL)
        return "a fragment is not allowed";
    if (strchr(path, '?') != NULL)
        return "a query is not allowed";
    if (path[0] != '\0' && path[strlen(path) - 1] == '/')
        return "a trailing slash is not allowed, as verifiers compare byte for byte";
    while (problem[0] == '\0' && path[0] == '/') {
        size_t len = strcspn(path + 1, "/");

        problem = segment_problem(path + 1, len);
        path += 1 + len;
    }
    return problem;
}

static const char *text_problem(const char *text)
{
    if (strlen(text) > CONF_MAX_URL_BYTES)
        return "must have at most 255 characters";
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c > 0x7f)
            return "must be ASCII; an international host name has an xn-- form";
        if (*c <= ' ' || *c == 0x7f)
            return "blanks and control characters are not allowed";
    }
    return "";
}

/* Of the whole text, and of the parts but the path. */
static const char *base_problem(const char *text, struct url *u)
{
    const char *problem = text_problem(text);

    if (problem[0] == '\0' && !split(text, u))
        problem = "must start with https:// (or http:// for a loopback host)";
    if (problem[0] == '\0')
        problem = host_problem(u);
    return problem[0] == '\0' ? port_problem(u) : problem;
}

const char *sai_issuer_url_problem(const char *url)
{
    struct url u = { 0 };
    const char *problem = base_problem(url, &u);

    return problem[0] == '\0' ? path_problem(u.path) : problem;
}

/* RFC 3986 appendix A, what may follow the authority. */
static const char *reference_problem(const char *path)
{
    static const char hex[] = "0123456789abcdefABCDEF";

    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '#')
            return "a fragment is not allowed";
        if (*c == '%' && strspn(c + 1, hex) < 2)
            return "a percent sign must be followed by two hexadecimal digits";
        if (!is_path_char(*c) && strchr("/?%", *c) == NULL)
            return "there is a character that a URL cannot have";
    }
    return "";
}

const char *jwks_uri_problem(const char *url)
{
    struct url u = { 0 };
    const char *problem = base_problem(url, &u);

    return problem[0] == '\0' ? reference_problem(u.path) : problem;
}
