/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listener.h"

#include "conf/conf.h"

const struct conf_listener *listener_conf(const struct conf *c, enum listener_id id)
{
    const struct conf_listener *const rows[LISTENER_COUNT] = {
        [LISTENER_DISCOVERY] = &c->listeners.discovery,
        [LISTENER_TOKENS] = &c->listeners.tokens,
        [LISTENER_ADMIN] = &c->listeners.admin,
    };

    return rows[id];
}

bool listener_is_wanted(const struct conf *c, enum listener_id id)
{
    const struct conf_listener *l = listener_conf(c, id);

    return l->addresses.count > 0 || l->unix_path != NULL || l->systemd != NULL;
}

struct certificate *listener_certificate(const struct snapshot *s, enum listener_id id)
{
    struct certificate *const rows[LISTENER_COUNT] = {
        [LISTENER_DISCOVERY] = s->discovery_certificate,
        [LISTENER_TOKENS] = s->tokens_certificate,
        [LISTENER_ADMIN] = s->admin_certificate,
    };

    return rows[id];
}
