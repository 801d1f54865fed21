/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/names.h"

#include "base/kube_name.h"

#include <string.h>

bool name_check_label(const char *s, struct sai_err *e)
{
    return kube_is_label(s) ||
           err_set(e, SAI_E_INVALID,
                   "must be a DNS label: 1 to 63 characters of a-z 0-9 -, a letter or digit at "
                   "both ends");
}

bool name_check_subdomain(const char *s, struct sai_err *e)
{
    return kube_is_subdomain(s) ||
           err_set(e, SAI_E_INVALID,
                   "must be a DNS name: 1 to 253 characters of a-z 0-9 - ., a letter or digit "
                   "at both ends and beside each dot");
}

bool name_check_annotation_key(const char *s, struct sai_err *e)
{
    return kube_is_qualified_name(s) ||
           err_set(e, SAI_E_INVALID,
                   "a key must be [prefix/]name: a DNS name, and 1 to 63 characters of "
                   "A-Z a-z 0-9 - _ . with a letter or digit at both ends");
}

bool name_check_label_key(const char *s, struct sai_err *e)
{
    size_t prefix_len = strchr(s, '/') == NULL ? 0 : strcspn(s, "/");

    if (strcspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") < prefix_len)
        return err_set(e, SAI_E_INVALID,
                       "no capitals are allowed before the / of a label's key");
    return name_check_annotation_key(s, e);
}

bool name_check_label_value(const char *s, struct sai_err *e)
{
    return *s == '\0' || (strchr(s, '/') == NULL && kube_is_qualified_name(s)) ||
           err_set(e, SAI_E_INVALID,
                   "a label's value must be empty, or 1 to 63 characters of A-Z a-z 0-9 - _ . "
                   "with a letter or digit at both ends");
}
