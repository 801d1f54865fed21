/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Attributes and cleanup on scope exit. */

#include <stdlib.h>

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* AUTO_FREE char *name = NULL;  AUTO(keyset) struct keyset *ks = NULL; */
#define AUTO_FREE __attribute__((cleanup(auto_free_)))
#define AUTO(tag) __attribute__((cleanup(auto_##tag##_)))

/* Declares AUTO(tag) for struct tag *, released by release(p), which takes NULL. */
#define DEFINE_AUTO(tag, release)                                                              \
    static inline void auto_##tag##_(struct tag **p)                                           \
    {                                                                                          \
        release(*p);                                                                           \
    }

/* The same for a struct in the caller's storage (an _init/_done type). */
#define DEFINE_AUTO_DONE(tag, done)                                                            \
    static inline void auto_##tag##_(struct tag *p)                                            \
    {                                                                                          \
        done(p);                                                                               \
    }

/* Moves a pointer out of a variable whose cleanup must not run any more. */
#define TAKE(p)                                                                                \
    __extension__({                                                                            \
        __typeof__(p) taken_ = (p);                                                            \
        (p) = NULL;                                                                            \
        taken_;                                                                                \
    })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void auto_free_(void *p)
{
    free(*(void **)p);
}
