/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include "conf/conf.h"

#include <string.h>

/* Before 1.0 libmicrohttpd takes a bare LF for the end of a line, joins folded lines and cuts
 * values at a NUL without a word. But it parses in place: every name and value is a pointer
 * into one buffer that holds the head as it came. So in a well-formed head each part begins
 * exactly two bytes (CR LF) after the end of the one before it, and anything else shows as
 * another distance. Only pointers are compared; no byte beyond a string is read. */
struct walk {
    struct admission admission;
    bool measure;
    bool intact;
    const char *next; /* where the next field has to begin */
};

bool head_library_is_strict(void)
{
    return strncmp(MHD_get_version(), "0.", 2) != 0;
}

static enum MHD_Result on_field(void *cls,
                                enum MHD_ValueKind kind,
                                const char *name,
                                size_t name_len,
                                const char *value,
                                size_t value_len)
{
    struct walk *w = cls;

    (void)kind;
    if (value == NULL) {
        value = "";
        value_len = 0;
        w->intact = false; /* a field without a colon cannot come this far */
    }
    w->intact = w->intact && name == w->next;
    w->next = value + value_len + 2;
    admission_field(&w->admission, (struct http_text){ name, name_len },
                    (struct http_text){ value, value_len });
    return MHD_YES;
}

static size_t head_size(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info == NULL ? SIZE_MAX : info->header_size;
}

enum head_fault head_admit(struct MHD_Connection *connection,
                           struct conn *c,
                           const char *version,
                           const struct conf_limits *limits)
{
    struct walk w = { .measure = !head_library_is_strict() };
    size_t size = head_size(connection);
    const char *target = c->method + strlen(c->method) + 1;
    enum head_fault r;

    w.intact = target + c->target_len + 1 == version;
    w.next = version + strlen(version) + 2;
    admission_begin(&w.admission, c->method, c->target_ok, version, &c->req);
    w.admission.takes_chunks = c->asker != NULL;
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_field, &w);
    r = admission_end(&w.admission, limits->max_body_bytes);
    if (r == FAULT_NONE && size > limits->max_header_bytes)
        return FAULT_HEAD_SIZE;
    if (r == FAULT_NONE && w.measure && (!w.intact || c->method + size != w.next + 2))
        return FAULT_FRAMING;
    return r;
}
