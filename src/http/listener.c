/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listener.h"

#include "conf/conf.h"

const struct conf_listener *listener_conf(const struct conf *c, enum listener_id id)
{
    return id == LISTENER_DISCOVERY ? &c->listeners.discovery : &c->listeners.admin;
}

const struct certificate *listener_certificate(const struct snapshot *s, enum listener_id id)
{
    return id == LISTENER_DISCOVERY ? s->discovery_certificate : s->admin_certificate;
}
