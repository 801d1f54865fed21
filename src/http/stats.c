/* SPDX-License-Identifier: Apache-2.0 */
#include "http/stats.h"

static const char *const refusal_names[CONN_REFUSAL_COUNT] = {
    [CONN_ADMITTED] = "none",        [CONN_OVER_TOTAL] = "total",
    [CONN_OVER_ADDRESS] = "address", [CONN_OVER_DESCRIPTORS] = "descriptors",
    [CONN_NO_MEMORY] = "memory",
};

static const char *const phase_names[PHASE_COUNT] = {
    [PHASE_FREE] = "free", [PHASE_PENDING] = "pending", [PHASE_HEADER] = "header",
    [PHASE_BODY] = "body", [PHASE_WRITE] = "write",     [PHASE_IDLE] = "idle",
    [PHASE_JOB] = "job",   [PHASE_CUT] = "cut",
};

static const struct {
    unsigned status;
    const char *name;
} status_rows[STATUS_SLOTS] = {
    { 200, "200" }, { 304, "304" }, { 201, "201" }, { 404, "404" }, { 204, "204" },
    { 400, "400" }, { 401, "401" }, { 403, "403" }, { 405, "405" }, { 409, "409" },
    { 413, "413" }, { 415, "415" }, { 417, "417" }, { 422, "422" }, { 429, "429" },
    { 431, "431" }, { 500, "500" }, { 503, "503" }, { 505, "505" }, { 0, "other" },
};

const char *conn_refusal_name(enum conn_refusal r)
{
    return refusal_names[r];
}

const char *conn_phase_name(enum conn_phase p)
{
    return phase_names[p];
}

size_t status_slot(unsigned status)
{
    size_t i = 0;

    while (i < STATUS_SLOTS - 1 && status_rows[i].status != status)
        i++;
    return i;
}

const char *status_slot_name(size_t slot)
{
    return status_rows[slot].name;
}
