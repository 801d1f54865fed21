/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Errors and reports.
 *
 * One dialect throughout: a function that can fail returns bool, takes a
 * struct sai_err as its last argument (never NULL) and returns false if and
 * only if it has set e->code. The first error wins: a struct that already
 * carries one is left as it is. Outputs are written on success only.
 *
 * A loader, which should name every mistake of a document in one run, takes a
 * struct sai_report instead and returns false if and only if it added an error.
 *
 * No text ever carries a secret. */

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAI_API __attribute__((visibility("default")))

enum sai_err_code {
    SAI_OK = 0,
    SAI_E_NOMEM,    /* an allocation failed */
    SAI_E_IO,       /* a file or socket call failed */
    SAI_E_NOTFOUND, /* what was named does not exist */
    SAI_E_SYNTAX,   /* input that cannot be parsed */
    SAI_E_INVALID,  /* parsed, but not an acceptable value */
    SAI_E_LIMIT,    /* larger, longer or more than allowed */
    SAI_E_DENIED,   /* refused by permissions or policy */
    SAI_E_CRYPTO,   /* the crypto library failed */
};

struct sai_err {
    enum sai_err_code code;
    unsigned line;   /* in file, from 1; 0 where there is no position */
    unsigned column; /* in characters, from 1 */
    char file[256];  /* the user's document; of a longer name the tail */
    char path[128];  /* the place in it, e.g. issuers[0].keys.files[2] */
    char text[256];  /* one line, no newline, no secret */
};

/* The conventional form "file:line:column: path: text", parts that are not set
 * left out. Writes at most size bytes with the NUL and returns buf. */
SAI_API const char *sai_err_format(const struct sai_err *e, char *buf, size_t size);

enum sai_severity { SAI_ERROR, SAI_WARNING };

/* What a loader found, in the order found. Keeps the first 100 problems and
 * counts the rest. Not for use by several threads at once. */
struct sai_report;

SAI_API struct sai_report *sai_report_new(void); /* NULL when out of memory */
SAI_API void sai_report_free(struct sai_report *r);
/* Number of problems kept. */
SAI_API size_t sai_report_count(const struct sai_report *r);
/* Number of problems found, kept or not, of that severity. */
SAI_API size_t sai_report_total(const struct sai_report *r, enum sai_severity severity);
/* Borrowed from the report; i < sai_report_count(). severity may be NULL. */
SAI_API const struct sai_err *
sai_report_get(const struct sai_report *r, size_t i, enum sai_severity *severity);

#ifdef __cplusplus
}
#endif
