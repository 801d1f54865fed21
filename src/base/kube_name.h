/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The names of Kubernetes objects, as k8s.io/apimachinery/pkg/util/validation has them. */

#include <stdbool.h>

/* A DNS-1123 label, e.g. a namespace: 1 to 63 of a-z 0-9 and -, no - at either end. */
bool kube_is_label(const char *s);
/* A DNS-1123 subdomain, e.g. a ServiceAccount: labels between dots, of any length each but 1
 * to 253 characters together. */
bool kube_is_subdomain(const char *s);
/* The key of a label or annotation: 1 to 63 of A-Z a-z 0-9 - _ and ., alphanumeric at both
 * ends, with an optional subdomain and / before it. Upper case is legal in the subdomain of an
 * annotation's key: Kubernetes lowers it before it looks. */
bool kube_is_qualified_name(const char *s);
