/* SPDX-License-Identifier: Apache-2.0 */

/* Loads configurations while the n-th allocation fails, for every n: no crash, no leak, and an
 * error that says so. The allocator is replaced by one that counts, which a sanitizer's own
 * does not permit. */

#include "conf_text.h"

#include <errno.h>
#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                     \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED

enum { NEVER = -1 };

/* Which allocations fail. */
struct plan {
    long after;        /* so many succeed, the next fails; NEVER: none does */
    bool from_there;   /* those after it too */
    bool second_block; /* the second of the arena */
};

static struct plan plan = { .after = NEVER };
static long blocks;
static long failures;
static long live;

static bool fails(void)
{
    if (plan.after == NEVER)
        return false;
    if (plan.after > 0) {
        plan.after--;
        return false;
    }
    if (!plan.from_there)
        plan.after = NEVER;
    failures++;
    errno = ENOMEM;
    return true;
}

/* glibc's own names of its allocator. */
void *__libc_malloc(size_t size);               /* NOLINT */
void *__libc_calloc(size_t count, size_t size); /* NOLINT */
void *__libc_realloc(void *p, size_t size);     /* NOLINT */
void __libc_free(void *p);                      /* NOLINT */

void *malloc(size_t size)
{
    void *p = fails() ? NULL : __libc_malloc(size);

    live += p != NULL ? 1 : 0;
    return p;
}

/* The arena's blocks are the only memory of that size that is asked for zeroed. */
static bool fails_block(size_t bytes)
{
    if (!plan.second_block || bytes < 16384 || ++blocks < 2)
        return false;
    failures++;
    return true;
}

void *calloc(size_t count, size_t size)
{
    bool fail = fails() || fails_block(count * size);
    void *p = fail ? NULL : __libc_calloc(count, size);

    live += p != NULL ? 1 : 0;
    return p;
}

void *realloc(void *old, size_t size)
{
    void *p = fails() ? NULL : __libc_realloc(old, size);

    live += p != NULL && old == NULL ? 1 : 0;
    return p;
}

void free(void *p)
{
    live -= p != NULL ? 1 : 0;
    __libc_free(p);
}

static const char good[] = CONF_HEAD
    "listeners:\n"
    "  discovery: { address: [\"127.0.0.1:8080\", \"[::1]:8080\"], unix: a.sock }\n"
    "  tokens: { unix: t.sock }\n"
    "issuers:\n"
    "  - url: https://oidc.example.com\n"
    "    role: federation\n"
    "    keys: { files: [keys, more/keys], signing: [a/b.pem], passphraseFile: pass }\n"
    "    discovery: { extra: { a: [1, {b: c}], text: \"x\\ty\" } }\n"
    "    audiences: [{ name: a }]\n"
    "accounts: { manifests: [accounts.yaml] }\n"
    "callers: { unixPeers: [{ uids: [0, 1], audiences: [a] }] }\n"
    "limits: { maxKeys: 7 }\n";

static const char bad[] = CONF_HEAD
    "listeners: { discovery: { address: [1, 2], adress: 1, tls: [] }, admin: *a }\n"
    "issuers: [{ url: http://x/, url: 2, role: nobody, keys: { files: x, what: 1 } }]\n"
    "workers: 65\n"
    "log: { level: warning }\n";

/* What follows the first member of the first issuer. */
static const char rest[] = "\n"
                           "  url: https://oidc.example.com, role: federation,\n"
                           "  keys: { files: [keys, more/keys], signing: [a/b.pem] } }]\n"
                           "listeners: { discovery: { unix: a.sock } }\n" CONF_HEAD;

/* True if no allocation failed. */
static bool run(const char *text, bool valid, struct plan next)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct conf *c = NULL;
    bool nomem = false;
    long before;
    bool ok;

    assert_non_null(r);
    before = live;
    failures = 0;
    blocks = 0;
    plan = next;
    ok = conf_parse("dir/c.yaml", text, strlen(text), &c, r);
    plan = (struct plan){ .after = NEVER };
    assert_int_equal(ok, sai_report_total(r, SAI_ERROR) == 0);
    assert_int_equal(ok, c != NULL);
    for (size_t i = 0; i < sai_report_count(r); i++)
        nomem = nomem || sai_report_get(r, i, NULL)->code == SAI_E_NOMEM;
    /* A failure may be absorbed: glibc's asprintf() tries again with what it has. */
    assert_true(failures > 0 || !nomem);
    assert_int_equal(ok, valid && !nomem);
    conf_free(c);
    assert_int_equal(live, before);
    return failures == 0;
}

static void run_all(const char *text, bool valid)
{
    for (int from_there = 0; from_there <= 1; from_there++) {
        struct plan next = { .from_there = from_there == 1 };

        while (!run(text, valid, next))
            next.after++;
        print_message("%ld allocations failed\n", next.after);
        assert_true(next.after > 20);
    }
}

static void valid_text(void **state)
{
    (void)state;
    run_all(good, true);
}

static void text_with_mistakes(void **state)
{
    (void)state;
    run_all(bad, false);
}

/* Most of what a configuration takes comes from an arena, which asks for a block at a time: a
 * text in front, a little longer each time, makes each of its parts in turn the one that needs
 * the second block. */
static void every_part_of_the_arena(void **state)
{
    enum { BLOCK = 16384, STEP = 16 };
    const struct plan next = { .after = NEVER, .second_block = true };
    char pad[BLOCK] = "";
    long failed = 0;

    (void)state;
    for (size_t len = 0; len + STEP < BLOCK; len += STEP) {
        AUTO_FREE char *text = NULL;

        memset(pad + len, 'x', STEP);
        assert_true(asprintf(&text, "issuers: [{ discovery: { extra: { pad: \"%s\" } },%s", pad,
                             rest) > 0);
        failed += run(text, true, next) ? 0 : 1;
    }
    print_message("%ld blocks failed\n", failed);
    assert_true(failed > BLOCK / STEP / 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_text),
        cmocka_unit_test(text_with_mistakes),
        cmocka_unit_test(every_part_of_the_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    print_message("runs in builds without a sanitizer\n");
    return 0;
}

#endif
