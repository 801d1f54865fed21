/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"
#include "unit.h"

#include <string.h>

struct row {
    const char *in;
    const char *out;
};

static const struct row rows[] = {
    { "", "" },
    { " p ~", " p ~" },
    { "1234567", "1234567" }, /* fits exactly, with its NUL */
    { "12345678", "1234..." },
    { "a\nb\x7f\xff", "a?b??" },
};

static void shows_what_can_be_shown(void **state)
{
    char out[8];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_string_equal(printable(rows[i].in, strlen(rows[i].in), out, sizeof(out)),
                            rows[i].out);
}

static void shows_nul_bytes(void **state)
{
    char out[8];

    (void)state;
    assert_string_equal(printable("a\0b", 3, out, sizeof(out)), "a?b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_can_be_shown),
        cmocka_unit_test(shows_nul_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
