/* SPDX-License-Identifier: Apache-2.0 */

/* Claims of the type json, beside jansson: both take the same texts and see the same value, and
 * what is written is written the same again. */

#include "rules/value.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static json_t *load(const char *text, size_t len)
{
    return json_loadb(text, len,
                      JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
}

static void check_written(const json_t *value, const struct buf *written)
{
    json_t *again = load(written->data, written->len);
    AUTO(buf) struct buf twice;
    struct sai_err e = { 0 };

    check(again != NULL && json_equal(value, again));
    json_decref(again);
    buf_init(&twice, SIZE_MAX / 2);
    check(value_put(SAI_TYPE_JSON, written->data, written->len, &twice, &e));
    check(twice.len == written->len && memcmp(twice.data, written->data, twice.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char not_json[] = "is not JSON (line ";
    AUTO(buf) struct buf written;
    struct sai_err e = { 0 };
    json_t *value;

    buf_init(&written, SIZE_MAX / 2);
    /* Texts of accounts hold none; jansson passes over those behind numbers. */
    if (size > 0 && memchr(data, '\0', size) != NULL)
        return 0;
    value = load((const char *)data, size);
    if (value_put(SAI_TYPE_JSON, (const char *)data, size, &written, &e)) {
        check(e.code == SAI_OK && value != NULL);
        check_written(value, &written);
    } else {
        check(e.code == SAI_E_INVALID && written.len == 0);
        check(strncmp(e.text, not_json, strlen(not_json)) != 0 || value == NULL);
    }
    json_decref(value);
    return 0;
}
