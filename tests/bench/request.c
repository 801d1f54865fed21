/* SPDX-License-Identifier: Apache-2.0 */

/* What a TokenRequest costs besides its signature and the network: nanoseconds of processor
 * time for each part, the least of several rounds, as other work on the machine only adds to
 * it.
 *
 * usage: request [CALLS]    so many of a part in each round; 20000 without */

#include "base/err.h"
#include "service/issuance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 20 };

static unsigned long calls = 20000;

#define JSON     "application/json"
#define PROTOBUF "application/vnd.kubernetes.protobuf"

/* As client-go writes it, which sends all fields. */
static const char json_body[] =
    "{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\","
    "\"metadata\":{\"creationTimestamp\":null},\"spec\":{\"audiences\":[\"sts.amazonaws.com\"],"
    "\"expirationSeconds\":1200,\"boundObjectRef\":null},"
    "\"status\":{\"token\":\"\",\"expirationTimestamp\":null}}";
/* What kubectl 1.32 sends for --audience sts.amazonaws.com --duration 20m. */
static const char protobuf_body[] =
    "k8s\0\x0a\x28\x0a\x18"
    "authentication.k8s.io/v1"
    "\x12\x0c"
    "TokenRequest"
    "\x12\x32\x0a\x10\x0a\0\x12\0\x1a\0\"\0*\0002\08\0B\0\x12\x16\x0a\x11"
    "sts.amazonaws.com"
    "\x20\xb0\x09\x1a\x04\x0a\0\x12\0\x1a\0\"";

struct form {
    const char *type;
    const char *body;
    size_t len;
};

static const struct form json_form = { JSON, json_body, sizeof(json_body) - 1 };
static const struct form protobuf_form = { PROTOBUF, protobuf_body, sizeof(protobuf_body) };

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void decode(const struct form *f)
{
    AUTO(tokenrequest) struct tokenrequest t = { 0 };
    AUTO(refusal) struct refusal r;

    refusal_init(&r);
    check(tokenrequest_decode(f->type, f->body, f->len, &t, &r));
    check(t.spec.audiences.count == 1 && t.spec.expiration_s.value == 1200);
}

static void tell(struct issuance *i, const struct issuance_lookup *l)
{
    static const struct access_fact access = { .allowed = true };
    static const struct account_fact account = {
        .namespace_found = true,
        .found = true,
        .account = { "ci", "builder", "6f3a1c1e-0d2b-4c6e-9a53-1f0e8d7c6b5a" },
    };

    check(l->kind == LOOKUP_ACCESS || l->kind == LOOKUP_ACCOUNT);
    if (l->kind == LOOKUP_ACCESS)
        issuance_tell_access(i, &access);
    else
        issuance_tell_account(i, &account);
}

/* All of the service but minting: from the body to the answer's. */
static void issue(const struct form *f)
{
    static const char *const names[] = { "sts.amazonaws.com" };
    static const struct issuance_policy policy = { { names, 1 }, { NULL, 0 } };
    static const struct token_path path = { TOKEN_PATH_REQUEST, "ci", "builder", true, true };
    static char text[1000];
    const struct sai_token token = {
        .text = text, .len = sizeof(text), .lifetime_s = 1200, .exp = 1795460000
    };
    const struct issuance_input in = { &policy, &path,  NULL,      f->type,
                                       f->body, f->len, 1795458800 };
    AUTO(issuance) struct issuance i;
    AUTO(buf) struct buf body;
    struct issuance_answer a;
    struct sai_err e = { 0 };

    memset(text, 'a', sizeof(text));
    buf_init(&body, 1 << 20);
    issuance_init(&i, &in);
    for (const struct issuance_lookup *l = issuance_next(&i); l->kind != LOOKUP_NONE;
         l = issuance_next(&i))
        tell(&i, l);
    check(issuance_request(&i) != NULL);
    check(issuance_put_answer(&i, &token, &a, &body, &e) && a.status == 201);
}

static double cpu_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void measure(const char *name, void (*call)(const struct form *f), const struct form *f)
{
    double least = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        double begin = cpu_ns();
        double taken;

        for (unsigned long i = 0; i < calls; i++)
            call(f);
        taken = (cpu_ns() - begin) / (double)calls;
        least = taken < least ? taken : least;
    }
    (void)printf("%-28s %6.0f ns\n", name, least);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        calls = strtoul(argv[1], NULL, 10);
    measure("decode JSON", decode, &json_form);
    measure("decode Protocol Buffers", decode, &protobuf_form);
    measure("issue, JSON", issue, &json_form);
    measure("issue, Protocol Buffers", issue, &protobuf_form);
    return 0;
}
