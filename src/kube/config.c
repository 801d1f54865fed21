/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/config.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

static void source_done(struct kube_source *s)
{
    if (s->data != NULL)
        explicit_bzero(s->data, strlen(s->data));
    free(s->data);
    free(s->path);
}

void kube_config_free(struct kube_config *c)
{
    if (c == NULL)
        return;
    free(c->host);
    free(c->port);
    free(c->prefix);
    free(c->server_name);
    source_done(&c->ca);
    source_done(&c->certificate);
    source_done(&c->key);
    source_done(&c->token);
    free(c);
}

static bool is_host_char(char c, bool in_brackets)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
        return true;
    if (in_brackets)
        return c == ':' || c == '.';
    return (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') || c == '-' || c == '.';
}

static size_t host_length(const char *s)
{
    bool in_brackets = s[0] == '[';
    size_t n = in_brackets ? 1 : 0;

    while (is_host_char(s[n], in_brackets))
        n++;
    if (!in_brackets)
        return n;
    return s[n] == ']' && n > 1 ? n + 1 : 0;
}

/* Nothing that a URL library would read otherwise than as a part of the path. */
static bool is_prefix(const char *s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._~:/";

    return s[strspn(s, allowed)] == '\0' && strstr(s, "//") == NULL && strstr(s, "/.") == NULL;
}

bool kube_config_set_server(struct kube_config *c, const char *url, struct sai_err *e)
{
    const char *host = url + strlen("https://");
    const char *port = "443";
    size_t port_len = 3;
    size_t host_len;
    size_t path_len;
    const char *path;
    uint64_t number;

    if (strncmp(url, "https://", strlen("https://")) != 0)
        return err_set(e, SAI_E_INVALID, "must begin with https://");
    host_len = host_length(host);
    path = host + host_len;
    if (*path == ':') {
        port = path + 1;
        port_len = strcspn(port, "/");
        path = port + port_len;
    }
    if (!num_u64(port, port_len, &number, e) || number == 0 || number > 65535) {
        e->code = SAI_OK;
        return err_set(e, SAI_E_INVALID, "the port must be 1 to 65535");
    }
    if (host_len == 0 || (*path != '/' && *path != '\0') || !is_prefix(path))
        return err_set(e, SAI_E_INVALID,
                       "must be https://host[:port][/path], without user, query or fragment");
    path_len = strlen(path);
    if (path_len > 0 && path[path_len - 1] == '/')
        path_len--;
    c->host = strndup(host, host_len);
    c->port = strndup(port, port_len);
    c->prefix = strndup(path, path_len);
    return (c->host != NULL && c->port != NULL && c->prefix != NULL) || err_nomem(e);
}

static bool
file_in(const char *dir, const char *name, struct kube_source *out, struct sai_err *e)
{
    if (asprintf(&out->path, "%s/%s", dir, name) >= 0)
        return true;
    out->path = NULL;
    return err_nomem(e);
}

bool kube_config_in_pod(const char *host,
                        const char *port,
                        const char *dir,
                        struct kube_config **out,
                        struct sai_err *e)
{
    AUTO(kube_config) struct kube_config *c = calloc(1, sizeof(*c));
    AUTO_FREE char *url = NULL;
    bool is_v6;

    if (c == NULL)
        return err_nomem(e);
    if (host == NULL || port == NULL || host[0] == '\0' || port[0] == '\0')
        return err_set(e, SAI_E_NOTFOUND,
                       "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are "
                       "not both set; name a kubeconfig instead");
    is_v6 = strchr(host, ':') != NULL;
    if (asprintf(&url, is_v6 ? "https://[%s]:%s" : "https://%s:%s", host, port) < 0) {
        url = NULL;
        return err_nomem(e);
    }
    if (!kube_config_set_server(c, url, e)) {
        err_at_path(e, "KUBERNETES_SERVICE_HOST");
        return false;
    }
    if (!file_in(dir, "ca.crt", &c->ca, e) || !file_in(dir, "token", &c->token, e))
        return false;
    *out = TAKE(c);
    return true;
}
