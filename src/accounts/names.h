/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The syntax of names as Kubernetes checks it (apimachinery/pkg/util/validation). What
 * Kubernetes accepts is accepted: much of a manifest is written by users of namespaces, and
 * none of them may bring a reload to a halt. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>

enum { DNS_LABEL_MAX = 63, DNS_SUBDOMAIN_MAX = 253 };

/* RFC 1123 label: a Namespace. Errors: SAI_E_INVALID, SAI_E_LIMIT. */
bool name_check_label(const char *s, struct sai_err *e) MUST_USE;
/* RFC 1123 subdomain, labels with dots between them: a ServiceAccount. */
bool name_check_subdomain(const char *s, struct sai_err *e) MUST_USE;
/* [prefix/]name, the key of a label. */
bool name_check_label_key(const char *s, struct sai_err *e) MUST_USE;
/* The same with capitals allowed in the prefix: the key of an annotation. */
bool name_check_annotation_key(const char *s, struct sai_err *e) MUST_USE;
/* The value of a label, which may be empty. */
bool name_check_label_value(const char *s, struct sai_err *e) MUST_USE;
