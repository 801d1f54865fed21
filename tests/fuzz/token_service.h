/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Drives an issuance over bytes that nobody vouches for, in a world that grants everything, and
 * checks what must hold whatever they are. A seed of the corpus that is not text is written
 * "hex:...". */

#include "codec/json.h"
#include "service/issuance.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void check(bool ok)
{
    if (!ok)
        abort();
}

static inline int hex_digit(char c)
{
    const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits);
}

/* An own copy, so that AddressSanitizer sees reads beyond it. */
static inline char *fuzz_body(const uint8_t *data, size_t size, size_t *len)
{
    char *body = malloc(size + 1);
    const char *hex = (const char *)data + 4;

    check(body != NULL);
    *len = 0;
    if (size < 4 || memcmp(data, "hex:", 4) != 0) {
        if (size > 0)
            memcpy(body, data, size);
        *len = size;
        return body;
    }
    for (size_t i = 0; i + 5 < size && hex_digit(hex[i]) >= 0 && hex_digit(hex[i + 1]) >= 0;
         i += 2)
        body[(*len)++] = (char)(hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
    return body;
}

static inline void fuzz_tell(struct issuance *i, const struct issuance_lookup *l)
{
    const struct access_fact access = { .allowed = true };
    const struct review_fact review = {
        true, "system:serviceaccount:ci:builder", "u", { "p", "u" }, { NULL, NULL }
    };
    const struct account_fact account = { .namespace_found = true,
                                          .found = true,
                                          .account = { "ci", "builder", "u" } };
    const struct object_fact object = { true, 0, "u", "builder", "n" };

    switch (l->kind) {
    case LOOKUP_ACCESS:
        issuance_tell_access(i, &access);
        break;
    case LOOKUP_REVIEW:
        issuance_tell_review(i, &review);
        break;
    case LOOKUP_ACCOUNT:
        issuance_tell_account(i, &account);
        break;
    case LOOKUP_POD:
    case LOOKUP_SECRET:
    case LOOKUP_NODE:
        issuance_tell_object(i, &object);
        break;
    case LOOKUP_NONE:
        abort();
    }
}

/* Only for the one audience there is, and within Kubernetes' bounds. */
static inline void fuzz_check_request(const struct sai_token_request *r)
{
    check(r->audiences.count == 1 && strcmp(r->audiences.items[0], "aws") == 0);
    check(strcmp(r->account->name, "builder") == 0);
    check(r->duration_s == 0 || (r->duration_s >= 600 && r->duration_s <= UINT64_C(1) << 32));
    check(r->secret.name == NULL || (r->pod.name == NULL && r->node.name == NULL));
}

static inline int
fuzz_issue(enum token_path_kind kind, const char *type, const uint8_t *data, size_t size)
{
    static const char *const names[] = { "aws" };
    static const struct issuance_policy policy = { { names, 1 }, { NULL, 0 } };
    static const struct json_limits limits = { 1 << 20, 8, false };
    const struct token_path path = { kind, "ci", "builder", true, true };
    const struct sai_token token = { .text = "T", .len = 1, .lifetime_s = 600, .exp = 1000 };
    size_t len;
    AUTO_FREE char *body = fuzz_body(data, size, &len);
    const struct issuance_input in = { &policy, &path, NULL, type, body, len, 400 };
    AUTO(json_t) json_t *json = NULL;
    AUTO(issuance) struct issuance i;
    AUTO(buf) struct buf out = { .max_bytes = 1 << 20 };
    struct issuance_answer a;
    struct sai_err e = { 0 };
    const struct sai_token_request *r;

    issuance_init(&i, &in);
    for (const struct issuance_lookup *l = issuance_next(&i); l->kind != LOOKUP_NONE;
         l = issuance_next(&i))
        fuzz_tell(&i, l);
    r = issuance_request(&i);
    if (r != NULL)
        fuzz_check_request(r);
    check(issuance_put_answer(&i, r == NULL ? NULL : &token, &a, &out, &e));
    check((r != NULL) == (a.status < 300) && a.status != 500);
    check(out.data[out.len - 1] == '\n' && strlen(out.data) == out.len);
    check(json_read_object(out.data, out.len, &limits, &json, &e));
    return 0;
}
