/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lease.h"
#include "unit.h"

#include <string.h>

enum { HOUR = 3600, NOW = 1700000000 };

struct row {
    const char *what;
    int64_t issued; /* these three beside NOW */
    int64_t expires;
    uint32_t random;
    int64_t renew;
    int64_t until;
};

/* Figures by hand: 80 % of the life, all but 900 s of it, a day; less random % (a tenth + 1).
 */
static const struct row rows[] = {
    { "an hour: 15 minutes are kept", 0, HOUR, 0, 2700, HOUR },
    { "two hours: 80 %", 0, 2 * HOUR, 0, 5760, 2 * HOUR },
    { "75 minutes: both rules agree", 0, 4500, 0, 3600, 4500 },
    { "a day", 0, 24 * HOUR, 0, 69120, 24 * HOUR },
    { "a year: after a day", 0, 365 * 24 * HOUR, 0, 24 * HOUR, 365 * 24 * HOUR },
    { "the least", 0, 960, 0, 60, 960 },
    { "the most jitter of an hour", 0, HOUR, 270, 2430, HOUR },
    { "and round again", 0, HOUR, 271, 2700, HOUR },
    { "the most jitter of a year", 0, 365 * 24 * HOUR, 8640, 77760, 365 * 24 * HOUR },
    { "dated back by half a minute", -30, HOUR, 0, 2700, HOUR },
    { "our clock is 10 minutes behind", 600, HOUR + 600, 0, 2700, HOUR },
    { "our clock is 10 minutes ahead", -600, HOUR - 600, 0, 2100, HOUR - 600 },
};

static void renewals(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *r = &rows[i];
        struct lease l = { 0 };
        struct sai_err e = { 0 };

        print_message("%s\n", r->what);
        assert_true(lease_begin(&l, NOW + r->issued, NOW + r->expires, NOW, r->random, &e));
        assert_int_equal(l.from_s, NOW);
        assert_int_equal(l.renew_s, NOW + r->renew);
        assert_int_equal(l.until_s, NOW + r->until);
    }
}

static void never_late_whatever_the_jitter(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 20000; random += 7) {
        struct lease l = { 0 };
        struct sai_err e = { 0 };
        int64_t life = LEASE_LEAST_S + random * 5;

        assert_true(lease_begin(&l, NOW, NOW + life, NOW, random, &e));
        assert_true(l.renew_s > NOW);
        assert_true(l.renew_s <= NOW + life - LEASE_KEEP_S);
        assert_true(l.renew_s <= NOW + life * 8 / 10);
        assert_true(l.renew_s <= NOW + LEASE_MOST_S);
    }
}

static void refuse(int64_t issued, int64_t expires, const char *text)
{
    struct lease l = { 1, 2, 3 };
    struct sai_err e = { 0 };

    assert_false(lease_begin(&l, NOW + issued, NOW + expires, NOW, 0, &e));
    assert_int_equal(e.code, SAI_E_INVALID);
    assert_non_null(strstr(e.text, text));
    assert_int_equal(l.from_s, 1);
    assert_int_equal(l.renew_s, 2);
    assert_int_equal(l.until_s, 3);
}

static void refusals(void **state)
{
    (void)state;
    refuse(0, 959, "lives for 959 seconds: want at least 960");
    refuse(0, 600, "lives for 600 seconds");
    refuse(HOUR, HOUR + 600, "lives for 600 seconds"); /* a clock that is behind */
    refuse(HOUR, HOUR - 1, "lives for -1 seconds");
    refuse(-HOUR, 0, "expired 0 seconds ago by this machine's clock");
    refuse(-HOUR, -35, "expired 35 seconds ago");
}

static void due_and_good(void **state)
{
    struct lease none = { 0 };
    struct lease l = { 0 };
    struct sai_err e = { 0 };

    (void)state;
    assert_true(lease_is_due(&none, NOW));
    assert_false(lease_is_good(&none, NOW));
    assert_true(lease_begin(&l, NOW, NOW + HOUR, NOW, 0, &e));
    assert_false(lease_is_due(&l, NOW));
    assert_false(lease_is_due(&l, NOW + 2699));
    assert_true(lease_is_due(&l, NOW + 2700));
    assert_true(lease_is_due(&l, NOW + 2 * HOUR));
    assert_true(lease_is_due(&l, NOW - 1)); /* set back: who knows how far */
    assert_true(lease_is_good(&l, NOW + HOUR - 1));
    assert_false(lease_is_good(&l, NOW + HOUR));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(renewals),
        cmocka_unit_test(never_late_whatever_the_jitter),
        cmocka_unit_test(refusals),
        cmocka_unit_test(due_and_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
