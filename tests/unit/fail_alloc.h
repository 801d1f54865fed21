/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Makes the n-th allocation fail, ours and OpenSSL's counted together. For one program each,
 * named test_*alloc.c: the build wraps malloc and its kin there. */

#include <dirent.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct alloc_plan {
    bool armed;
    size_t countdown; /* fails when it reaches 0 */
    bool failed;
    bool failed_ours; /* and it was not OpenSSL's */
};
static struct alloc_plan alloc_plan;

static bool alloc_fails(bool ours)
{
    if (!alloc_plan.armed || alloc_plan.failed || --alloc_plan.countdown > 0)
        return false;
    alloc_plan.failed = true;
    alloc_plan.failed_ours = ours;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return alloc_fails(true) ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return alloc_fails(true) ? NULL : __real_calloc(n, size);
}

void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return alloc_fails(true) ? NULL : __real_reallocarray(p, n, size);
}

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s)
{
    return alloc_fails(true) ? NULL : __real_strdup(s);
}

typedef int filter_fn(const struct dirent *d);
typedef int order_fn(const struct dirent **a, const struct dirent **b);
int __real_scandir(const char *dir, struct dirent ***out, filter_fn *filter, order_fn *order);
int __wrap_scandir(const char *dir, struct dirent ***out, filter_fn *filter, order_fn *order);
int __wrap_scandir(const char *dir, struct dirent ***out, filter_fn *filter, order_fn *order)
{
    return alloc_fails(true) ? -1 : __real_scandir(dir, out, filter, order);
}

static void *alloc_ossl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return alloc_fails(false) ? NULL : __real_malloc(size);
}

static void *alloc_ossl_realloc(void *p, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return alloc_fails(false) ? NULL : realloc(p, size);
}

static void alloc_ossl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

/* Before OpenSSL allocates anything. */
static inline bool alloc_hook_openssl(void)
{
    return CRYPTO_set_mem_functions(alloc_ossl_malloc, alloc_ossl_realloc, alloc_ossl_free) ==
           1;
}

static inline void alloc_arm(size_t n)
{
    alloc_plan = (struct alloc_plan){ .armed = true, .countdown = n };
}

/* Whether an allocation failed since alloc_arm(). */
static inline bool alloc_disarm(void)
{
    alloc_plan.armed = false;
    return alloc_plan.failed;
}
