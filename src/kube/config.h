/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where the Kubernetes API is and how to prove oneself to it: from a kubeconfig file or from
 * what a pod is given. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { KUBE_MAX_CONFIG_BYTES = 1 << 20, KUBE_MAX_FILE_BYTES = 1 << 18 };

/* Something that the configuration holds itself, or the file in which it is found; both NULL:
 * there is none. */
struct kube_source {
    char *data; /* NUL after it */
    char *path;
};

struct kube_config {
    char *host; /* as in a URL: an IPv6 address has its brackets */
    char *port;
    char *prefix;      /* of all paths: "" or "/k8s/clusters/c1" */
    char *server_name; /* to be found in the certificate instead of the host; NULL: the host */
    struct kube_source ca;          /* PEM; always there */
    struct kube_source certificate; /* PEM; with key or neither */
    struct kube_source key;
    struct kube_source token;
};

/* The subset of a kubeconfig that a daemon needs; what it does not know how to obey (exec,
 * auth-provider, passwords, impersonation, proxies, no verification) is refused. context: NULL
 * or "" is current-context. Mistakes have their place in the file. */
bool kube_config_load(const char *file,
                      const char *context,
                      struct kube_config **out,
                      struct sai_report *r) MUST_USE;
/* The same for a text that was read already; paths are relative to the directory of file. */
bool kube_config_parse(const char *file,
                       const char *text,
                       size_t len,
                       const char *context,
                       struct kube_config **out,
                       struct sai_report *r) MUST_USE;

/* host and port are the values of KUBERNETES_SERVICE_HOST and _PORT (NULL: unset); dir is where
 * token and ca.crt are, usually KUBE_POD_DIR. */
#define KUBE_POD_DIR "/var/run/secrets/kubernetes.io/serviceaccount"
bool kube_config_in_pod(const char *host,
                        const char *port,
                        const char *dir,
                        struct kube_config **out,
                        struct sai_err *e) MUST_USE;

void kube_config_free(struct kube_config *c); /* takes NULL */
DEFINE_AUTO(kube_config, kube_config_free)

/* Sets host, port and prefix from https://host[:port][/prefix]. */
bool kube_config_set_server(struct kube_config *c, const char *url, struct sai_err *e) MUST_USE;
