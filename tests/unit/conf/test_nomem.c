/* SPDX-License-Identifier: Apache-2.0 */

/* Loads configurations while the n-th allocation fails, for every n: no crash, no leak, and an
 * error that says so. The allocator is replaced by one that counts, which a sanitizer's own
 * does not permit. */

#include "conf_text.h"

#include <errno.h>

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

static long fail_after = NEVER; /* so many succeed, the next fails */
static bool fail_on;            /* and so do those after it */
static long failures;
static long live;

static bool fails(void)
{
    if (fail_after == NEVER)
        return false;
    if (fail_after > 0) {
        fail_after--;
        return false;
    }
    if (!fail_on)
        fail_after = NEVER;
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

void *calloc(size_t count, size_t size)
{
    void *p = fails() ? NULL : __libc_calloc(count, size);

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
    "issuers:\n"
    "  - url: https://oidc.example.com\n"
    "    role: federation\n"
    "    keys: { files: [keys, more/keys], signing: [a/b.pem], passphraseFile: pass }\n"
    "    discovery: { extra: { a: [1, {b: c}], text: \"x\\ty\" } }\n"
    "limits: { maxKeys: 7 }\n";

static const char bad[] = CONF_HEAD
    "listeners: { discovery: { address: [1, 2], adress: 1, tls: [] }, admin: *a }\n"
    "issuers: [{ url: http://x/, url: 2, role: nobody, keys: { files: x, what: 1 } }]\n"
    "workers: 65\n"
    "log: { level: warning }\n";

/* One run in which an allocation fails; true if none did any more. */
static bool run_once(const char *text, bool valid, long after, bool on)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct conf *c = NULL;
    bool nomem = false;
    long before;
    bool ok;

    assert_non_null(r);
    before = live;
    failures = 0;
    fail_on = on;
    fail_after = after;
    ok = conf_parse("dir/c.yaml", text, strlen(text), &c, r);
    fail_after = NEVER;
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
    for (int on = 0; on <= 1; on++) {
        long n = 0;

        while (!run_once(text, valid, n, on == 1))
            n++;
        print_message("%ld allocations failed\n", n);
        assert_true(n > 20);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_text),
        cmocka_unit_test(text_with_mistakes),
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
