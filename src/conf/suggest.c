/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema.h"

#include <string.h>
#include <strings.h>

enum { WORD_MAX = 32 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must be added, removed or replaced (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    unsigned row[WORD_MAX + 1];

    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned above = row[j];

            row[j] =
                least(diagonal + (a[i - 1] != b[j - 1] ? 1 : 0), least(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[b_len];
}

static size_t how_far(const char *written, const char *word)
{
    size_t len = strlen(word);

    if (strcasecmp(written, word) == 0)
        return 0;
    if (len >= 3 && strncasecmp(written, word, len) == 0)
        return 1; /* "warning" for "warn" */
    return distance(written, word);
}

const char *suggest_word(const char *written, word_fn *next, const void *list)
{
    const char *best = NULL;
    size_t best_distance = 3;

    for (size_t i = 0; next(list, i) != NULL; i++) {
        const char *word = next(list, i);
        size_t d = how_far(written, word);

        /* Of a short word, little may differ: "max" is no "mode". */
        if (d < best_distance && d * 2 < strlen(word)) {
            best = word;
            best_distance = d;
        }
    }
    return best;
}
