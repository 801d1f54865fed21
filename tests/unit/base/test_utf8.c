/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "unit.h"

#include <string.h>

/* RFC 3629: the first and the last of each length, and what lies just outside. */
static const struct {
    const char *text;
    size_t len;
    uint32_t rune;
} sequences[] = {
    { "a", 1, 'a' },
    { "\x7f", 1, 0x7f },
    { "\xc2\x80", 2, 0x80 },
    { "\xdf\xbf", 2, 0x7ff },
    { "\xe0\xa0\x80", 3, 0x800 },
    { "\xed\x9f\xbf", 3, 0xd7ff },
    { "\xee\x80\x80", 3, 0xe000 },
    { "\xef\xbf\xbf", 3, 0xffff },
    { "\xf0\x90\x80\x80", 4, 0x10000 },
    { "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
    { "\x80", 0, 0 },             /* not a first byte */
    { "\xc1\xbf", 0, 0 },         /* overlong */
    { "\xe0\x9f\xbf", 0, 0 },     /* overlong */
    { "\xf0\x8f\xbf\xbf", 0, 0 }, /* overlong */
    { "\xed\xa0\x80", 0, 0 },     /* a surrogate */
    { "\xf4\x90\x80\x80", 0, 0 }, /* beyond U+10FFFF */
    { "\xe2\x82", 0, 0 },         /* ends early */
    { "\xc2x", 0, 0 },
    { "\xff", 0, 0 },
};

static void decodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
        uint32_t rune = 0;

        assert_int_equal(utf8_decode(sequences[i].text, strlen(sequences[i].text), &rune),
                         sequences[i].len);
        if (sequences[i].len > 0)
            assert_int_equal(rune, sequences[i].rune);
    }
}

static void counts_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_count("", 0), 0);
    assert_int_equal(utf8_count("a\0b", 3), 3);
    assert_int_equal(utf8_count("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.", 10), 4);
    assert_int_equal(utf8_count("ab\xc3", 3), SIZE_MAX);
}

static void tells_lines(void **state)
{
    static const char *const good[] = { "", "a b", "~\xc2\xa0\xe2\x80\xa7\xe2\x80\xaa" };
    static const char *const bad[] = { "a\n",          "\t",       "\x7f",
                                       "\xc2\x80",     "\xc2\x9f", "x\xe2\x80\xa8",
                                       "\xe2\x80\xa9", "\xff" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(utf8_is_line(good[i], strlen(good[i])));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(utf8_is_line(bad[i], strlen(bad[i])));
    assert_false(utf8_is_line("a\0b", 3));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(counts_characters),
        cmocka_unit_test(tells_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
