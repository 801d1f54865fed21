/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/account_key.h"

#include <string.h>

bool account_key_make(struct account_key *k, const char *namespace_name, const char *name)
{
    size_t ns_len = strnlen(namespace_name, DNS_LABEL_MAX + 1);
    size_t name_len = strnlen(name, DNS_SUBDOMAIN_MAX + 1);

    if (ns_len > DNS_LABEL_MAX || name_len > DNS_SUBDOMAIN_MAX)
        return false;
    k->namespace_name = namespace_name;
    k->name = name;
    memcpy(k->bytes, namespace_name, ns_len);
    k->bytes[ns_len] = '/';
    memcpy(k->bytes + ns_len + 1, name, name_len);
    k->len = ns_len + 1 + name_len;
    return true;
}
