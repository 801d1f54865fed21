/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The names in manifests: base/kube_name.h with messages. What Kubernetes accepts is accepted:
 * much of a manifest is written by users of namespaces, and none of them may bring a reload to
 * a halt. Errors: SAI_E_INVALID. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>

/* A Namespace. */
bool name_check_label(const char *s, struct sai_err *e) MUST_USE;
/* A ServiceAccount. */
bool name_check_subdomain(const char *s, struct sai_err *e) MUST_USE;
/* [prefix/]name; capitals in the prefix are legal for annotations only. */
bool name_check_label_key(const char *s, struct sai_err *e) MUST_USE;
bool name_check_annotation_key(const char *s, struct sai_err *e) MUST_USE;
/* The value of a label, which may be empty. */
bool name_check_label_value(const char *s, struct sai_err *e) MUST_USE;
